/** A very long run of text is read, drawn and committed in pieces. */
import type { Token } from "marked";

/** A run that is longer, or has more marks, is in pieces: marked's time grows faster than with its length. */
const PIECE = 4000;
const MARKS = 250;

/** Stands before a text whose beginning was read before: a line that begins with it is nothing but text. */
export const GOES_ON = "\ufdd0";

export interface Piece {
  type: "piece";
  raw: string;
  tokens: Token[];
}

/** Where a piece ends depends on what is before and in it alone, and not on how much of the text has come. */
export function pieces(text: string): string[] {
  const found: string[] = [];
  let rest = text;
  for (let most = longest(rest); rest.length > most; most = longest(rest)) {
    const end = pieceEnd(rest.slice(0, most));
    found.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...found, rest];
}

/** How long the first piece of a text can be. */
export function longest(text: string): number {
  if (text.length < MARKS) return PIECE;
  const mark = /[*_~`<[$\\&]/g;
  for (let count = 0; mark.exec(text) && mark.lastIndex < PIECE; ) {
    count += 1;
    if (count === MARKS) return mark.lastIndex;
  }
  return PIECE;
}

/** After a sentence, or else a word; rather not inside of markup. */
function pieceEnd(text: string): number {
  for (const end of [/[.!?:;]\s+|\n/g, /\s+/g]) {
    const ends = Array.from(text.matchAll(end), ({ index, 0: { length } }) => index + length);
    const late = ends.filter((at) => at > text.length / 2);
    const found = late.findLast((at) => !isInMarkup(text.slice(0, at))) ?? late.at(-1);
    if (found !== undefined) return found;
  }
  return /[\ud800-\udbff]$/.test(text) ? text.length - 1 : text.length;
}

function isInMarkup(text: string): boolean {
  return (
    ["`", "**", "$", "~~"].some((mark) => text.split(mark).length % 2 === 0) ||
    text.lastIndexOf("[") > text.lastIndexOf("]")
  );
}
