/** marked's tokens as DOM. No HTML passes: what the agent writes as HTML is shown as text. */
import type { MarkedToken, Token, Tokens } from "marked";
import { h } from "../dom";
import { withPart } from "../parts";
import { zoomable } from "../zoom";
import { codeBlock } from "./codeblock";
import { decodeEntities } from "./entities";
import { languageOfFence } from "./fence";
import type { MathToken } from "./math";
import { imageAddress, linkAddress } from "./urls";

export interface RenderOptions {
  /** Addresses of remote images that the user chose to see; kept outside, so that a redraw remembers. */
  shownImages: Set<string>;
}

export function renderBlocks(tokens: Token[], options: RenderOptions): Node[] {
  return tokens.flatMap((token) => block(token as AnyToken, options));
}

type AnyToken = MarkedToken | MathToken;

function block(token: AnyToken, options: RenderOptions): Node[] {
  switch (token.type) {
    case "space":
    case "def":
      return [];
    case "heading":
      return [h(`h${token.depth as 1 | 2 | 3 | 4 | 5 | 6}`, {}, ...inline(token.tokens, options))];
    case "paragraph":
      return [h("p", {}, ...inline(token.tokens, options))];
    case "code":
      return [codeBlock(token.text, languageOfFence(token))];
    case "blockquote":
      return [h("blockquote", {}, ...renderBlocks(token.tokens, options))];
    case "list":
      return [list(token, options)];
    case "table":
      return [table(token, options)];
    case "hr":
      return [h("hr")];
    case "html":
      return token.text.trim() === "" ? [] : [h("p", { class: "goose-raw" }, token.text.trimEnd())];
    case "text":
      return "tokens" in token && token.tokens ? inline(token.tokens, options) : [text(token.text)];
    case "checkbox":
      return [checkbox(token.checked)];
    case "math":
      return [formula("div", token)];
    default:
      return inline([token], options);
  }
}

function list(token: Tokens.List, options: RenderOptions): HTMLElement {
  const items = token.items.map((item) => {
    const children = item.tokens.flatMap((child) => block(child as AnyToken, options));
    return h("li", item.task ? { class: "goose-task" } : {}, ...children);
  });
  if (!token.ordered) return h("ul", {}, ...items);
  return h("ol", { start: token.start === 1 || token.start === "" ? null : String(token.start) }, ...items);
}

function checkbox(checked: boolean): HTMLElement {
  return h("input", { type: "checkbox", disabled: "", checked: checked ? "" : null });
}

/** In a box of its own, so that a wide table scrolls and the chat does not. */
function table(token: Tokens.Table, options: RenderOptions): HTMLElement {
  const cell = (tag: "th" | "td", { tokens, align }: Tokens.TableCell) =>
    h(tag, { style: align ? `text-align:${align}` : null }, ...inline(tokens, options));
  return h(
    "div",
    { class: "goose-table" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...token.header.map((c) => cell("th", c)))),
      h("tbody", {}, ...token.rows.map((row) => h("tr", {}, ...row.map((c) => cell("td", c))))),
    ),
  );
}

function inline(tokens: Token[], options: RenderOptions): Node[] {
  return tokens.flatMap((token) => span(token as AnyToken, options));
}

function span(token: AnyToken, options: RenderOptions): Node[] {
  switch (token.type) {
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
  const children = inline(token.tokens, options);
  const href = linkAddress(decodeEntities(token.href));
  if (href === null) return [h("span", { class: "goose-no-link", title: token.href }, ...children)];
  return [h("a", { href, target: "_blank", rel: "noopener noreferrer", title: token.title ?? null }, ...children)];
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
