/** What somebody asks for before it is seen: the list of sessions, the search, changes side by side, data as a tree. */
import { type ComponentProps, render } from "preact";
import { DiffView } from "../items/diffview";
import { Menu } from "../view/menu";

export { dataOf } from "../data";
export { dataView } from "../items/dataview";
export { Find } from "../view/find";

export function drawDiff(el: Element, props: ComponentProps<typeof DiffView>): void {
  render(<DiffView {...props} />, el);
}

export function drawMenu(el: Element, props: ComponentProps<typeof Menu>): void {
  render(<Menu {...props} />, el);
}

export function clear(el: Element): void {
  render(null, el);
}
