/** Live output of a tool: a terminal's text in a box with its own scroll, of which only the end is in the document. */
import { TerminalText } from "../ansi";
import { h } from "../dom";
import { size } from "../format";
import { TextStream } from "../textstream";

const KEEP = 64_000;
const NEAR = 24;

export class OutputView {
  readonly el = h("div", { class: "goose-output" });
  readonly #pre = h("pre");
  readonly #all = h("button", { type: "button", class: "goose-button", hidden: "" });
  #lines = new TextStream("div", KEEP);
  #line = h("span");
  #terminal = new TerminalText();
  #cut = false;

  /** `full` gives all of the output, for those who ask. */
  constructor(private readonly full: () => string) {
    this.#all.addEventListener("click", () => this.#showAll());
    this.el.append(this.#all, this.#pre);
    this.#restart(full(), KEEP);
  }

  append(chunk: string): void {
    if (chunk === "") return;
    const bottom = this.#pre.scrollHeight - this.#pre.scrollTop - this.#pre.clientHeight < NEAR;
    this.#feed(chunk);
    if (bottom) this.toBottom();
  }

  rewrite(text: string): void {
    this.#restart(text, KEEP);
  }

  toBottom(): void {
    this.#pre.scrollTop = this.#pre.scrollHeight;
  }

  #feed(chunk: string): void {
    const { lines, line } = this.#terminal.feed(chunk);
    this.#lines.append(lines);
    this.#line.textContent = line;
    if (this.#lines.dropped > 0) this.#cut = true;
    this.#all.hidden = !this.#cut;
    if (this.#cut && this.#all.textContent === "") this.#all.textContent = "Show all";
  }

  #restart(text: string, keep: number): void {
    this.#lines = new TextStream("div", keep);
    this.#terminal = new TerminalText();
    this.#cut = text.length > keep;
    this.#pre.replaceChildren(this.#lines.el, this.#line);
    this.#all.textContent = this.#cut ? `Show all (${size(text.length)})` : "";
    this.#feed(this.#cut ? text.slice(text.indexOf("\n", text.length - keep) + 1) : text);
  }

  #showAll(): void {
    this.#restart(this.full(), Number.POSITIVE_INFINITY);
  }
}
