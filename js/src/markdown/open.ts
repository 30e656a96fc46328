/**
 * Blocks that are still open. Of each, a beginning is committed: it is neither read nor drawn again, and the text that is
 * read goes on behind it. So a list of thousands of items costs as much per chunk as a short one.
 */
import type { Token, Tokens } from "marked";
import { Flow, type Open, until } from "./flow";
import { morph } from "./morph";
import { addRows, boxes, ITEMS, nodesOf, type RenderOptions, ROWS, renderItem, renderRow } from "./render";

/** Pixels of one line, at least. */
const ITEM_HEIGHT = 19;
const ROW_HEIGHT = 27;

export class OpenList implements Open {
  /** The item whose beginning is committed. */
  item: { el: HTMLElement; flow: Flow } | null = null;
  /** What is committed makes it loose. */
  isLoose = false;
  readonly #parts: Element[];
  #committed: ChildNode | null = null;
  #count = 0;
  readonly #start: number;

  constructor(
    private readonly flow: Flow,
    public el: Element,
    token: Tokens.List,
  ) {
    this.#parts = [el];
    this.#start = token.start === "" ? 0 : token.start;
    for (let more = nodesOf(token); more > 1; more--) {
      el.append(...(el.nextElementSibling?.childNodes ?? []));
      el.nextSibling?.remove();
    }
  }

  /** The first item that is not committed. */
  get next(): ChildNode | null {
    return this.#committed ? this.#committed.nextSibling : this.el.firstChild;
  }

  show(token: Token, _isLast: boolean, options: RenderOptions): boolean {
    if (token.type !== "list") return false;
    const { items, loose } = token as Tokens.List;
    const nodes: HTMLElement[] = [];
    for (const [index, item] of items.entries()) {
      if (index > 0 || !this.item) nodes.push(renderItem(item, options));
      else if (this.item.flow.show(item.tokens, options)) nodes.push(this.item.el);
      else return false;
    }
    if (this.#count >= ITEMS) options.passing?.take(nodes, until(this.next, null), ITEM_HEIGHT);
    morph(this.el, this.#committed, nodes);
    for (const part of this.#parts) part.classList.toggle("goose-tight", !loose && !this.isLoose);
    for (const part of this.#parts) if (part.className === "") part.removeAttribute("class");
    return true;
  }

  commit(items: number): void {
    if (items > 0 && this.item) {
      this.item.flow.close();
      this.item = null;
    }
    for (let left = items; left > 0; left--) {
      const { next } = this;
      if (this.#count > 0 && this.#count % ITEMS === 0) {
        const more = this.el.cloneNode(false) as Element;
        more.classList.add("goose-more");
        if (more.tagName === "OL") more.setAttribute("start", String(this.#start + this.#count));
        more.append(...until(next, null));
        this.el.after(more);
        this.flow.commitNodes(1);
        this.#parts.push(more);
        this.el = more;
      }
      this.#committed = next;
      this.#count += 1;
    }
  }

  close(): void {
    this.commit(until(this.next, null).length);
  }
}

export class OpenQuote implements Open {
  readonly flow: Flow;

  constructor(readonly el: Element) {
    this.flow = new Flow(el);
  }

  show(token: Token, _isLast: boolean, options: RenderOptions): boolean {
    return token.type === "blockquote" && this.flow.show(token.tokens ?? [], options);
  }

  close(): void {
    this.flow.close();
  }
}

export class OpenTable implements Open {
  #body: Element | null;
  #committed: ChildNode | null = null;
  #count = 0;
  /** Those that are drawn and not committed. */
  #rows: Tokens.TableCell[][];
  /** They say how wide columns are. */
  readonly #first: Tokens.TableCell[][];

  constructor(
    readonly el: Element,
    token: Tokens.Table,
  ) {
    this.#first = [token.header];
    this.#rows = token.rows;
    const [first, ...others] = Array.from(el.querySelectorAll("tbody"));
    this.#body = first ?? null;
    for (const other of others) {
      first?.append(...other.childNodes);
      other.closest(".goose-rows")?.remove();
    }
  }

  get next(): ChildNode | null {
    return this.#committed ? this.#committed.nextSibling : (this.#body?.firstChild ?? null);
  }

  show(token: Token, _isLast: boolean, options: RenderOptions): boolean {
    if (token.type !== "table" || !this.#body) return false;
    this.#rows = (token as Tokens.Table).rows;
    const rows = this.#rows.map((row) => renderRow(row, options));
    if (this.#count >= ROWS) options.passing?.take(rows, until(this.next, null), ROW_HEIGHT);
    morph(this.#body, this.#committed, rows);
    return true;
  }

  commit(rows: number): void {
    for (const row of this.#rows.splice(0, rows)) {
      const { next } = this;
      if (this.#count < ROWS) this.#first.push(row);
      else if (this.#count % ROWS === 0) {
        const rest = until(next, null);
        this.#body = addRows(this.el, this.#first);
        this.#body.append(...rest);
      }
      this.#committed = next;
      this.#count += 1;
    }
  }

  close(): void {
    this.commit(this.#rows.length);
  }
}

/** A very long paragraph. */
export class OpenText implements Open {
  #committed: ChildNode | null = null;

  constructor(readonly el: Element) {}

  show(token: Token, _isLast: boolean, options: RenderOptions): boolean {
    if (token.type !== "paragraph" && token.type !== "text") return false;
    morph(this.el, this.#committed, boxes(token.tokens ?? [], options));
    return true;
  }

  commit(count: number): void {
    for (let left = count; left > 0; left--) {
      this.#committed = this.#committed ? this.#committed.nextSibling : this.el.firstChild;
    }
  }

  close(): void {}
}
