import type { Update } from "../transcript";
import type { Item } from "../wire";

/** The view of one item. `update` gets the item as it is now and what happened to it since the last call. */
export interface ItemView<I extends Item = Item> {
  readonly el: HTMLElement;
  update(item: I, touch: Update): void;
  dispose(): void;
}
