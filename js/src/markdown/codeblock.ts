/** A code block: language, Copy button, code. Plain DOM, because it is part of streamed text. */
import { copyText } from "../copy";
import { h } from "../dom";
import { addDiagram } from "./diagram";
import { fillCode } from "./highlight";

const SAID = 1500;

export function codeBlock(text: string, language: string, label = language): HTMLElement {
  const code = h("code");
  fillCode(code, text, language);
  const frame = codeFrame(code, label);
  if (language === "mermaid") addDiagram(frame, text);
  return frame;
}

/** The block around a `code` element that the caller fills. */
export function codeFrame(code: HTMLElement, label: string): HTMLElement {
  const copy = h("button", { type: "button", class: "goose-copy", "aria-label": "Copy code" }, "Copy");
  copy.addEventListener("click", async () => {
    // biome-ignore lint/performance/useDomNodeTextContent: in an open fence line breaks are borders of boxes.
    copy.textContent = (await copyText(code.innerText)) ? "Copied" : "Failed";
    setTimeout(() => {
      copy.textContent = "Copy";
    }, SAID);
  });
  return h(
    "div",
    { class: "goose-code" },
    h("div", { class: "goose-code-bar" }, h("span", {}, label), copy),
    h("pre", {}, code),
  );
}
