/** Where a text is on the page, and its colours there: the browser's own highlights, so that the document stays as it is. */

/** Told to screen readers, said a second time, or a button's. */
const APART = ".goose-sr, button:not(.goose-tool-head), .goose-tool-summary, .goose-tool-status";

/** As the kernel looks for it: case does not matter, nor does white space. */
export function patternOf(query: string): RegExp {
  const words = query.trim().split(/\s+/);
  return new RegExp(words.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("\\s+"), "giu");
}

/** The places of a text in an element, however it is made of nodes. */
export function placesOf(el: Element, pattern: RegExp): Range[] {
  const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT, (node) =>
    node.parentElement?.closest(APART) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
  );
  const nodes: [node: Node, start: number][] = [];
  let text = "";
  while (walker.nextNode()) {
    nodes.push([walker.currentNode, text.length]);
    text += walker.currentNode.nodeValue;
  }
  const ranges: Range[] = [];
  let at = 0;
  for (const { index, 0: found } of text.matchAll(pattern)) {
    const range = new Range();
    const begins = ([, start]: [Node, number], next: number) => start <= next;
    const find = (next: number) => {
      while (at + 1 < nodes.length && begins(nodes[at + 1] as [Node, number], next)) at += 1;
      return nodes[at] as [Node, number];
    };
    const [first, start] = find(index);
    range.setStart(first, index - start);
    const [last, end] = find(index + found.length - 1);
    range.setEnd(last, index + found.length - end);
    ranges.push(range);
  }
  return ranges;
}

/** Ranges under one of the names in `find.css`, which all chats of a page share. */
export class Marks {
  #mine: Range[] = [];

  constructor(
    private readonly name: string,
    private readonly priority: number,
  ) {}

  set(ranges: Range[]): void {
    const all = globalThis.CSS?.highlights;
    if (!all) return;
    let highlight = all.get(this.name);
    if (!highlight) {
      highlight = new Highlight();
      highlight.priority = this.priority;
      all.set(this.name, highlight);
    }
    for (const range of this.#mine) highlight.delete(range);
    for (const range of ranges) highlight.add(range);
    this.#mine = ranges;
  }
}

/** Scrolls so that the range is seen in `box`, and in every box in between. */
export function scrollTo(range: Range, box: Element): void {
  for (let el = range.startContainer.parentElement; el; el = el.parentElement) {
    if (el === box || /auto|scroll/.test(getComputedStyle(el).overflowY)) {
      const { top, bottom } = range.getBoundingClientRect();
      const rect = el.getBoundingClientRect();
      if (top < rect.top || bottom > rect.bottom) el.scrollTop += top - rect.top - rect.height / 3;
    }
    if (el === box) break;
  }
}
