/**
 * Markdown that streams. What no further text can change is committed; only the rest is read again. A draw reads a bounded
 * piece of text, and drawing goes on later when it took long: the page never waits for it.
 */
import type { Token, Tokens } from "marked";
import { h } from "../dom";
import { partAtHand, withPart } from "../parts";
import type { Cutter } from "./cut";
import { Flow } from "./flow";
import { labelsIn } from "./labels";
import { morph } from "./morph";
import { Notes } from "./notes";
import { type Links, read, readAgain } from "./reader";
import { inline, type RenderOptions } from "./render";
import { rawOf, settled } from "./settled";
import { freeSkipped } from "./skipped";
import { sourceOf } from "./sources";

/** Drawing may take this share of the time at most; what can't be cut is drawn less often. */
const SHARE = 1 / 8;
const CHEAP = 4;
export interface Limits {
  /** An open block of more characters is cut. */
  cut: number;
  /** So many are read at once. */
  slice: number;
  /** Milliseconds after which the page gets its turn. */
  budget: number;
}

/** What the message is drawn in. */
export interface Frame {
  /** Wraps a change of the document that comes later than the call which caused it. */
  around(change: () => void): void;
  /** How many pixels are seen at a time; 0 as long as that is not known. */
  height(): number;
}

const LIMITS: Limits = { cut: 1200, slice: 4000, budget: 12 };

/** Outside a log. */
const ALONE: Frame = { around: (change) => change(), height: () => 0 };

/** The next draw uses the part. */
const come = () => {};

