/** A sequence of blocks in the document: those that are committed, and those that more text can still change. */
import type { Token } from "marked";
import { h } from "../dom";
import { morph } from "./morph";
import { nodesOf, PART, PART_CLASS, type RenderOptions, renderBlocks } from "./render";

/** A block of which a beginning is committed. */
export interface Open {
  readonly el: Element;
  /** Draws what is left of it; false if the token is another block. `isLast`: nothing stands behind it yet. */
  show(token: Token, isLast: boolean, options: RenderOptions): boolean;
  /** All of it is committed. */
  close(): void;
}

/** A sequence of blocks: the message, a quotation, an item of a list. */
export class Flow {
  /** The first block that is not committed, if its beginning is. */
  open: Open | null = null;
  #part: Element;
  #committed: ChildNode | null = null;
  #count = 0;

  /** Children of `el` from `end` on are not the flow's. */
  constructor(
    readonly el: Element,
    private readonly end: () => ChildNode | null = () => null,
  ) {
    this.#part = el;
    for (const part of Array.from(el.children)) {
      if (part.className === PART_CLASS) part.replaceWith(...part.childNodes);
    }
  }

  /** The first node that is not committed. */
  get next(): ChildNode | null {
    const next: ChildNode | null = this.#committed ? this.#committed.nextSibling : this.#part.firstChild;
    return next === this.#end ? null : next;
  }

  get #end(): ChildNode | null {
    return this.#part === this.el ? this.end() : null;
  }

  /** Draws what is not committed; false if the first token does not go on with the open block. */
  show(tokens: Token[], options: RenderOptions): boolean {
    const nodes: Node[] = [];
    let rest = tokens;
    if (this.open) {
      const at = tokens.findIndex((token) => token.type !== "space");
      const token = tokens[at];
      if (!token || !this.open.show(token, at === tokens.length - 1, options)) return false;
      nodes.push(this.open.el);
      rest = tokens.slice(at + 1);
    }
    nodes.push(...renderBlocks(rest, options));
    morph(this.#part, this.#committed, nodes, this.#end);
    return true;
  }

  /** These are drawn already, and stay. */
  commit(tokens: Token[]): void {
    let rest = tokens;
    if (this.open) {
      const at = tokens.findIndex((token) => token.type !== "space");
      if (at < 0) return;
      this.open.close();
      this.open = null;
      this.commitNodes(1);
      rest = tokens.slice(at + 1);
    }
    this.commitNodes(rest.reduce((sum, token) => sum + nodesOf(token), 0));
  }

  commitNodes(count: number): void {
    for (let left = count; left > 0; left--) {
      const { next } = this;
      if (!next) return;
      if (this.#count > 0 && this.#count % PART === 0) {
        const part = h("div", { class: PART_CLASS });
        const rest = until(next, this.#end);
        this.el.insertBefore(part, this.end());
        part.append(...rest);
        this.#part = part;
      }
      this.#committed = next;
      this.#count += 1;
    }
  }

  close(): void {
    this.open?.close();
    this.open = null;
    this.commitNodes(until(this.next, this.#end).length);
  }

  /** Back to what was committed when `mark` was made. */
  reset(mark: { part: Element; committed: ChildNode | null; count: number }): void {
    this.open = null;
    while (this.#part !== mark.part) {
      const { previousElementSibling: before } = this.#part;
      this.#part.remove();
      this.#part = before?.className === PART_CLASS ? before : this.el;
    }
    this.#committed = mark.committed;
    this.#count = mark.count;
    morph(this.#part, this.#committed, [], this.#end);
  }

  mark() {
    return { part: this.#part, committed: this.#committed, count: this.#count };
  }
}

/** The siblings from `node` to `end`. */
export function until(node: ChildNode | null, end: ChildNode | null): ChildNode[] {
  const nodes: ChildNode[] = [];
  for (let next = node; next && next !== end; next = next.nextSibling) nodes.push(next);
  return nodes;
}
