/** What no further text can change. */
import type { Token } from "marked";
import type { MathToken } from "./math";

/** An incomplete line longer than this can't become the marker of a list item any more. */
const MARKER = 20;

/**
 * How many of the tokens no further text can change. The last block is open, and what stands before it without a blank
 * line may turn out to be one with it ("a\n-" to a table), unless its first line is whole and begins something else. A list
 * goes on across blank lines, as long as the line after them may become an item ("1. a\n\n2").
 */
export function settled(tokens: Token[], text: string): number {
  const last = tokens.findLastIndex((token) => token.type !== "space");
  if (last < 1) return 0;
  const start = rawOf(tokens.slice(0, last)).length;
  const decided = text.includes("\n", start) || text.length - start > MARKER;
  let open = last;
  for (; open > 0; open--) {
    const token = tokens[open - 1];
    if (open === last && hasBegun(tokens[open], text.slice(start))) break;
    if (token?.type === "space") {
      const before = tokens[open - 2];
      if (decided || !before || !goesOn(before)) break;
    } else if (token && isClosedBlock(token)) {
      break;
    }
  }
  return open;
}

function isClosedBlock(token: Token): boolean {
  if (token.type === "math") return (token as unknown as MathToken).tex !== null;
  return token.type === "heading" || token.type === "hr" || (token.type === "code" && !isIndented(token));
}

/** Its beginning is not part of what stands before, whatever comes: its second line is whole, and makes no table of it. */
function hasBegun(token: Token | undefined, text: string): boolean {
  const begins =
    token?.type === "list" || token?.type === "blockquote" || token?.type === "table" || token?.type === "code";
  return begins && !isIndented(token) && lineBreaks(text) > 1;
}

/** Across blank lines. */
function goesOn(token: Token): boolean {
  return token.type === "list" || token.type === "footnote" || isIndented(token);
}

export function isIndented(token: Token): boolean {
  return token.type === "code" && token.codeBlockStyle === "indented";
}

export function rawOf(tokens: Token[]): string {
  return tokens.reduce((raw, token) => raw + token.raw, "");
}

export function lineBreaks(text: string): number {
  return text.split("\n").length - 1;
}
