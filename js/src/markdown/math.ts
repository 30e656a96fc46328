/**
 * Maths is not rendered, but shown exactly as it was written: Markdown would take backslashes, underscores and asterisks
 * out of it. Its tokens are of the type "html", which is shown as it is too.
 */
import type { MarkedOptions, Tokens } from "marked";

/** Dollars around a price are none: pandoc's rule. Lengths are bounded, so that one which is never closed costs little. */
const INLINE =
  /\$\$(?!\$)[\s\S]{1,4000}?\$\$|\$(?![\s$])(?:\\[\s\S]|[^\\$`]){1,1000}?(?<!\s)\$(?!\d)|\\\([\s\S]{1,1000}?\\\)|\\\[[\s\S]{1,4000}?\\\]/;
/** The same where marked has put [aaa] in the place of code, which maths does not go across. */
const MASKED = new RegExp(INLINE.source.replace("[^\\\\$`]", "(?!\\[a+\\])[^\\\\$]"), "g");
const HERE = new RegExp(`^(?:${INLINE.source})`);

/**
 * Lines between lines of dollars or of brackets, which else could be a list or a heading. A blank line ends it, closed or
 * not, as in TeX: so nothing above one changes when more text comes.
 */
const lines = (open: string, close: string) =>
  ` {0,3}${open}(?=[ \\t]*\\n)(?:(?!\\n[ \\t]*\\n)[\\s\\S])*?(?:${close}|(?=\\n[ \\t]*\\n)|$)`;
const BLOCK = new RegExp(`^(?:${lines("\\$\\$", "\\$\\$")}|${lines("\\\\\\[", "\\\\\\]")})`);
/** Its first line, if it comes before the end of the paragraph. */
const NEXT_BLOCK = /\n(?:[ \t]*\n|( {0,3}(?:\$\$|\\\[)[ \t]*\n))/;

const asWritten = (raw: string | undefined): Tokens.HTML | undefined =>
  raw === undefined ? undefined : { type: "html", raw, text: raw, block: true, pre: false };

export const MATH: MarkedOptions = {
  extensions: {
    renderers: {},
    childTokens: {},
    block: [(text) => asWritten(BLOCK.exec(text)?.[0])],
    startBlock: [
      (text) => {
        const next = NEXT_BLOCK.exec(text);
        return next?.[1] === undefined ? undefined : next.index + 1;
      },
    ],
    inline: [(text) => (text[0] === "$" || text[0] === "\\" ? asWritten(HERE.exec(text)?.[0]) : undefined)],
    // Plain text ends before a backslash anyway.
    startInline: [(text) => text.indexOf("$")],
  },
  // Asterisks in maths close no emphasis before it.
  hooks: {
    emStrongMask: (text: string) => text.replace(MASKED, (math) => `$${"a".repeat(math.length - 2)}$`),
  } as MarkedOptions["hooks"],
};