export class MarkdownStream {
  readonly el = h("div", { class: "goose-md" });
  readonly #notes = new Notes(this.el);
  readonly #options: RenderOptions = {
    shownImages: new Set(),
    footnote: (token) => this.#notes.show(token, this.#options),
    number: (label) => this.#notes.number(label),
  };
  #cutter: Cutter | null = null;
  #flow = new Flow(this.el, () => this.#notes.el.parentNode && this.#notes.el);
  #chunks: string[] = [];
  /** What is read: the text that is not committed. */
  #tail = "";
  #tokens: Token[] = [];
  /** Text that was not read yet. */
  #fresh = "";
  #carriageReturn = false;
  /** Definitions which stay. */
  #links: Links = {};
  /** All that are known, also those which more text may change. */
  #known: Links = {};
  #isFinished = false;
  /** How much of the text was read. */
  #read = 0;
  /** Where reading can start again, should the rest of an open block turn out to be something else. */
  #origin = { read: 0, mark: this.#flow.mark() };
  /** Then it is not cut any more. */
  #isWhole = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rest = 0;

  constructor(
    private readonly frame = ALONE,
    private readonly limits = LIMITS,
  ) {
    freeSkipped(this.el, () => !this.#isFinished);
  }

  push(chunk: string): void {
    if (this.#isFinished && chunk !== "") this.reset(this.#chunks.join(""));
    this.#take(chunk);
    if (this.#timer !== undefined) return;
    const wait = this.#rest - performance.now();
    if (wait <= 0) this.#draw();
    else this.#later(wait);
  }

  /** No more text will come. As soon as all of it is drawn, the document equals one drawn in one go. */
  finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    if (this.#carriageReturn) this.#take("\n");
    this.#stopTimer();
    this.#draw();
  }

  /** Starts over with another text. */
  reset(text: string): void {
    this.#stopTimer();
    this.#rest = 0;
    this.#chunks = [];
    this.#tail = "";
    this.#tokens = [];
    this.#fresh = "";
    this.#carriageReturn = false;
    this.#links = {};
    this.#known = {};
    this.#isFinished = false;
    this.#read = 0;
    this.#isWhole = false;
    this.#notes.clear();
    this.el.replaceChildren();
    this.#flow = new Flow(this.el, () => this.#notes.el.parentNode && this.#notes.el);
    if (text !== "") this.push(text);
  }

  close(): void {
    this.#stopTimer();
  }

  #later(wait: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.frame.around(() => this.#draw());
    }, wait);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #take(chunk: string): void {
    let text = this.#carriageReturn ? `\r${chunk}` : chunk;
    // Whether a final \r is half of a line break is known with the next chunk.
    this.#carriageReturn = text.endsWith("\r");
    if (this.#carriageReturn) text = text.slice(0, -1);
    text = text.replace(/\r\n?/g, "\n");
    this.#chunks.push(text);
    this.#fresh += text;
  }

  #draw(): void {
    const start = performance.now();
    const { slice, budget, cut } = this.limits;
    let cost = 0;
    for (let first = true; this.#fresh !== "" && (first || cost < budget); first = false) {
      const text = this.#fresh.slice(0, slice);
      this.#fresh = this.#fresh.slice(text.length);
      this.#drawMore(text);
      cost = performance.now() - start;
    }
    this.#rest = cost > CHEAP && this.#tail.length > 4 * cut ? start + cost / SHARE : 0;
    const wait = this.#options.passing?.next();
    if (this.#fresh !== "") this.#later(Math.max(0, this.#rest - performance.now()));
    else {
      if (this.#isFinished) this.#notes.around(() => this.#end());
      if (wait) this.#later(wait);
    }
  }

  #drawMore(text: string): void {
    if (!this.#flow.open) this.#origin = { read: this.#read - this.#tail.length, mark: this.#flow.mark() };
    this.#tail += text;
    this.#read += text.length;
    this.#notes.around(() => {
      if (!this.#show()) {
        this.#flow.reset(this.#origin.mark);
        this.#tail = this.#chunks.join("").slice(this.#origin.read, this.#read);
        this.#isWhole = true;
        this.#show();
      }
      const isLong = this.#tail.length > this.limits.cut;
      this.#isWhole &&= isLong;
      this.#tail = this.#cut(isLong && !this.#isWhole);
    });
  }

  /** Commits what it can of what is drawn; returns what is left. `deep`: in open blocks, too. */
  #cut(deep: boolean): string {
    const last = this.#tokens.at(-1);
    if (deep || last?.type === "code") withPart("streaming", come);
    const streaming = partAtHand("streaming");
    // Until it is there, all of an open block is read and drawn again with each draw.
    if (streaming) {
      this.#cutter ??= new streaming.Cutter((tokens) => this.#settle(tokens));
      this.#options.passing ??= new streaming.Passing(this.el, () => this.frame.height());
    }
    if (this.#cutter) return this.#cutter.cut(this.#flow, this.#tokens, this.#tail, deep);
    const tokens = this.#tokens.slice(0, settled(this.#tokens, this.#tail));
    const raw = rawOf(tokens);
    if (raw.trim() === "" || !this.#tail.startsWith(raw)) return this.#tail;
    this.#settle(tokens);
    this.#flow.commit(tokens);
    return this.#tail.slice(raw.length);
  }

  /** False if the text does not go on with the block that is open. */
  #show(): boolean {
    const { tokens, links } = read(this.#tail, this.#links);
    const before = this.#known;
    this.#tokens = tokens;
    this.#known = links;
    const isGood = this.#flow.show(tokens, this.#options);
    const isOther = (label: string) =>
      before[label]?.href !== links[label]?.href || before[label]?.title !== links[label]?.title;
    this.#resolve([...new Set([...Object.keys(before), ...Object.keys(links)])].filter(isOther));
    return isGood;
  }

  /** All that is drawn stays. */
  #end(): void {
    this.#settle(this.#tokens);
    this.#flow.commit(this.#tokens);
    this.#tokens = [];
    this.#tail = "";
  }

  /** Definitions in these tokens stay what they are. */
  #settle(tokens: Token[]): void {
    const labels = definitions(tokens).filter((label) => !Object.hasOwn(this.#links, label));
    for (const label of labels) {
      const link = this.#known[label];
      if (link) this.#links[label] = link;
      if (label.startsWith("^")) this.#notes.settle(label.slice(1));
    }
    this.#resolve(labels);
  }

  /** Draws text again that refers to one of these. */
  #resolve(labels: string[]): void {
    if (labels.length === 0) return;
    const changed = new Set(labels);
    const roots = [this.el, ...this.#notes.hidden()];
    for (const el of roots.flatMap((root) => Array.from(root.querySelectorAll<HTMLElement>("[data-md]")))) {
      const source = el.dataset.md ?? "";
      if (!labelsIn(source).some((label) => changed.has(label))) continue;
      const tokens = readAgain(source, this.#known, this.#links);
      const first = el.firstElementChild;
      morph(el, first?.matches("input") ? first : null, inline(tokens, this.#options));
      if (sourceOf(tokens) === null) el.removeAttribute("data-md");
    }
  }
}

function definitions(tokens: Token[]): string[] {
  return tokens.flatMap((token) => {
    switch (token.type) {
      case "def":
        return [token.tag];
      case "footnote":
        return [`^${token.label}`, ...definitions(token.tokens ?? [])];
      case "blockquote":
        return definitions(token.tokens ?? []);
      case "list":
        return (token as Tokens.List).items.flatMap((item) => definitions(item.tokens));
      default:
        return [];
    }
  });
}
