/** Reads Markdown with marked: first blocks, then the text in them, of which a very long run is read in pieces. */
import { Lexer, type Token, type TokensList } from "marked";
import { FOOTNOTES } from "./footnotes";
import { labelsIn } from "./labels";
import { MATH } from "./math";
import { GOES_ON, type Piece, pieces } from "./pieces";
import { keepSource } from "./sources";

export type Links = Lexer["tokens"]["links"];

/** Blocks in blocks in blocks: what is deeper is shown as it was written. */
const DEPTH = 30;

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
  if (labelsIn(source).some((label) => !Object.hasOwn(settled, label))) keepSource(tokens, source);
}
