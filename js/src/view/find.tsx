/** Find in the chat: the kernel looks through all of it, and the log shows one place after another. */
import { render } from "preact";
import { type Chat, sorry } from "../chat";
import { h } from "../dom";
import type { Applied } from "../transcript";
import type { Hit, Inbound } from "../wire";
import { Icon, type IconName } from "./icons";
import type { Log } from "./log";
import { Marks, patternOf, placesOf, scrollTo } from "./marks";

/** Milliseconds without a key until it is looked for. */
const PAUSE = 200;
/** Milliseconds until a log that has changed is coloured again. */
const REST = 100;

export class Find {
  readonly el = h("search", { class: "goose-find", hidden: "" });
  #query = "";
  #hits: Hit[] = [];
  #whole = true;
  /** The item in which the reader is, and the place in it. */
  #at = -1;
  #part = 0;
  /** "" while it is looked for, or nothing is. */
  #says = "";
  #snippet = "";
  #shown: HTMLElement | null = null;
  #before: HTMLElement | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #painting: ReturnType<typeof setTimeout> | undefined;
  /** While it is open. */
  readonly #changes = new MutationObserver(() => this.#paintSoon());
  readonly #all = new Marks("goose-found", 0);
  readonly #one = new Marks("goose-found-here", 1);

  constructor(
    private readonly chat: Chat,
    private readonly log: Log,
    private readonly root: HTMLElement,
    signal: AbortSignal,
  ) {
    root.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    signal.addEventListener("abort", () => {
      this.#stop();
      render(null, this.el);
    });
  }

