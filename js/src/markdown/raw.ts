/** Code and HTML that is still open: its text is shown as it comes, without colours. */
import type { Token, Tokens } from "marked";
import { TextStream } from "../textstream";
import { codeBlock, codeFrame, complete } from "./codeblock";
import { isClosed, languageOfFence } from "./fence";
import type { Open } from "./flow";
import { addColours, LONG } from "./highlight";

export type RawToken = Tokens.Code | Tokens.HTML;

export class OpenRaw implements Open {
  el: HTMLElement;
  /** How many of its lines are read each time: they say what it is. */
  readonly head: number;
  readonly #kind: string;
  readonly #language: string;
  readonly #text: TextStream;
  /** Lines that are not read again. */
  readonly #before: string[] = [];
  #length = 0;
  #after = "";
  #shown = 0;
  #isDone = false;

  constructor(token: RawToken) {
    this.#kind = kindOf(token);
    this.head = this.#kind === "indented" ? 0 : 1;
    this.#language = token.type === "code" ? languageOfFence(token) : "";
    this.#text = new TextStream(token.type === "code" ? "code" : "p");
    if (token.type === "html") this.#text.el.className = "goose-raw";
    this.el = token.type === "code" ? codeFrame(this.#text.el, this.#language) : this.#text.el;
    this.show(token, true);
  }

  /** False if the token is another one. */
  show(token: Token, isLast: boolean): boolean {
    if (kindOf(token) !== this.#kind) return false;
    if (this.#isDone) return true;
    const { raw, text } = token as RawToken;
    this.#after = text;
    // More text on the last line would make it a line of code.
    if (this.#kind === "fenced" && isClosed(raw) && (!isLast || raw.endsWith("\n"))) this.close();
    else {
      // What may be the start of the closing line is not shown yet, nor is the line break before it.
      this.#reveal(this.#kind === "fenced" ? text.replace(/(?:^|\n)(?: {0,3}(?:`+|~+) *)?$/, "") : text.trimEnd());
    }
    return true;
  }

  #reveal(text: string): void {
    const more = text.slice(this.#shown - this.#length);
    this.#text.append(more);
    this.#shown += more.length;
  }

  /** The first `count` lines behind its head are not in the next token. */
  commit(count: number): void {
    const head = this.#kind === "html" ? 1 : 0;
    const lines = this.#after.split("\n");
    this.#reveal(lines.slice(0, head + count).join("\n"));
    const text = `${lines.splice(head, count).join("\n")}\n`;
    this.#length += text.length;
    this.#after = lines.join("\n");
    // Code is drawn again when it ends, in colours.
    if (this.#kind !== "html") this.#before.push(text);
  }

  close(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    if (this.#kind === "html") return;
    const text = this.#before.join("") + this.#after;
    if (text.length > LONG) {
      this.#reveal(this.#after);
      addColours(this.#text.el, text, this.#language);
      complete(this.el, text, this.#language);
      return;
    }
    const el = codeBlock(text, this.#language);
    this.el.replaceWith(el);
    this.el = el;
  }
}

function kindOf(token: Token): string {
  if (token.type !== "code") return token.type;
  return token.codeBlockStyle === "indented" ? "indented" : "fenced";
}
