/** marked's tokens as DOM. No HTML passes: what the agent writes as HTML is shown as text. */
import type { MarkedToken, Token, Tokens } from "marked";
import { h } from "../dom";
import { withPart } from "../parts";
import { TextStream } from "../textstream";
import { zoomable } from "../zoom";
import { codeBlock } from "./codeblock";
import { decodeEntities } from "./entities";
import { languageOfFence } from "./fence";
import { type Footnote, footnoteOf } from "./footnotes";
import type { MathToken } from "./math";
import type { Passing } from "./passing";
import type { Piece } from "./pieces";
import { sourceOf } from "./sources";
import { imageAddress, linkAddress } from "./urls";

export interface RenderOptions {
  /** Addresses of remote images that the user chose to see; kept outside, so that a redraw remembers. */
  shownImages: Set<string>;
  /** Takes a footnote, which is shown elsewhere. */
  footnote(token: Footnote): void;
  /** The number of a footnote, if it has one yet. */
  number(label: string): number | undefined;
  /** Leaves out what passes unseen; of a part that long messages need. */
  passing?: Passing;
}

/**
 * So many are in one box. The browser lays out and paints the boxes in view, not all: a list or a table of thousands stays
 * as fast as a short one.
 */
export const PART = 64;
export const PART_CLASS = "goose-part";
export const ITEMS = 100;
export const ROWS = 100;

type Known = MarkedToken | MathToken | Footnote | Piece;

export function renderBlocks(tokens: Token[], options: RenderOptions): Node[] {
  return tokens.flatMap((token) => block(token as Known, options));
}

/** How many nodes a block becomes. */
export function nodesOf(token: Token): number {
  if (token.type === "list") return Math.ceil((token as Tokens.List).items.length / ITEMS);
  return token.type === "space" || token.type === "def" || token.type === "footnote" || isEmptyHtml(token) ? 0 : 1;
}

/** The first ones as they are, the others in boxes. */
export function inParts(nodes: Node[]): Node[] {
  const parts = nodes.slice(0, PART);
  for (let at = PART; at < nodes.length; at += PART) {
    parts.push(h("div", { class: PART_CLASS }, ...nodes.slice(at, at + PART)));
  }
  return parts;
}

function block(token: Known, options: RenderOptions): Node[] {
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "footnote":
      options.footnote(token);
      return [];
    case "heading":
      return [leaf(`h${token.depth as 1 | 2 | 3 | 4 | 5 | 6}`, {}, token.tokens, options)];
    case "paragraph":
      return [leaf("p", {}, token.tokens, options)];
    case "code":
      return [codeBlock(token.text, languageOfFence(token))];
    case "blockquote":
      return [h("blockquote", direction(token.text), ...inParts(renderBlocks(token.tokens, options)))];
    case "list":
      return list(token, options);
    case "table":
      return [table(token, options)];
    case "hr":
      return [h("hr")];
    case "html":
      return isEmptyHtml(token) ? [] : [rawText(token.text)];
    case "text":
      // Only an item of a list has text without a paragraph around it: whether it gets one is known at the list's end.
      return "tokens" in token && token.tokens ? [leaf("p", {}, token.tokens, options)] : [text(token.text)];
    case "math":
      return [formula("div", token)];
    default:
      return inline([token as Token], options);
  }
}

function rawText(source: string): HTMLElement {
  const stream = new TextStream("p");
  stream.el.className = "goose-raw";
  stream.append(source.trimEnd());
  return stream.el;
}

function isEmptyHtml(token: Token): boolean {
  return token.type === "html" && token.text.trim() === "";
}

/** An element whose children are text; with `data-md` it can be drawn again when a definition comes. */
function leaf<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | null>,
  tokens: Token[],
  options: RenderOptions,
): HTMLElementTagNameMap[K] {
  return h(tag, { ...attributes, "data-md": sourceOf(tokens) }, ...inline(tokens, options));
}

function list(token: Tokens.List, options: RenderOptions): HTMLElement[] {
  const lists: HTMLElement[] = [];
  for (let at = 0; at < token.items.length; at += ITEMS) {
    const items = token.items.slice(at, at + ITEMS).map((item) => renderItem(item, options));
    const { start } = token;
    const names = [...(token.loose ? [] : ["goose-tight"]), ...(at > 0 ? ["goose-more"] : [])];
    const attributes = {
      class: names.join(" ") || null,
      start: start === "" || start + at === 1 ? null : String(start + at),
      ...direction(token.raw),
    };
    lists.push(h(token.ordered ? "ol" : "ul", attributes, ...items));
  }
  return lists;
}

export function renderItem(item: Tokens.ListItem, options: RenderOptions): HTMLElement {
  const [first, second] = item.tokens;
  const isBare = first?.type === "checkbox" && (second?.type === "text" || second?.type === "paragraph");
  const nodes = renderBlocks(isBare ? item.tokens.slice(1) : item.tokens, options);
  if (isBare && nodes[0] instanceof Element) nodes[0].prepend(checkbox((first as Tokens.Checkbox).checked));
  return h("li", { class: item.task ? "goose-task" : null }, ...inParts(nodes));
}

function checkbox(checked: boolean): HTMLElement {
  return h("input", { type: "checkbox", disabled: "", checked: checked ? "" : null });
}