  /** Looks again: the conversation has grown. */
  again(): void {
    if (this.#query !== "" && !this.el.hidden) void this.#ask();
  }

  follow(applied: Applied): void {
    if (applied.kind === "replaced") this.again();
  }

  found({ query, hits, whole }: Extract<Inbound, { type: "found" }>): void {
    if (query !== this.#query || query === "") return;
    const id = this.#hits[this.#at]?.id;
    const isNew = this.#says === "";
    this.#hits = hits;
    this.#whole = whole;
    this.#at = hits.findIndex((hit) => hit.id === id);
    this.#says = hits.length > 0 ? "found" : "Nothing found";
    if (isNew || this.#at < 0) {
      // What the reader sees comes first, then what is newest.
      const seen = new Set(this.log.seen());
      const here = hits.findIndex((hit) => seen.has(hit.id));
      this.#at = here < 0 ? hits.length - 1 : here;
      this.#part = 0;
      if (isNew && hits.length > 0) void this.#show();
    }
    this.#paint();
    this.#draw();
  }

  open(): void {
    const focused = this.root.querySelector<HTMLElement>(":focus");
    if (focused && !this.el.contains(focused)) this.#before = focused;
    if (this.el.hidden) {
      this.log.around(() => {
        this.el.hidden = false;
        this.#draw();
      });
      this.log.el.dataset.searched = "";
      this.#changes.observe(this.log.el, { childList: true, characterData: true, subtree: true });
      this.again();
    }
    const field = this.el.querySelector("input");
    field?.focus({ preventScroll: true });
    field?.select();
  }

  #close(): void {
    this.#stop();
    this.log.around(() => {
      this.el.hidden = true;
    });
    const back = this.#before?.isConnected ? this.#before : this.root.querySelector("textarea");
    back?.focus({ preventScroll: true });
  }

  #stop(): void {
    this.#changes.disconnect();
    delete this.log.el.dataset.searched;
    clearTimeout(this.#timer);
    clearTimeout(this.#painting);
    this.#painting = undefined;
    this.#outline(null);
    this.#all.set([]);
    this.#one.set([]);
  }

  #pressed(event: KeyboardEvent): void {
    const { key, shiftKey, target } = event;
    const isOpen = !this.el.hidden;
    const inside = isOpen && this.el.contains(target as Node);
    if (isOpen && (key === "F3" || (inside && key === "Enter" && target instanceof HTMLInputElement)))
      void this.#step(shiftKey ? -1 : 1);
    else if (inside && key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #type(query: string): void {
    clearTimeout(this.#timer);
    this.#query = query.trim() === "" ? "" : query;
    this.#hits = [];
    this.#at = -1;
    this.#says = "";
    this.#snippet = "";
    this.#outline(null);
    this.#paint();
    this.#draw();
    if (this.#query !== "") this.#timer = setTimeout(() => void this.#ask(), PAUSE);
  }

  async #ask(): Promise<void> {
    const query = this.#query;
    const outcome = await this.chat.do({ type: "find", query });
    if (outcome.state === "done" || query !== this.#query) return;
    this.#says = sorry("Nothing could be looked for", outcome);
    this.#draw();
  }

  async #step(by: 1 | -1): Promise<void> {
    const { length } = this.#hits;
    if (length === 0) return;
    const places = this.#places().length;
    this.#part += by;
    if (this.#part < 0 || this.#part >= places) {
      this.#at = (this.#at + by + length) % length;
      this.#part = by < 0 ? Number.POSITIVE_INFINITY : 0;
    }
    await this.#show();
  }

  /** Brings the reader to the place. */
  async #show(): Promise<void> {
    const hit = this.#hits[this.#at];
    if (!hit) return;
    const el = await this.log.reveal(hit.id);
    if (hit !== this.#hits[this.#at]) return;
    const places = this.#places();
    this.#part = Math.max(0, Math.min(this.#part, places.length - 1));
    const place = places[this.#part];
    this.#snippet = place ? "" : hit.snippet;
    const box = this.log.el.querySelector("[role=log]");
    if (el && box) {
      const range = place ?? new Range();
      if (!place) range.selectNodeContents(el);
      scrollTo(range, box);
      // What comes into view gets its real height then.
      requestAnimationFrame(() => scrollTo(range, box));
    }
    this.#outline(el);
    this.#paint();
    this.#draw();
  }

  #places(): Range[] {
    const el = this.log.element(this.#hits[this.#at]?.id ?? "");
    return el ? placesOf(el, patternOf(this.#query)) : [];
  }

  #outline(el: HTMLElement | null): void {
    this.#shown?.classList.remove("goose-here");
    el?.classList.add("goose-here");
    this.#shown = el;
  }

  #paintSoon(): void {
    if (this.#hits.length > 0) this.#painting ??= setTimeout(() => this.#paint(), REST);
  }

  #paint(): void {
    clearTimeout(this.#painting);
    this.#painting = undefined;
    if (this.el.hidden) return;
    const pattern = patternOf(this.#query);
    const els = this.#hits.map(({ id }) => this.log.element(id)).filter((el) => el !== undefined);
    this.#all.set(els.flatMap((el) => placesOf(el, pattern)));
    this.#one.set(this.#places().slice(this.#part, this.#part + 1));
  }

  /** As “3 of 17”. */
  #count(): string {
    const sum = (hits: Hit[]) => hits.reduce((total, { count }) => total + count, 0);
    const hit = this.#hits[this.#at];
    if (!hit) return this.#says;
    const here = sum(this.#hits.slice(0, this.#at)) + Math.min(this.#part + 1, hit.count);
    const all = sum(this.#hits);
    return `${here.toLocaleString("en")} of ${all.toLocaleString("en")}${this.#whole ? "" : "+"}`;
  }

  #draw(): void {
    const button = (icon: IconName, label: string, onClick: () => void) => (
      <button type="button" class="goose-icon-button" aria-label={label} title={label} onClick={onClick}>
        <Icon name={icon} />
      </button>
    );
    render(
      <>
        <input
          type="search"
          placeholder="Find in the chat"
          aria-label="Find in the chat"
          value={this.#query}
          onInput={(event) => this.#type(event.currentTarget.value)}
        />
        <span class="goose-muted" role="status">
          {this.#count()}
          {this.#snippet !== "" && <q>{this.#snippet}</q>}
        </span>
        {button("up", "Previous (Shift+Enter)", () => void this.#step(-1))}
        {button("down", "Next (Enter)", () => void this.#step(1))}
        {button("cross", "Close (Escape)", () => this.#close())}
      </>,
      this.el,
    );
  }
}
