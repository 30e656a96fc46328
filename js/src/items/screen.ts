/**
 * A terminal's rows in the document. They are kept in boxes of a few kilobytes, so that a new chunk makes the browser lay
 * out one box and not all of the text; with `keep`, the oldest boxes are dropped.
 */
import { type Row, styleOf, Terminal } from "../ansi";
import { h } from "../dom";

const BOX = 4000;
/** What a coloured piece counts beside its characters: a page of nothing but colours is as bounded as one of text. */
const PIECE = 16;

interface Box {
  el: HTMLElement;
  weight: number;
}

interface Drawn {
  box: Box;
  /** Stands before the row: its line break, or nothing. */
  anchor: Text;
  nodes: ChildNode[];
  weight: number;
}

export class Screen {
  readonly el = h("div");
  /** Some of the text is no longer shown. */
  dropped = false;
  readonly #terminal = new Terminal();
  readonly #drawn = new WeakMap<Row, Drawn>();
  readonly #boxes: Box[] = [];
  #weight = 0;
  #last: Row | null = null;

  constructor(private readonly keep = Number.POSITIVE_INFINITY) {}

  feed(chunk: string): void {
    for (const row of this.#terminal.feed(chunk)) this.#draw(row);
    for (let first = this.#boxes[0]; first && this.#boxes.length > 1; first = this.#boxes[0]) {
      if (this.#weight - first.weight < this.keep) break;
      this.#boxes.shift();
      first.el.remove();
      this.#weight -= first.weight;
      this.dropped = true;
    }
  }

  #draw(row: Row): void {
    const drawn = this.#drawn.get(row) ?? this.#place(row);
    for (const node of drawn.nodes) node.remove();
    drawn.nodes = nodesOf(row);
    drawn.anchor.after(...drawn.nodes);
    const weight = row.length + PIECE * row.runs.length;
    drawn.box.weight += weight - drawn.weight;
    this.#weight += weight - drawn.weight;
    drawn.weight = weight;
  }

  #place(row: Row): Drawn {
    let box = this.#boxes.at(-1);
    // A box can't end with an empty row: the browser would not show it.
    const fits = box && !row.soft && (box.weight < BOX || this.#last?.length === 0);
    this.#last = row;
    if (!box || !fits) {
      box = { el: h("span", { class: "goose-box" }), weight: 0 };
      this.#boxes.push(box);
      this.el.append(box.el);
    }
    const anchor = document.createTextNode(fits ? "\n" : "");
    box.el.append(anchor);
    const drawn = { box, anchor, nodes: [], weight: 0 };
    this.#drawn.set(row, drawn);
    return drawn;
  }
}

export function nodesOf(row: Row): ChildNode[] {
  return row.runs.map(({ text, style }) => {
    if (style === "") return document.createTextNode(text);
    const { classes, fg, bg } = styleOf(style);
    const span = h("span", { class: classes }, text);
    if (fg) span.style.setProperty("--fg", fg);
    if (bg) span.style.setProperty("--bg", bg);
    return span;
  });
}
