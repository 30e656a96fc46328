/**
 * Output of a tool, as a terminal shows it. While it streams, its end is in the document, in a box with its own scroll; when
 * it has ended, a long one is folded to its first and last lines. All of it is shown on demand, and always copied whole.
 */
import { type Row, rowsOf, terminalText } from "../ansi";
import { copyButton } from "../copy";
import { h } from "../dom";
import { size } from "../format";
import { withPart } from "../parts";
import { nodesOf, Screen } from "./screen";

/** Characters in the document while it streams, and with each step on demand. */
const KEEP = 64_000;
const STEP = 400_000;
/** An output of more lines is folded to so many of the first and of the last ones. */
const LINES = 24;
const EDGE = 7;
const NEAR = 24;
/** JSON, or a line of columns and another one. */
const MAYBE_DATA = /^\s*[[{]|^[^\n]*[\t,;|][^\n]*\n./;

interface Options {
  /** It has ended: nothing will be appended. */
  settled?: boolean;
  /** Shows JSON and tables as such at once, and not only on demand. */
  data?: boolean;
  /** The text's MIME type or the name of its file. */
  hint?: string;
}

export class OutputView {
  readonly el = h("div", { class: "goose-output" });
  readonly #size = h("span");
  readonly #toggle = h("button", { type: "button", class: "goose-copy", hidden: "" });
  readonly #fold = h("button", { type: "button", class: "goose-copy", hidden: "" });
  readonly #bar: HTMLElement;
  readonly #pre = h("pre", { class: "goose-text" });
  readonly #data = h("div", { class: "goose-data", hidden: "" });
  readonly #more = h("button", { type: "button", class: "goose-button", hidden: "" });
  #screen = new Screen();
  #settled: boolean;
  /** The reader is at the end. */
  #follows = true;
  #structure = "";
  #lines = 0;
  /** How many characters went into the screen, when all of them are to. */
  #fed = 0;
  #mode: "tail" | "folded" | "all" | "data" = "tail";

  /** `full` gives all of the output. */
  constructor(
    private readonly full: () => string,
    private readonly options: Options = {},
  ) {
    this.#settled = options.settled ?? false;
    const copy = copyButton("Copy output", () => terminalText(full()));
    this.#bar = h("div", { class: "goose-output-bar" }, this.#size, this.#toggle, this.#fold, copy);
    this.el.append(this.#bar, this.#pre, this.#data, this.#more);
    this.#toggle.addEventListener("click", () => (this.#mode === "data" ? this.#showText() : this.#show("data")));
    this.#fold.addEventListener("click", () => (this.#mode === "all" ? this.#showText() : this.#showAll(STEP)));
    this.#more.addEventListener("click", () => this.#feedMore(STEP));
    this.#pre.addEventListener("scroll", () => {
      this.#follows = this.#pre.scrollHeight - this.#pre.scrollTop - this.#pre.clientHeight < NEAR;
    });
    this.#start(options.data ?? false);
  }

  append(chunk: string): void {
    if (chunk === "" || this.#settled) return;
    this.#lines += linesIn(chunk);
    if (this.#mode === "tail" || this.#more.hidden) {
      this.#screen.feed(chunk);
      this.#fed += chunk.length;
    }
    this.#label();
    if (this.#follows) this.toBottom();
  }

  /** The output has ended. */
  settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    // Not under the eyes of somebody who reads it.
    if (this.#mode === "tail" && this.#follows) this.#start(false);
  }

  rewrite(): void {
    this.#start(false);
  }

  toBottom(): void {
    if (this.#mode === "tail") this.#pre.scrollTop = this.#pre.scrollHeight;
  }

  #start(structured: boolean): void {
    const text = this.full();
    // Of what moves up and down, a terminal leaves fewer lines than came.
    this.#lines = this.#settled && text.length <= KEEP ? rowsOf(text).length : linesIn(text);
    this.#toggle.hidden = true;
    this.#data.replaceChildren();
    this.#showText();
    if (!this.#settled || !(MAYBE_DATA.test(text) || this.options.hint)) return;
    withPart("panels", ({ dataOf, dataView }) => {
      const data = this.full() === text ? dataOf(text, this.options.hint) : null;
      if (!data) return;
      this.#toggle.hidden = false;
      this.#structure = data.table ? "Table" : "Tree";
      this.#data.replaceChildren(dataView(data));
      if (structured) this.#show("data");
      else this.#label();
    });
  }

  #showText(): void {
    if (!this.#settled) this.#showTail();
    else if (this.#lines > LINES) this.#showFolded();
    else this.#showAll(KEEP);
  }

  #show(mode: "tail" | "folded" | "all" | "data", ...nodes: Node[]): void {
    this.#mode = mode;
    this.el.dataset.mode = mode;
    this.#pre.hidden = mode === "data";
    this.#data.hidden = mode !== "data";
    this.#more.hidden = true;
    this.#pre.replaceChildren(...nodes);
    this.#label();
  }

  #showTail(): void {
    const text = this.full();
    this.#screen = new Screen(KEEP);
    this.#screen.feed(text.length <= KEEP ? text : text.slice(text.indexOf("\n", text.length - KEEP) + 1));
    this.#show("tail", this.#screen.el);
  }

  #showFolded(): void {
    const text = this.full();
    const first = rowsOf(text.slice(0, KEEP)).slice(0, EDGE);
    const last = rowsOf(text.slice(-KEEP)).slice(-EDGE);
    const lines = (rows: Row[]) => rows.map((row) => h("div", {}, ...nodesOf(row)));
    const gap = h("button", { type: "button", class: "goose-gap" }, `⋯ ${count(this.#lines - 2 * EDGE)} more lines`);
    gap.addEventListener("click", () => {
      this.#showAll(STEP);
      // The button that was clicked is gone.
      this.#fold.focus({ preventScroll: true });
    });
    this.#show("folded", ...lines(first), gap, ...lines(last));
  }

  #showAll(step: number): void {
    this.#screen = new Screen();
    this.#fed = 0;
    this.#show("all", this.#screen.el);
    this.#feedMore(step);
  }

  #feedMore(step: number): void {
    const text = this.full();
    this.#screen.feed(text.slice(this.#fed, this.#fed + step));
    this.#fed = Math.min(text.length, this.#fed + step);
    this.#more.hidden = this.#fed === text.length;
    this.#more.textContent = this.#more.hidden ? "" : `Show more (${size(text.length - this.#fed)} left)`;
  }

  #label(): void {
    const { length } = this.full();
    const isLong = this.#lines > LINES || length > KEEP;
    this.#size.textContent = isLong ? `${count(this.#lines)} lines, ${size(length)}` : "";
    this.#fold.hidden =
      this.#mode === "data" || (this.#settled ? this.#lines <= LINES : !this.#screen.dropped && length <= KEEP);
    this.#fold.textContent = this.#fold.hidden ? "" : this.#mode === "all" ? "Fold" : "Show all";
    this.#toggle.textContent = this.#mode === "data" ? "Raw" : this.#structure;
  }
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

const count = (number: number) => number.toLocaleString("en");
