/**
 * Plain text that grows. It is kept in boxes of a few kilobytes, so that a new chunk makes the browser lay out one box and
 * not all of the text; with `keep`, the oldest boxes are dropped.
 */
import { h } from "./dom";

const BOX = 4000;

export class TextStream {
  readonly el: HTMLElement;
  /** Characters that are no longer shown. */
  dropped = 0;
  #box: Text | null = null;
  #boxes: number[] = [];
  #length = 0;

  constructor(
    tag: "div" | "code" | "p" = "div",
    private readonly keep = Number.POSITIVE_INFINITY,
  ) {
    this.el = h(tag);
  }

  get length(): number {
    return this.#length;
  }

  append(text: string): void {
    let rest = text;
    while (rest !== "") {
      const room = BOX - (this.#box?.length ?? 0);
      // A box ends with a line; a very long line may exceed it.
      const end = rest.length <= room ? -1 : rest.indexOf("\n", Math.max(0, room));
      if (end < 0) {
        this.#add(rest);
        break;
      }
      // The line break itself is the border between two boxes.
      this.#add(rest.slice(0, end));
      this.#box = null;
      this.#length += 1;
      rest = rest.slice(end + 1);
    }
    this.#trim();
  }

  clear(): void {
    this.el.replaceChildren();
    this.#box = null;
    this.#boxes = [];
    this.#length = 0;
    this.dropped = 0;
  }

  #add(text: string): void {
    if (!this.#box) {
      this.#box = document.createTextNode("");
      this.el.append(h("span", { class: "goose-box" }, this.#box));
      this.#boxes.push(0);
    }
    this.#box.appendData(text);
    this.#boxes.push((this.#boxes.pop() ?? 0) + text.length);
    this.#length += text.length;
  }

  #trim(): void {
    while (this.#boxes.length > 1 && this.#length - (this.#boxes[0] ?? 0) >= this.keep) {
      const gone = (this.#boxes.shift() ?? 0) + 1;
      this.el.firstChild?.remove();
      this.#length -= gone;
      this.dropped += gone;
    }
  }
}