/** In a box of its own, so that a wide table scrolls and the chat does not. */
function table(token: Tokens.Table, options: RenderOptions): HTMLElement {
  const row = (cells: Tokens.TableCell[]) => renderRow(cells, options);
  const body = h("tbody", {}, ...token.rows.slice(0, ROWS).map(row));
  const box = h(
    "div",
    { class: "goose-table", ...direction(token.raw) },
    h("table", {}, h("thead", {}, row(token.header)), body),
  );
  for (let at = ROWS; at < token.rows.length; at += ROWS) {
    addRows(box, [token.header, ...token.rows.slice(0, ROWS)]).append(...token.rows.slice(at, at + ROWS).map(row));
  }
  return box;
}

export function renderRow(cells: Tokens.TableCell[], options: RenderOptions): HTMLElement {
  const one = ({ header, align, tokens }: Tokens.TableCell) =>
    leaf(header ? "th" : "td", { class: align && `goose-${align}` }, tokens, options);
  return h("tr", {}, ...cells.map(one));
}

const NARROW = 4;
const WIDE = 60;

/** Another table below the first, with columns as wide. How wide follows from the first rows, and not from a layout. */
export function addRows(box: Element, rows: Tokens.TableCell[][]): HTMLElement {
  const [first] = box.children;
  if (first && !box.classList.contains("goose-long")) {
    box.classList.add("goose-long");
    const widths = (rows[0] ?? []).map((_, column) => {
      const lengths = rows.map((row) => Math.min(row[column]?.text.length ?? 0, WIDE));
      return NARROW + lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
    });
    const sum = widths.reduce((total, width) => total + width, 0);
    const columns = widths.map((width) => h("col", { style: `width:${((100 * width) / sum).toFixed(1)}%` }));
    first.prepend(h("colgroup", {}, ...columns));
  }
  const body = h("tbody");
  const table = h("table", {}, first?.firstChild?.cloneNode(true) ?? "", body);
  box.append(h("div", { class: "goose-rows" }, table));
  return body;
}

const LETTER = /\p{L}/u;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdfc\ufe70-\ufefc]/;

/** Which side bullets and borders are on. Inside, every paragraph has its own direction, by its first letter. */
function direction(source: string): { dir: string | null } {
  const letter = LETTER.exec(source)?.[0];
  return { dir: letter !== undefined && RIGHT_TO_LEFT.test(letter) ? "rtl" : null };
}

export function inline(tokens: Token[], options: RenderOptions): Node[] {
  return tokens.flatMap((token) => span(token as Known, options));
}

/** Text that goes on for long, in boxes: the browser lays out the last one, and not all of it. */
export function boxes(tokens: Token[], options: RenderOptions): Node[] {
  const isLong = (tokens as (Token | Piece)[])[0]?.type === "piece";
  return isLong ? inline(tokens, options) : [leaf("span", { class: "goose-box" }, tokens, options)];
}

function span(token: Known, options: RenderOptions): Node[] {
  switch (token.type) {
    case "piece":
      return [leaf("span", { class: "goose-box" }, token.tokens, options)];
    case "text":
      return token.tokens ? inline(token.tokens, options) : [text(token.text)];
    case "escape":
      return [text(token.text)];
    case "strong":
    case "em":
    case "del":
      return [h(token.type, {}, ...inline(token.tokens, options))];
    case "codespan":
      return [h("code", {}, token.text)];
    case "br":
      return [h("br")];
    case "link":
      return link(token, options);
    case "image":
      return [image(token, options)];
    case "checkbox":
      return [checkbox(token.checked)];
    case "math":
      return [formula("span", token)];
    default:
      return [document.createTextNode(token.raw)];
  }
}

/** As it was written, until it is typeset. */
function formula(tag: "div" | "span", { raw, tex, display }: MathToken): HTMLElement {
  const el = h(tag, { class: display ? "goose-math goose-display" : "goose-math" }, raw.trim());
  if (tex !== null) withPart("maths", ({ typeset }) => typeset(el, tex, display));
  return el;
}

function text(source: string): Text {
  return document.createTextNode(decodeEntities(source));
}

function link(token: Tokens.Link, options: RenderOptions): Node[] {
  const label = footnoteOf(token.href);
  if (label !== null) return [reference(label, options.number(label))];
  const children = inline(token.tokens, options);
  const href = linkAddress(decodeEntities(token.href));
  if (href === null) return [h("span", { class: "goose-no-link", title: token.href }, ...children)];
  return [h("a", { href, target: "_blank", rel: "noopener noreferrer", title: token.title ?? null }, ...children)];
}

/** A button: an address in the page would be the notebook's. */
function reference(label: string, number: number | undefined): HTMLElement {
  return h(
    "sup",
    {},
    h("button", { type: "button", "data-note": label, "aria-description": "footnote" }, String(number ?? "")),
  );
}

function image(token: Tokens.Image, options: RenderOptions): Node {
  const address = imageAddress(decodeEntities(token.href));
  const alt = decodeEntities(token.text);
  if (address === null) return document.createTextNode(alt === "" ? token.raw : alt);
  if ("inline" in address) return picture(address.inline, alt);
  if (options.shownImages.has(address.remote)) return picture(address.remote, alt);
  const title = `${address.remote}\nLoading it tells ${address.host} that you read this, and whatever the address contains.`;
  const button = h("button", { type: "button", class: "goose-image-ask", title }, `Show image from ${address.host}`);
  if (alt !== "") button.append(h("small", {}, alt));
  button.addEventListener("click", () => {
    options.shownImages.add(address.remote);
    button.replaceWith(picture(address.remote, alt));
  });
  return button;
}

function picture(src: string, alt: string): HTMLElement {
  return zoomable(h("img", { src, alt, loading: "lazy", referrerpolicy: "no-referrer" }));
}
