/** Reads Markdown with marked: first blocks, then the text in them, of which a very long run is read in pieces. */
import { Lexer, type Token, type TokensList } from "marked";
import { FOOTNOTES } from "./footnotes";
import { labelsIn } from "./labels";
import { MATH } from "./math";

export type Links = Lexer["tokens"]["links"];

/** A run of text that is longer, or has more marks, is read in pieces: marked's time grows faster than with its length. */
const PIECE = 4000;
const MARKS = 250;
/** Blocks in blocks in blocks: what is deeper is shown as it was written. */
const DEPTH = 30;

/** Stands before a text whose beginning was read before: a line that begins with it is nothing but text. */
export const GOES_ON = "\ufdd0";

/** Part of a text that is too long to be read at once. */
export interface Piece {
  type: "piece";
  raw: string;
  tokens: Token[];
}

/** The source of text with a reference that no settled definition resolves: it may have to be read again. */
const sources = new WeakMap<Token[], string>();

export function sourceOf(tokens: Token[]): string | null {
  return sources.get(tokens) ?? null;
}

/** Tokens of `text`, and all definitions that are known then. */
export function read(text: string, links: Links): { tokens: Token[]; links: Links } {
  const lexer = lexerWith(links);
  lexer.blockTokens(text, lexer.tokens);
  for (const { src, tokens } of lexer.inlineQueue) {
    const own = src.startsWith(GOES_ON) ? src.slice(1) : src;
    const parts = pieces(own);
    if (parts.length === 1) spans(lexer, own, tokens, links);
    else {
      for (const raw of parts) {
        const piece: Piece = { type: "piece", raw, tokens: [] };
        tokens.push(piece as unknown as Token);
        spans(lexer, raw, piece.tokens, links);
      }
    }
  }
  return { tokens: lexer.tokens, links: lexer.tokens.links };
}

/** Text that has been read before, with other definitions; `settled` are those which stay. */
export function readAgain(source: string, links: Links, settled: Links): Token[] {
  const tokens: Token[] = [];
  spans(lexerWith(links), source, tokens, settled);
  return tokens;
}

function lexerWith(links: Links): Lexer {
  const { extensions: math, ...rest } = MATH;
  const extensions = {
    renderers: {},
    childTokens: {},
    ...math,
    block: [...FOOTNOTES.block, ...(math?.block ?? [])],
    startBlock: [...FOOTNOTES.startBlock, ...(math?.startBlock ?? [])],
  };
  const lexer = new Lexer({ ...rest, gfm: true, extensions });
  const { blockTokens } = lexer;
  let depth = 0;
  lexer.blockTokens = (source: string, tokens: Token[] = [], isClipped = false) => {
    depth += 1;
    if (depth <= DEPTH) blockTokens.call(lexer, source, tokens as TokensList, isClipped);
    else tokens.push({ type: "html", raw: source, text: source, block: true, pre: false });
    depth -= 1;
    return tokens as TokensList;
  };
  Object.assign(lexer.tokens.links, links);
  return lexer;
}

function spans(lexer: Lexer, source: string, tokens: Token[], settled: Links): void {
  lexer.state.inRawBlock = false;
  lexer.inlineTokens(source, tokens);
  if (labelsIn(source).some((label) => !Object.hasOwn(settled, label))) sources.set(tokens, source);
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
