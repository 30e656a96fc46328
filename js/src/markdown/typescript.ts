/**
 * JavaScript and TypeScript for the highlighter, with JSX. highlight.js's own grammar takes 8 KB, half of it for scopes
 * which have no colour here.
 */
import type { HLJSApi, Language, Mode } from "highlight.js";

const NAME = "[A-Za-z_$][\\w$]*";
/** Not in the middle of a name. */
const START = "(?<![\\w$])";

const KEYWORD =
  "abstract as async await break case catch class const continue debugger declare default delete do else enum export " +
  "extends finally for from function if implements import in instanceof interface is keyof let namespace new of override " +
  "private protected public readonly return satisfies static super switch throw try type typeof using var void while with " +
  "yield";

/** What may stand before a pair of round brackets, and is no function's name. */
const NO_CALL =
  "async|await|case|catch|do|else|for|function|if|import|in|of|return|super|switch|throw|typeof|while|with|yield";

const KEYWORDS = {
  $pattern: NAME,
  keyword: KEYWORD,
  literal: "true false null undefined NaN Infinity",
  type: "any bigint boolean never number object string symbol unknown",
  built_in: "console document exports global globalThis module process require self window",
  "variable.language": "arguments this",
};

export default function typescript({ BACKSLASH_ESCAPE, C_BLOCK_COMMENT_MODE, C_LINE_COMMENT_MODE }: HLJSApi): Language {
  const subst: Mode = { scope: "subst", begin: "\\$\\{", end: "\\}", keywords: KEYWORDS };
  const text = (quote: string, end: string, contains: Mode[] = []): Mode => ({
    scope: "string",
    begin: quote,
    end,
    contains: [BACKSLASH_ESCAPE, ...contains],
  });
  // An apostrophe in JSX opens a string until the end of its line, and no further.
  const contains: Mode[] = [
    C_LINE_COMMENT_MODE,
    C_BLOCK_COMMENT_MODE,
    { scope: "meta", match: `^#!.*|^[ \\t]*(?:'use strict'|"use strict")|@${NAME}` },
    text("'", "'|$"),
    text('"', '"|$'),
    text("`", "`", [subst]),
    {
      scope: "number",
      match: `${START}(?:0[xX][\\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\\d[\\d_]*\\.?[\\d_]*|\\.\\d[\\d_]*)(?:[eE][+-]?\\d+)?)n?`,
    },
    {
      scope: "regexp",
      match:
        `/(?![*/>])(?<=(?:^|[=(,:;!&|?{[+~]|=>|${START}(?:${NO_CALL}))\\s*/)` +
        "(?:\\\\.|\\[(?:\\\\.|[^\\]\\\\\\n]){0,200}\\]|[^/\\\\[\\n])+/[a-z]*",
    },
    // The words between JSX tags.
    { match: "(?<=>)[^<>{};=]{1,1000}(?=</)" },
    {
      match: [`${START}(?:class|interface|enum|namespace|type)`, "\\s+", NAME],
      scope: { 1: "keyword", 3: "title" },
    },
    {
      match: [
        `${START}(?:const|let|var)`,
        "\\s+",
        NAME,
        `(?=\\s{0,9}(?::[^=;\\n]{0,200})?=\\s{0,9}(?:async\\s{1,9})?(?:${NAME}|\\([^()]{0,500}\\)[^=;(){}\\n]{0,100})\\s{0,9}=>)`,
      ],
      scope: { 1: "keyword", 3: "title" },
    },
    { match: [`${START}(?:get|set)`, `\\s+(?=#?${NAME}\\()`], scope: { 1: "keyword" } },
    {
      scope: "title",
      match: `${START}(?!(?:${NO_CALL}|constructor)\\b)${NAME}(?=\\s{0,9}\\()|\\b[A-Z](?=\\w*[a-z])\\w*`,
    },
    { scope: "attr", match: `${START}(?!default:)${NAME}(?=\\??:)` },
    { scope: "property", match: `(?<=[^.]\\.)${NAME}` },
  ];
  subst.contains = [...contains, { begin: "\\{", end: "\\}", keywords: KEYWORDS, contains: ["self", ...contains] }];
  return {
    name: "TypeScript",
    aliases: ["ts", "tsx", "mts", "cts", "javascript", "js", "jsx", "mjs", "cjs"],
    keywords: KEYWORDS,
    contains,
  };
}
