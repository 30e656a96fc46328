/** A tool's output: its end as plain text, until the part is there that shows it as a terminal does. */
import { h } from "../dom";
import { size } from "../format";
import { type Parts, withPart } from "../parts";
import { TextStream } from "../textstream";

type Panels = Parts["panels"];

/** Characters in the document while it streams. */
export const KEEP = 64_000;
/** An output of more lines is a long one. */
export const LINES = 24;
const NEAR = 24;
const ESCAPE =
  /\x1b(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*.?)|[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]/g;
const UNFINISHED = /\x1b(?:\[[0-?]*[ -/]*)?$|\r$/;

export interface OutputOptions {
  /** It has ended: nothing will be appended. */
  settled?: boolean;
  /** Shows JSON and tables as such at once, and not only on demand. */
  data?: boolean;
  /** The text's MIME type or the name of its file. */
  hint?: string;
}

export class LateOutput {
  readonly #frame = outputFrame();
  readonly el = this.#frame.el;
  #view: InstanceType<Panels["OutputView"]> | null = null;
  #text = new TextStream("div", KEEP);
  #lines = 0;
  #held = "";
  #forget = () => {};

  /** `full` gives all of the output. */
  constructor(
    private readonly full: () => string,
    private readonly options: OutputOptions = {},
  ) {
    this.#start();
  }

  /** Asks for the part, which may not have come when it was asked for before. */
  ask(): void {
    if (!this.#view) this.#forget = withPart("panels", this.#become);
  }

  append(chunk: string): void {
    if (this.#view) this.#view.append(chunk);
    else {
      this.ask();
      if (!this.#view) this.#write(chunk, linesIn(chunk));
    }
  }

  settle(): void {
    this.options.settled = true;
    this.#view?.settle();
  }

  rewrite(): void {
    if (this.#view) this.#view.rewrite();
    else this.#start();
  }

  toBottom(): void {
    const { pre } = this.#frame;
    if (this.#view) this.#view.toBottom();
    else pre.scrollTop = pre.scrollHeight;
  }

  dispose(): void {
    this.#forget();
  }

  readonly #become = ({ OutputView }: Panels): void => {
    this.#view = new OutputView(this.full, this.options, this.#frame);
  };

  #start(): void {
    this.ask();
    if (this.#view) return;
    const text = this.full();
    this.#text = new TextStream("div", KEEP);
    this.#lines = 0;
    this.#held = "";
    this.#frame.pre.replaceChildren(this.#text.el);
    this.#write(text.slice(-KEEP), linesIn(text));
  }

  #write(chunk: string, lines: number): void {
    const follows = isAtEnd(this.#frame.pre);
    const text = this.#held + chunk;
    this.#held = UNFINISHED.exec(text)?.[0] ?? "";
    this.#text.append(plain(text.slice(0, text.length - this.#held.length)));
    this.#lines += lines;
    this.#frame.size.textContent = extent(this.#lines, this.full().length);
    if (follows) this.toBottom();
  }
}

/** A text without what only a terminal understands. */
export function plain(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(ESCAPE, "");
}

/** What an output is shown in, whoever fills it: it stays where somebody has scrolled to. */
export function outputFrame() {
  const size = h("span");
  const pre = h("pre", { class: "goose-text" });
  return { size, pre, el: h("div", { class: "goose-output" }, h("div", { class: "goose-output-bar" }, size), pre) };
}

export function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement, near = NEAR): boolean {
  return scrollHeight - scrollTop - clientHeight <= near;
}

export function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

/** How long an output is, "" if that can be seen. */
export function extent(lines: number, length: number): string {
  return lines > LINES || length > KEEP ? `${lines.toLocaleString("en")} lines, ${size(length)}` : "";
}
