/** A mermaid diagram in the place of its source, which can still be seen. */
import { h } from "../dom";
import { withPart } from "../parts";

const REMEMBERED = 50;

/** What became of a source, so that a block which is drawn again shows it at once. */
const known = new Map<string, Node[] | string>();

/** Puts the diagram, when it is drawn, before the code in `frame`; or after it, why it can't be drawn. */
export function addDiagram(frame: HTMLElement, source: string): void {
  const result = known.get(source);
  if (result !== undefined) show(frame, result);
  else {
    withPart("diagrams", ({ draw }) => {
      const end = (result: Node[] | string) => {
        if (known.size >= REMEMBERED) known.delete(known.keys().next().value ?? "");
        known.set(source, result);
        show(frame, result);
      };
      draw(source).then(
        ({ light, dark }) => end([picture(light, "light"), picture(dark, "dark")]),
        ({ message }) => end(message),
      );
    });
  }
}

function picture(src: string, theme: string): HTMLElement {
  return h("img", { src, alt: "Diagram; its source follows", class: `goose-diagram goose-in-${theme}` });
}

function show(frame: HTMLElement, result: Node[] | string): void {
  if (typeof result === "string") {
    frame.append(h("div", { class: "goose-diagram-error" }, `This diagram can't be drawn: ${result}`));
    return;
  }
  const source = frame.querySelector("pre");
  const details = h("details", { class: "goose-diagram-source" }, h("summary", {}, "Source"));
  source?.replaceWith(...result.map((node) => node.cloneNode(true)), details);
  if (source) details.append(source);
}
