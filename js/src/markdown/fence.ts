/** A code block that is still open: its text is shown as it comes, without colours and without lexing it again. */
import type { Tokens } from "marked";
import { TextStream } from "../textstream";
import { codeFrame } from "./codeblock";

/** A line longer than this does not close a fence. */
const CLOSING = 200;

export class Fence {
  readonly el: HTMLElement;
  /** All of its text, the opening line too. */
  readonly parts: string[] = [];
  readonly #code = new TextStream("code");
  /** The start of the last line. */
  #line = "";
  /** Text of the last line that is not shown yet, because it may close the fence. */
  #held = "";
  readonly #closing: RegExp;
  readonly #maybeClosing: RegExp;

  constructor(opening: string, mark: string, language: string) {
    const sign = mark.charAt(0);
    this.#closing = new RegExp(`^ {0,3}${sign}{${mark.length}}[\`~]* *$`);
    this.#maybeClosing = new RegExp(`^ {0,3}${sign}*[\`~]* *$`);
    this.parts.push(opening);
    this.el = codeFrame(this.#code.el, language);
  }

  /** True if the text closed it. */
  feed(text: string): boolean {
    this.parts.push(text);
    const lines = text.split("\n");
    let show = "";
    for (const [index, line] of lines.entries()) {
      if (index > 0) {
        if (this.#closing.test(this.#line)) return true;
        show += `${this.#held}\n`;
        this.#line = "";
        this.#held = "";
      }
      if (this.#line.length < CLOSING) this.#line += line;
      if (this.#maybeClosing.test(this.#line)) this.#held += line;
      else {
        show += this.#held + line;
        this.#held = "";
      }
    }
    this.#code.append(show);
    return false;
  }
}

/** A fence, if `text` is nothing but one which no whole line has closed. */
export function openFence(text: string, token: Tokens.Code): Fence | null {
  const [opening, , mark] = /^\n*( {0,3})(`{3,}|~{3,})[^\n]*\n/.exec(text) ?? [];
  if (token.codeBlockStyle === "indented" || opening === undefined || mark === undefined) return null;
  const fence = new Fence(opening, mark, languageOfFence(token));
  return fence.feed(text.slice(opening.length)) ? null : fence;
}

/** ```python title="x" is Python. */
export function languageOfFence(token: Tokens.Code): string {
  return /^\S*/.exec(token.lang ?? "")?.[0] ?? "";
}
