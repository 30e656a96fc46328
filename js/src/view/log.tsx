/** The transcript: one view per item, each drawn again only when its own item changes. */
import { render } from "preact";
import { type Chat, sorry } from "../chat";
import { h } from "../dom";
import { createView } from "../items/create";
import type { ItemView } from "../items/view";
import type { Applied } from "../transcript";
import type { Item } from "../wire";
import { Announcer } from "./announce";
import type { Surroundings } from "./context";
import { Icon } from "./icons";
import { Scroll } from "./scroll";
import { Tail } from "./tail";

/** Items that are drawn when a chat is opened, and with each step back. */
const PAGE = 200;

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
  readonly #items = h("div", { class: "goose-items" });
  readonly #tail = h("div", { class: "goose-tail" });
  readonly #jump = h("button", { type: "button", class: "goose-jump", hidden: "" });
  readonly #views = new Map<string, ItemView>();
  readonly #seen = new Map<string, Item>();
  readonly #scroll: Scroll;
  readonly #surroundings: Surroundings;
  /** Ids of items before the first drawn one, newest last. */
  #before: string[] = [];
  #unread = 0;
  /** The kernel was asked for earlier items, and they have not come. */
  #asking = false;

  constructor(
    private readonly chat: Chat,
    signal: AbortSignal,
  ) {
    this.#box.append(this.#earlier, this.#items, this.#tail);
    this.el = h("div", { class: "goose-log-frame" }, this.#box, this.#jump, this.announcer.el);
    this.#scroll = new Scroll(this.#box, [this.#items, this.#tail], (atEnd) => this.#moved(atEnd), signal);
    this.#surroundings = { chat, around: (change) => this.#scroll.around(change) };
    this.#jump.addEventListener("click", () => this.toEnd());
    this.#earlier.addEventListener("click", () => void this.#showEarlier());
    signal.addEventListener("abort", () => this.#clear());
    signal.addEventListener(
      "abort",
      chat.addReader(() => this.#scroll.isAtEnd()),
    );
    this.#replace();
    this.drawTail();
  }

  apply(applied: Applied): void {
    this.#scroll.around(() => {
      if (applied.kind === "replaced") this.#replace();
      if (applied.kind === "changed") this.#change(applied.touched);
      if (applied.kind === "earlier") this.#putBefore(applied.ids);
      if (applied.kind === "dropped") this.#drop(applied.ids);
    });
    if (applied.kind === "replaced" && applied.another) this.toEnd();
  }

  /** What follows the last item: activity, and prompts on their way. */
  drawTail(): void {
    this.#scroll.around(() => render(<Tail chat={this.chat} onShow={(id) => this.#show(id)} />, this.#tail));
  }

  toEnd(): void {
    this.#scroll.toEnd();
  }

  /** Wraps a change that leaves the log more or less room. */
  around(change: () => void): void {
    this.#scroll.around(change);
  }

  #change(touched: Extract<Applied, { kind: "changed" }>["touched"]): void {
    for (const [id, touch] of touched) {
      const item = this.chat.transcript.items.get(id);
      if (touch.op === "remove" || !item) {
        this.#remove(id);
        continue;
      }
      this.announcer.step(this.#seen.get(id), item);
      this.#seen.set(id, item);
      const view = this.#views.get(id);
      if (touch.op === "change") view?.update(item, touch);
      else {
        this.#remove(id);
        this.#items.append(this.#create(item).el);
        this.#unread += 1;
      }
    }
    render(<Tail chat={this.chat} onShow={(id) => this.#show(id)} />, this.#tail);
  }

  #create(item: Item): ItemView {
    const view = createView(item, this.#surroundings);
    this.#views.set(item.id, view);
    this.#seen.set(item.id, item);
    return view;
  }

  #remove(id: string): void {
    this.#forget(id);
    if (this.#before.includes(id)) this.#before = this.#before.filter((other) => other !== id);
  }

  #forget(id: string): void {
    this.#views.get(id)?.dispose();
    this.#views.get(id)?.el.remove();
    this.#views.delete(id);
    this.#seen.delete(id);
  }

  #replace(): void {
    this.#keepFocus(() => this.#clear());
    this.#asking = false;
    this.#before = [...this.chat.transcript.items.keys()];
    this.#drawPage();
  }

  #putBefore(ids: string[]): void {
    this.#before = [...ids, ...this.#before];
    const wanted = this.#asking;
    this.#asking = false;
    if (wanted) this.#drawEarlier();
    else this.#label();
  }

  #drop(ids: string[]): void {
    const gone = new Set(ids);
    this.#before = this.#before.filter((id) => !gone.has(id));
    this.#keepFocus(() => {
      for (const id of ids) this.#forget(id);
    });
    this.#label();
  }

  async #showEarlier(): Promise<void> {
    if (this.#before.length > 0) {
      this.#drawEarlier();
      return;
    }
    this.#asking = true;
    this.#label();
    const outcome = await this.chat.earlier();
    if (outcome.state === "done" || !this.#asking) return;
    this.#asking = false;
    this.#label();
    this.chat.say({ level: "error", text: sorry("Earlier messages were not loaded", outcome) });
  }

  /** The reader keeps his place: what he sees moves down by what is put above it. */
  #drawEarlier(): void {
    const fromEnd = this.#box.scrollHeight - this.#box.scrollTop;
    this.#keepFocus(() => this.#drawPage());
    this.#box.scrollTop = this.#box.scrollHeight - fromEnd;
  }

  #drawPage(): void {
    const ids = this.#before.splice(Math.max(0, this.#before.length - PAGE));
    const items = ids.map((id) => this.chat.transcript.items.get(id)).filter((item) => item !== undefined);
    this.#items.prepend(...items.map((item) => this.#create(item).el));
    this.#label();
  }

  #label(): void {
    const count = this.#before.length + this.chat.transcript.earlier;
    this.#earlier.hidden = count === 0;
    this.#earlier.textContent = this.#asking ? "Loading…" : `Show earlier messages (${count.toLocaleString("en")})`;
  }

  /** What has the focus may go; with it on the page's body the keyboard would be the notebook's. */
  #keepFocus(change: () => void): void {
    const focused = this.#box.querySelector<HTMLElement>(":focus");
    change();
    if (focused && (focused.hidden || !focused.isConnected)) this.#box.focus({ preventScroll: true });
  }

  #show(id: string): void {
    const el = this.#views.get(id)?.el;
    el?.scrollIntoView({ block: "nearest" });
    el?.querySelector<HTMLElement>(".goose-options button")?.focus({ preventScroll: true });
  }

  #clear(): void {
    for (const view of this.#views.values()) view.dispose();
    this.#views.clear();
    this.#seen.clear();
    this.#items.replaceChildren();
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
