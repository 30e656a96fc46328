/** Reads footnotes as on GitHub: `[^1]` in the text, `[^1]: what it says` on a line of its own, indented lines below it. */
import type { MarkedOptions, Token, Tokens } from "marked";
import { normalize } from "./labels";

type Extensions = NonNullable<MarkedOptions["extensions"]>;
type BlockReader = NonNullable<Extensions["block"]>[number];

export interface Footnote extends Tokens.Generic {
  type: "footnote";
  label: string;
  tokens: Token[];
}

/** To marked a footnote is the definition of a link, so that it finds what refers to it. */
const ADDRESS = "\ufdd1";

const OPENING = /^ {0,3}\[\^([^\]\s[]{1,100})\]:[ \t]*/;
/** The first line of one, if it comes before the end of the paragraph. */
const NEXT = /\n(?:[ \t]*(?:\n|$)|( {0,3}\[\^[^\]\s[]{1,100}\]:))/;
/** A line that does not go on with a footnote's paragraph. */
const OTHER =
  /^ {0,3}(?:#{1,6}(?:\s|$)|>|```|~~~|[-*+](?:\s|$)|\d{1,9}[.)](?:\s|$)|\[\^[^\]\s[]{1,100}\]:|([-_*])[ \t]*(?:\1[ \t]*){2,}$)/;
const INDENTED = /^(?: {4}| {0,3}\t)/;

const footnote: BlockReader = function (source) {
  const opening = OPENING.exec(source);
  if (!opening) return undefined;
  const label = normalize(opening[1] ?? "");
  let content = "";
  let length = 0;
  let isParagraph = false;
  for (let at = opening[0].length, first = true; at < source.length; first = false) {
    const end = source.indexOf("\n", at);
    const line = source.slice(at, end < 0 ? undefined : end);
    const isBlank = line.trim() === "";
    if (!first && !isBlank && !INDENTED.test(line) && !(isParagraph && !OTHER.test(line))) break;
    isParagraph = !isBlank;
    content += `${first ? line : line.replace(INDENTED, "")}\n`;
    at += line.length + 1;
    if (first || !isBlank) length = Math.min(at, source.length);
  }
  const { lexer } = this;
  lexer.tokens.links[`^${label}`] ??= { href: ADDRESS + label, title: null };
  const { top } = lexer.state;
  lexer.state.top = true;
  const tokens = lexer.blockTokens(content.trimEnd(), []);
  lexer.state.top = top;
  return { type: "footnote", raw: source.slice(0, length || opening[0].length), label, tokens };
};

export const FOOTNOTES = {
  block: [footnote],
  startBlock: [
    (source: string) => {
      const next = NEXT.exec(source);
      return next?.[1] === undefined ? undefined : next.index + 1;
    },
  ],
};

/** The label of the footnote that a link stands for. */
export function footnoteOf(href: string): string | null {
  return href.startsWith(ADDRESS) ? href.slice(ADDRESS.length) : null;
}
