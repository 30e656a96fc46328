/** The transcript: its newest items, or an excerpt where the reader went far back; each drawn again only when it changes. */
import { render } from "preact";
import { type Chat, KEPT, MOST, sorry } from "../chat";
import { h } from "../dom";
import { cutOut, type Excerpt, excerptOf, extended } from "../excerpt";
import type { Applied } from "../transcript";
import type { Inbound } from "../wire";
import { Announcer } from "./announce";
import { Drawn } from "./drawn";
import { Icon } from "./icons";
import { type Place, Scroll } from "./scroll";
import { Tail } from "./tail";

/** Items that are drawn at once when a reader scrolls to so many screens from where none are: few, not to miss a frame. */
const STEP = 10;
const AHEAD = 3;

type Around = Extract<Inbound, { type: "around" }>;

export class Log {
  readonly el: HTMLElement;
  readonly announcer = new Announcer();
  readonly #box = h("div", {
    class: "goose-log",
    role: "log",
    "aria-label": "Conversation",
    "aria-live": "polite",
    tabindex: "0",
  });
  readonly #earlier = h("button", { type: "button", class: "goose-button goose-earlier", hidden: "" });
  readonly #later = h("button", { type: "button", class: "goose-button goose-later", hidden: "" });
  readonly #tail = h("div", { class: "goose-tail" });
  readonly #jump = h("button", { type: "button", class: "goose-jump", hidden: "" });
  readonly #drawn: Drawn;
  readonly #scroll: Scroll;
  /** What is shown in place of the newest items. */
  #excerpt: Excerpt | null = null;
  #unread = 0;
  /** The kernel was asked for earlier items, and they have not come. */
  #asking = false;
  /** They could not be had: the next try is the reader's. */
  #stuck = false;
  #wanted: { id: string; give(answer: Around | null): void } | null = null;

  constructor(
    private readonly chat: Chat,
    signal: AbortSignal,
  ) {
    this.#drawn = new Drawn(this.#box, {
      chat,
      around: (change) => this.#scroll.around(change),
      height: () => this.#scroll.height,
    });
    const { el } = this.#drawn;
    this.#box.append(this.#earlier, el, this.#later, this.#tail);
    this.el = h("div", { class: "goose-log-frame" }, this.#box, this.#jump, this.announcer.el);
    const isCut = () => this.#isCut;
    this.#scroll = new Scroll(this.#box, [el, this.#tail], (atEnd) => this.#moved(atEnd), signal, isCut);
    this.#box.addEventListener("scroll", () => this.#walk(), { signal, passive: true });
    this.#jump.addEventListener("click", () => this.toEnd());
    this.#earlier.addEventListener("click", () => this.#up());
    this.#later.addEventListener("click", () => this.#down());
    const forget = chat.addReader(() => this.#excerpt !== null || this.#scroll.isAtEnd());
    signal.addEventListener("abort", () => {
      forget();
      this.#drawn.clear();
      render(null, this.#tail);
      render(null, this.#jump);
    });
    this.#drawn.show(chat.transcript.items);
    this.#label();
    this.drawTail();
  }

  apply(applied: Applied): void {
    if (applied.kind === "changed") this.#change(applied);
    else if (applied.kind === "replaced") this.#replaced(applied.another);
    else if (!this.#excerpt) {
      const wanted = this.#asking && applied.kind === "earlier";
      this.#asking &&= !wanted;
      this.#keep(() => {
        this.#drawn.take(this.chat.transcript.items);
        if (wanted) this.#drawn.up();
      });
    }
  }

  /** Gives the log what was asked for. */
  answer(answer: Around): void {
    if (answer.item !== this.#wanted?.id) return;
    const { give } = this.#wanted;
    this.#wanted = null;
    give(answer.items.length > 0 ? answer : null);
  }

  /** What follows the last item: activity, and prompts on their way. */
  drawTail(): void {
    this.#scroll.around(() => this.#drawTail());
  }

  toEnd(): void {
    if (this.#isCut) {
      this.#excerpt = null;
      this.#keepFocus(() => this.#drawn.show(this.chat.transcript.items));
      this.#label();
    }
    this.#scroll.toEnd();
  }

  /** Wraps a change that leaves the log more or less room. */
  around(change: () => void): void {
    this.#scroll.around(change);
  }

  /** An item's element, if it is drawn. */
  element(id: string): HTMLElement | undefined {
    return this.#drawn.element(id);
  }

  /** The items that are seen. */
  seen(): string[] {
    return this.#scroll.place().map(([id]) => id);
  }

  /** Draws an item, wherever it is in the conversation, and opens what hides its text; null if it can't be had. */
  async reveal(id: string): Promise<HTMLElement | null> {
    const { items } = this.chat.transcript;
    if (!this.element(id) && !this.#drawn.items.has(id)) {
      if (items.has(id)) this.#excerpt = null;
      else {
        const answer = await this.#ask(id);
        if (!answer) return null;
        this.#excerpt = excerptOf(answer);
      }
    }
    if (!this.element(id)) {
      this.#keepFocus(() => this.#drawn.show((this.#excerpt ?? this.chat.transcript).items, id));
      this.#label();
    }
    this.#drawn.open(id);
    this.#scroll.letGo();
    return this.element(id) ?? null;
  }

  /** Whether the newest item is not drawn. */
  get #isCut(): boolean {
    return this.#excerpt !== null || this.#drawn.after > 0;
  }

  #change({ touched, before }: Extract<Applied, { kind: "changed" }>): void {
    const excerpt = this.#excerpt;
    const { items } = this.chat.transcript;
    // Text alone groups nothing, and comes often.
    const isText = [...touched.values()].every((touch) => touch.op === "change" && !touch.patched);
    const atEnd = !isText && this.#scroll.isAtEnd();
    const change = () => {
      for (const [id, touch] of touched) {
        const item = items.get(id);
        if (item) this.announcer.step(before.get(id), item);
        if (touch.op === "add") this.#unread += 1;
        if (touch.op === "change" && item) {
          if (excerpt?.items.has(id)) excerpt.items.set(id, item);
          this.#drawn.update(id, touch);
          continue;
        }
        excerpt?.items.delete(id);
        this.#drawn.remove(id);
        if (touch.op !== "add") continue;
        if (excerpt) excerpt.later += 1;
        else this.#drawn.add(id, atEnd);
      }
      if (!isText) {
        this.#drawn.group();
        this.#label();
      }
      this.#drawTail();
    };
    if (isText) this.#scroll.stream(() => this.#keepFocus(change));
    else if (atEnd) this.#scroll.around(() => this.#keepFocus(change));
    else this.#keep(change);
    if (!this.#excerpt && items.size > 2 * MOST) this.#leave();
  }

  #replaced(another: boolean): void {
    this.#asking = this.#stuck = false;
    const { items } = this.chat.transcript;
    if (another || (!this.#excerpt && this.#scroll.isAtEnd())) {
      this.#excerpt = null;
      this.#keepFocus(() => this.#drawn.show(items));
      this.#drawTail();
      this.#label();
      this.#scroll.toEnd();
    } else if (!this.#excerpt) {
      const place = this.#scroll.place();
      const [id] = place.find(([id]) => items.has(id)) ?? [];
      if (id !== undefined) this.#keep(() => this.#drawn.show(items, id), place);
      else {
        // The reader is farther back than what came. What he sees may have changed too.
        this.#excerpt = { items: new Map(this.#drawn.items), earlier: 0, later: 1 };
        void this.#read(place);
      }
    }
  }

  /** Reads on in an excerpt around the reader's place. */
  async #read(place: Place): Promise<void> {
    const [[id] = [""]] = place;
    const answer = await this.#ask(id);
    if (!answer || !this.#excerpt) return;
    this.#excerpt = excerptOf(answer);
    const { items } = this.#excerpt;
    this.#keep(() => this.#drawn.show(items, id));
  }

  /** Shows no more than an excerpt of what is at hand, so that the rest can go while somebody reads far back. */
  #leave(): void {
    this.#excerpt = cutOut(this.chat.transcript, this.#drawn.ids[0] ?? "", KEPT);
    const { items } = this.#excerpt;
    this.#keep(() => this.#drawn.take(items));
  }

  #walk(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    const near = AHEAD * clientHeight;
    if (scrollTop < near && !this.#stuck) this.#up(STEP);
    else if (this.#isCut && scrollHeight - scrollTop - clientHeight < near) this.#down(STEP);
  }

  #up(count?: number): void {
    const { transcript } = this.chat;
    if (this.#drawn.before > 0) this.#keep(() => this.#drawn.up(count));
    else if (this.#excerpt || transcript.items.size >= MOST) {
      if (!this.#excerpt) this.#leave();
      if (this.#excerpt?.earlier) void this.#extend(this.#drawn.ids[0] ?? "", () => this.#drawn.up(count));
    } else if (transcript.earlier > 0) void this.#askEarlier();
  }

  #down(count?: number): void {
    const { items } = this.chat.transcript;
    const place = this.#excerpt ? this.#scroll.place() : [];
    const id = [...place.map(([id]) => id), this.#drawn.ids.at(-1) ?? ""].find((id) => items.has(id));
    if (this.#drawn.after > 0) this.#keep(() => this.#drawn.down(count));
    else if (this.#excerpt && id !== undefined) {
      // The excerpt has reached the newest items.
      this.#excerpt = null;
      this.#keep(() => this.#drawn.show(items, id), place);
    } else if (this.#excerpt) void this.#extend(this.#drawn.ids.at(-1) ?? "", () => this.#drawn.down(count));
  }

  async #askEarlier(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    this.#stuck = false;
    this.#label();
    const outcome = await this.chat.earlier();
    if (outcome.state === "done" || !this.#asking) return;
    this.#asking = false;
    this.#stuck = true;
    this.#label();
    this.chat.say({ level: "error", text: sorry("Earlier messages were not loaded", outcome) });
  }

  async #extend(id: string, draw: () => void): Promise<void> {
    if (this.#wanted?.id === id) return;
    const answer = await this.#ask(id);
    if (!answer || !this.#excerpt) return;
    this.#excerpt = extended(this.#excerpt, answer, KEPT);
    const { items } = this.#excerpt;
    this.#keep(() => {
      this.#drawn.take(items);
      draw();
    });
  }

  #ask(id: string): Promise<Around | null> {
    this.#wanted?.give(null);
    return new Promise((give) => {
      const wanted = { id, give };
      this.#wanted = wanted;
      void this.chat.do({ type: "around", item: id }).then((outcome) => {
        this.#stuck = outcome.state !== "done";
        if (this.#wanted !== wanted) return;
        this.#wanted = null;
        give(null);
        if (outcome.state !== "done")
          this.chat.say({ level: "error", text: sorry("That part of the chat was not loaded", outcome) });
      });
    });
  }

  /** Makes a change of what is drawn which the reader does not notice. */
  #keep(change: () => void, place?: Place): void {
    this.#scroll.keep(() => {
      this.#keepFocus(change);
      this.#label();
    }, place);
  }

  #label(): void {
    const { earlier, later } = this.#excerpt ?? { earlier: this.chat.transcript.earlier, later: 0 };
    this.#keepFocus(() => {
      for (const [button, count, word] of [
        [this.#earlier, this.#drawn.before + earlier, "earlier"],
        [this.#later, this.#drawn.after + later, "later"],
      ] as const) {
        button.hidden = count === 0;
        button.textContent = `Show ${word} messages (${count.toLocaleString("en")})`;
      }
    });
    if (this.#asking) this.#earlier.textContent = "Loading…";
    this.#tail.hidden = this.#isCut;
  }

  /** What has the focus may go; with it on the page's body the keyboard would be the notebook's. */
  #keepFocus(change: () => void): void {
    const focused = (this.#box.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement | null;
    const isHere = this.#box.contains(focused);
    change();
    if (focused && isHere && (focused.hidden || !focused.isConnected)) this.#box.focus({ preventScroll: true });
  }

  #drawTail(): void {
    render(<Tail chat={this.chat} onShow={(id) => void this.show(id)} />, this.#tail);
  }

  /** Brings the question in an item into sight, and the keyboard to it. */
  async show(id: string): Promise<void> {
    const el = await this.reveal(id);
    el?.scrollIntoView({ block: "nearest" });
    const answer = el?.querySelector<HTMLElement>(".goose-options button");
    answer?.scrollIntoView({ block: "nearest" });
    answer?.focus({ preventScroll: true });
  }

  #moved(atEnd: boolean): void {
    if (atEnd) this.#unread = 0;
    // Told again with every piece of a stream.
    if (atEnd && this.#jump.hidden) return;
    this.#jump.hidden = atEnd;
    const count = this.#unread > 0 ? ` (${this.#unread} new)` : "";
    render(
      <>
        <Icon name="down" />
        Jump to latest{count}
      </>,
      this.#jump,
    );
  }
}
