/** Tells screen readers whole messages, when they are finished: reading out every chunk would drown them. */
import { h } from "../dom";
import { isRejected, toolName } from "../items/permission";
import type { Item } from "../wire";

const LONG = 500;
const KEPT = 3;

export class Announcer {
  readonly el: HTMLElement;
  readonly #polite = h("div", { "aria-live": "polite" });
  readonly #now = h("div", { "aria-live": "assertive" });

  constructor() {
    this.el = h("div", { class: "goose-sr" }, this.#polite, this.#now);
  }

  say(text: string, urgent = false): void {
    const region = urgent ? this.#now : this.#polite;
    // New elements are spoken; the ones before stay a while, because they may not have been yet.
    region.append(h("p", {}, text));
    while (region.children.length > KEPT) region.firstChild?.remove();
  }

  /** Speaks of a step from `before` to `after`, if it is worth it. */
  step(before: Item | undefined, after: Item): void {
    if (after.kind === "tool" && isAsking(after) && !(before && isAsking(before))) {
      this.say(`goose asks for permission: ${toolName(after)}`, true);
    } else if (after.kind === "agent" && after.state !== "streaming" && !(before && isDone(before))) {
      this.say(`goose replied: ${after.text.slice(0, LONG)}`);
    } else if (after.kind === "tool" && after.status === "failed" && !(before && isFailed(before))) {
      this.say(`${isRejected(after.permission) ? "Rejected" : "Failed"}: ${after.title}`);
    }
  }
}

function isAsking(item: Item): boolean {
  return item.kind === "tool" && item.permission?.state === "open";
}

function isDone(item: Item): boolean {
  return item.kind === "agent" && item.state !== "streaming";
}

function isFailed(item: Item): boolean {
  return item.kind === "tool" && item.status === "failed";
}
