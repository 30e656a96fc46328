/** Typesets maths with KaTeX. Its fonts are in the style sheet: nothing is fetched. */

import css from "text:maths.css";
import katex from "katex";

/** Longer ones stay as they are written. */
const LIMIT = 10_000;
const REMEMBERED = 300;

/** What is drawn again as its paragraph streams need not be typeset again; null: KaTeX does not understand it. */
const known = new Map<string, Node | null>();

/** Puts the formula in place of what is in `el`, unless it can't be read. */
export function typeset(el: HTMLElement, tex: string, display: boolean): void {
  const key = `${display} ${tex}`;
  let formula = known.get(key);
  if (formula === undefined) {
    formula = render(tex, display);
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value ?? "");
    known.set(key, formula);
  }
  if (!formula) return;
  el.replaceChildren(formula.cloneNode(true));
  styleShadowOf(el);
}

function render(tex: string, display: boolean): Node | null {
  if (tex.length > LIMIT) return null;
  addStyle(document.head);
  const el = document.createElement("span");
  try {
    // `trust` is off: no links, no images, no HTML.
    katex.render(tex, el, { displayMode: display, throwOnError: true, strict: "ignore", trust: false, maxSize: 30 });
  } catch {
    return null;
  }
  return el.firstChild;
}

const STYLE = "goose-maths-style";

/** In the page's head, since fonts are known in shadow roots only from there. */
function addStyle(home: ParentNode & Node): void {
  if (home.querySelector(`#${STYLE}`)) return;
  const style = document.createElement("style");
  style.id = STYLE;
  style.textContent = css;
  home.append(style);
}

const drawn = new Set<Node>();

/** marimo shows widgets in shadow roots, which no style outside reaches. An element has its place when all is drawn. */
function styleShadowOf(el: Node): void {
  if (drawn.add(el).size > 1) return;
  requestAnimationFrame(() => {
    for (const root of new Set([...drawn].map((node) => node.getRootNode()))) {
      if (root instanceof ShadowRoot) addStyle(root);
    }
    drawn.clear();
  });
}
