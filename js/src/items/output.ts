/**
 * Output of a tool, as a terminal shows it. While it streams, its end is in the document, in a box with its own scroll; when
 * it has ended, a long one is folded to its first and last lines. All of it is shown on demand, and always copied whole.
 */
import { type Row, rowsOf, terminalText } from "../ansi";
import { copyButton } from "../copy";
import { dataOf } from "../data";
import { h } from "../dom";
import { size } from "../format";
import { dataView } from "./dataview";
import { extent, isAtEnd, KEEP, LINES, linesIn, type OutputOptions, outputFrame } from "./lateoutput";
import { nodesOf, Screen } from "./screen";

/** Characters that come with each step on demand. */
const STEP = 400_000;
/** An output of more than `LINES` is folded to so many of the first and of the last ones. */
const EDGE = 7;
/** JSON, or a line of columns and another one. */
const MAYBE_DATA = /^\s*[[{]|^[^\n]*[\t,;|][^\n]*\n./;

export class OutputView {
  readonly el: HTMLElement;
  readonly #size: HTMLElement;
  readonly #toggle = h("button", { type: "button", class: "goose-copy", hidden: "" });
  readonly #fold = h("button", { type: "button", class: "goose-copy", hidden: "" });
  readonly #pre: HTMLElement;
  readonly #data = h("div", { class: "goose-data", hidden: "" });
  readonly #more = h("button", { type: "button", class: "goose-button", hidden: "" });
  #screen = new Screen();
  #settled: boolean;
  /** The reader is at the end. */
  #follows: boolean;
  /** Where the box was when that was last looked at. */
  #top: number;
  #structure = "";
  #lines = 0;
  /** How many characters went into the screen, when all of them are to. */
  #fed = 0;
  #mode: "tail" | "folded" | "all" | "data" = "tail";

  /** `full` gives all of the output; `frame` is where it is shown, and may have been read in already. */
  constructor(
    private readonly full: () => string,
    private readonly options: OutputOptions = {},
    { el, size, pre } = outputFrame(),
  ) {
    this.el = el;
    this.#size = size;
    this.#pre = pre;
    this.#follows = isAtEnd(pre);
    this.#top = pre.scrollTop;
    // What somebody reads is not folded under his eyes.
    this.#settled = this.#follows && (options.settled ?? false);
    size.after(
      this.#toggle,
      this.#fold,
      copyButton("Copy output", () => terminalText(full())),
    );
    el.append(this.#data, this.#more);
    this.#toggle.addEventListener("click", () => (this.#mode === "data" ? this.#showText() : this.#show("data")));
    this.#fold.addEventListener("click", () => (this.#mode === "all" ? this.#showText() : this.#showAll(STEP)));
    this.#more.addEventListener("click", () => this.#feedMore(STEP));
    this.#pre.addEventListener("scroll", () => this.#moved());
    this.#start(options.data ?? false);
    if (options.settled) this.settle();
    else if (this.#follows) this.toBottom();
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
    if (this.#mode !== "tail") return;
    this.#pre.scrollTop = this.#pre.scrollHeight;
    this.#top = this.#pre.scrollTop;
  }

  #moved(): void {
    const { scrollTop } = this.#pre;
    // Who moves it up by a few pixels, as a wheel does in its first frame, leaves the end.
    this.#follows = isAtEnd(this.#pre, scrollTop < this.#top ? 1 : undefined);
    this.#top = scrollTop;
  }

  #start(structured: boolean): void {
    const text = this.full();
    // Of what moves up and down, a terminal leaves fewer lines than came.
    this.#lines = this.#settled && text.length <= KEEP ? rowsOf(text).length : linesIn(text);
    this.#toggle.hidden = true;
    this.#data.replaceChildren();
    this.#showText();
    if (!this.#settled || !(MAYBE_DATA.test(text) || this.options.hint)) return;
    const data = dataOf(text, this.options.hint);
    if (!data) return;
    this.#toggle.hidden = false;
    this.#structure = data.table ? "Table" : "Tree";
    this.#data.replaceChildren(dataView(data));
    if (structured) this.#show("data");
    else this.#label();
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
    this.#size.textContent = extent(this.#lines, length);
    this.#fold.hidden =
      this.#mode === "data" || (this.#settled ? this.#lines <= LINES : !this.#screen.dropped && length <= KEEP);
    this.#fold.textContent = this.#fold.hidden ? "" : this.#mode === "all" ? "Fold" : "Show all";
    this.#toggle.textContent = this.#mode === "data" ? "Raw" : this.#structure;
  }
}

const count = (number: number) => number.toLocaleString("en");
