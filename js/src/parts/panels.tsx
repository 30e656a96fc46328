/**
 * What a chat does not begin with: output as a terminal shows it, changes side by side, the queue; and what somebody asks
 * for before it is seen: the list of sessions, the search, files that go with a prompt, code in new cells.
 */
import { type ComponentProps, render } from "preact";
import { Queue, type QueueProps } from "../composer/queue";
import { DiffView } from "../items/diffview";
import { Menu } from "../view/menu";

export { terminalText } from "../ansi";
export { readInto } from "../composer/reading";
export { OutputView } from "../items/output";
export { insertCell } from "../newcell";
export { Find } from "../view/find";

export function drawDiff(el: Element, props: ComponentProps<typeof DiffView>): void {
  render(<DiffView {...props} />, el);
}

export function drawMenu(el: Element, props: ComponentProps<typeof Menu>): void {
  render(<Menu {...props} />, el);
}

export function drawQueue(el: Element, props: QueueProps): void {
  render(<Queue {...props} />, el);
}

export function clear(el: Element): void {
  render(null, el);
}
