/** The items in the document: a run of those at hand. What is far from the reader is let go of, and drawn again. */
import { h } from "../dom";
import { createView } from "../items/create";
import type { ItemView } from "../items/view";
import type { Update } from "../transcript";
import type { Item } from "../wire";
import type { Surroundings } from "./context";
import { Groups } from "./groups";

/** Items that are drawn at once. */
const PAGE = 200;
/** With more items than this, those beyond so many screens above and below the reader are let go of. */
const MANY = 400;
const SCREENS = 5;

export class Drawn {
  readonly el = h("div", { class: "goose-items" });
  readonly #views = new Map<string, ItemView>();
  readonly #groups: Groups;
  #items: ReadonlyMap<string, Item> = new Map();
  #ids: string[] = [];
  /** The drawn ones among them: from, and before which. */
  #from = 0;
  #to = 0;

  constructor(
    private readonly box: HTMLElement,
    private readonly surroundings: Surroundings,
  ) {
    this.#groups = new Groups(surroundings.chat);
  }

  /** How many of the items at hand come before the drawn ones. */
  get before(): number {
    return this.#from;
  }

  /** … and after them. */
  get after(): number {
    return this.#ids.length - this.#to;
  }

  get ids(): string[] {
    return this.#ids.slice(this.#from, this.#to);
  }

  get items(): ReadonlyMap<string, Item> {
    return this.#items;
  }

  element(id: string): HTMLElement | undefined {
    return this.#views.get(id)?.el;
  }

  /** Begins anew: draws the end of `items`, or what is around one of them. */
  show(items: ReadonlyMap<string, Item>, id?: string): void {
    this.clear();
    this.#items = items;
    this.#ids = [...items.keys()];
    const at = id === undefined ? -1 : this.#ids.indexOf(id);
    const end = at < 0 ? this.#ids.length : at + PAGE / 2;
    this.#from = this.#to = Math.max(0, Math.min(end - PAGE, this.#ids.length - PAGE));
    this.#draw(this.#from, this.#from + PAGE);
  }

  /** Goes on with `items`, in which the drawn ones are as they were, or are not any more. */
  take(items: ReadonlyMap<string, Item>): void {
    const rest = this.ids.filter((id) => items.has(id) || this.#forget(id));
    this.#items = items;
    this.#ids = [...items.keys()];
    this.#from = Math.max(0, this.#ids.indexOf(rest[0] ?? ""));
    this.#to = this.#from + rest.length;
    if (rest.length === 0) this.show(items);
    else this.group();
  }

  /** Draws some more of the items before. */
  up(count = PAGE): void {
    const end = this.#from;
    this.#draw(Math.max(0, end - count), end);
    this.#letGo(false);
  }

  /** Draws some more of the items after. */
  down(count = PAGE): void {
    this.#draw(this.#to, this.#to + count);
    this.#letGo(true);
  }

  /** There is one more, at the end. It is not drawn where the reader is far from it. */
  add(id: string, follow: boolean): void {
    this.#ids.push(id);
    if (this.#to !== this.#ids.length - 1 || !(follow || this.#to - this.#from < MANY)) return;
    this.el.append(this.#create(id));
    this.#to += 1;
    if (follow) this.#letGo(true);
  }

  update(id: string, touch: Update): void {
    const item = this.#items.get(id);
    if (item) this.#views.get(id)?.update(item, touch);
  }

  remove(id: string): void {
    const at = this.#ids.indexOf(id);
    if (at < 0) return;
    this.#ids.splice(at, 1);
    if (at < this.#to) this.#to -= 1;
    if (at < this.#from) this.#from -= 1;
    this.#forget(id);
  }

  /** Groups are as the items are; to be called after changes of them. */
  group(): void {
    this.#groups.update(this.ids, this.#items, (id) => this.element(id));
  }

  /** Opens what hides an item's text. */
  open(id: string): void {
    this.#groups.open(id);
    const el = this.element(id);
    el?.querySelector<HTMLElement>(".goose-tool-head[aria-expanded=false]")?.click();
    for (const details of el?.querySelectorAll("details") ?? []) details.open = true;
  }

  clear(): void {
    this.#groups.clear();
    for (const id of [...this.#views.keys()]) this.#forget(id);
    this.#ids = [];
    this.#from = this.#to = 0;
  }

  #draw(from: number, to: number): void {
    const els = this.#ids.slice(from, to).map((id) => this.#create(id));
    if (from < this.#from) this.el.prepend(...els);
    else this.el.append(...els);
    this.#from = Math.min(from, this.#from);
    this.#to = Math.max(from + els.length, this.#to);
    this.group();
  }

  #create(id: string): HTMLElement {
    const view = createView(this.#items.get(id) as Item, this.surroundings);
    this.#views.set(id, view);
    return view.el;
  }

  /** Lets go of the first or of the last ones, far from what is seen. */
  #letGo(first: boolean): void {
    const most = this.#to - this.#from - MANY;
    if (most <= 0) return;
    const { top, bottom, height } = this.box.getBoundingClientRect();
    const far = SCREENS * height;
    const gone: string[] = [];
    for (const id of first ? this.ids : this.ids.reverse()) {
      const rect = this.element(id)?.getBoundingClientRect();
      // One in a closed group has no height; it goes with what is beyond it.
      if (gone.length >= most || !rect) break;
      if (rect.height > 0 && (first ? rect.bottom > top - far : rect.top < bottom + far)) break;
      gone.push(id);
    }
    for (const id of gone) this.#forget(id);
    if (first) this.#from += gone.length;
    else this.#to -= gone.length;
    if (gone.length > 0) this.group();
  }

  #forget(id: string): void {
    this.#views.get(id)?.dispose();
    this.element(id)?.remove();
    this.#views.delete(id);
  }
}
