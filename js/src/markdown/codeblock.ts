/** A code block: language, Copy button, code. Plain DOM, because it is part of streamed text. */
import { copyButton } from "../copy";
import { h } from "../dom";
import { addDiagram } from "./diagram";
import { fillCode } from "./highlight";

export function codeBlock(text: string, language: string, label = language): HTMLElement {
  const code = h("code");
  fillCode(code, text, language);
  const frame = codeFrame(code, label);
  complete(frame, text, language, label);
  return frame;
}

/** All of the code is in its frame: adds what only then can be used. */
export function complete(frame: HTMLElement, text: string, language: string, label = language): void {
  if (language === "mermaid") addDiagram(frame, text);
  if (CELL.test(label)) frame.querySelector(".goose-copy")?.after(toCell());
}

/** Code that a cell can run; whether there are cells, and this is an answer of goose's, is known to `cells.ts` and the styles. */
const CELL = /^(?:i?python3?|py)?$/i;

function toCell(): HTMLElement {
  return h(
    "button",
    { type: "button", class: "goose-copy goose-to-cell", "aria-label": "Insert into a new cell" },
    "To next cell",
  );
}

/** The block around a `code` element that the caller fills. */
export function codeFrame(code: HTMLElement, label: string): HTMLElement {
  // biome-ignore lint/performance/useDomNodeTextContent: in an open fence line breaks are borders of boxes.
  const copy = copyButton("Copy code", () => code.innerText);
  return h(
    "div",
    { class: "goose-code" },
    h("div", { class: "goose-code-bar" }, h("span", {}, label), copy),
    h("pre", {}, code),
  );
}
