/** Code between fences. */
import type { Tokens } from "marked";

/** The last line is one that closes it. */
export function isClosed(raw: string): boolean {
  const mark = /^ {0,3}(`{3,}|~{3,})/.exec(raw)?.[1];
  const text = raw.trimEnd();
  const line = text.slice(text.lastIndexOf("\n") + 1);
  const closing = /^ {0,3}(`+|~+)$/.exec(line)?.[1];
  return mark !== undefined && closing !== undefined && line.length < text.length && closing.startsWith(mark);
}

/** ```python title="x" is Python. */
export function languageOfFence(token: Tokens.Code): string {
  return /^\S*/.exec(token.lang ?? "")?.[0] ?? "";
}
