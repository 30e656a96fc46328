/** Texts that may have to be read again: with a reference that no settled definition resolves. */
import type { Token } from "marked";

/** Not a map from tokens to texts: the part that streams has this module once more. */
type Sourced = Token[] & { source?: string };

export function keepSource(tokens: Sourced, source: string): void {
  tokens.source = source;
}

export function sourceOf(tokens: Sourced): string | null {
  return tokens.source ?? null;
}
