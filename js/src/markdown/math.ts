/** Finds maths: to Markdown its backslashes, underscores and asterisks would mean something else. */
import type { MarkedOptions } from "marked";

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

/** A formula; `tex` is null where its end has not come. */
export interface MathToken {
  type: "math";
  raw: string;
  tex: string | null;
  display: boolean;
}

const DELIMITED = /^\s*(?:\$\$([\s\S]*)\$\$|\\\[([\s\S]*)\\\]|\$(?!\$)([\s\S]*)\$|\\\(([\s\S]*)\\\))\s*$/;

function token(raw: string | undefined): MathToken | undefined {
  if (raw === undefined) return undefined;
  const [, dollars, brackets, dollar, paren] = DELIMITED.exec(raw) ?? [];
  const display = dollars ?? brackets;
  return { type: "math", raw, tex: display ?? dollar ?? paren ?? null, display: display !== undefined };
}

export const MATH: MarkedOptions = {
  extensions: {
    renderers: {},
    childTokens: {},
    block: [(text) => token(BLOCK.exec(text)?.[0])],
    startBlock: [
      (text) => {
        const next = NEXT_BLOCK.exec(text);
        return next?.[1] === undefined ? undefined : next.index + 1;
      },
    ],
    inline: [(text) => (text[0] === "$" || text[0] === "\\" ? token(HERE.exec(text)?.[0]) : undefined)],
    // Plain text ends before a backslash anyway.
    startInline: [(text) => text.indexOf("$")],
  },
  // Asterisks in maths close no emphasis before it.
  hooks: {
    emStrongMask: (text: string) => text.replace(MASKED, (math) => `$${"a".repeat(math.length - 2)}$`),
  } as MarkedOptions["hooks"],
};
