/**
 * Keeps the notebook's shortcuts away from the chat: Shift+Enter would run the cell, `a` and `b` would insert cells.
 * JupyterLab listens in the bubble phase, Notebook 7 in the capture phase, hence both the stop and the marks.
 */
const MARK = "data-lm-suppress-shortcuts";
/** The last five scroll, and browsers let the keyboard focus what scrolls. */
const FOCUSABLE =
  "textarea, button, select, summary, input, a, [tabindex], pre, .goose-table, .goose-data, .goose-thinking, .goose-banners";

export function keepKeys(root: HTMLElement, signal: AbortSignal): void {
  root.setAttribute(MARK, "true");
  root.dataset.jpSuppressContextMenu = "true";
  for (const type of ["keydown", "keyup", "keypress"] as const) {
    root.addEventListener(type, keep, { signal });
  }
  mark(root);
  const observer = new MutationObserver((records) => {
    for (const record of records) {
      for (const node of record.addedNodes) {
        if (node instanceof Element) mark(node);
      }
    }
  });
  observer.observe(root, { childList: true, subtree: true });
  signal.addEventListener("abort", () => observer.disconnect());
}

export function markShortcuts(element: Element): void {
  if (element.matches(FOCUSABLE)) element.setAttribute(MARK, "true");
}

function mark(element: Element): void {
  markShortcuts(element);
  for (const child of element.querySelectorAll(FOCUSABLE)) child.setAttribute(MARK, "true");
}

function keep(event: KeyboardEvent): void {
  const combined = event.ctrlKey || event.metaKey;
  if (combined && event.key === "s" && event.type === "keydown") saveNotebook(event);
  if (!combined || event.key === "Enter") event.stopPropagation();
}

/** The marks make Jupyter deaf for Ctrl+S too, and then it is the browser's; so it is said again outside of them. */
function saveNotebook(event: KeyboardEvent): void {
  const outside = (event.currentTarget as Element).closest(".jp-Notebook");
  if (!outside) return;
  // Jupyter goes by the key's code, which only this old property tells it.
  const { key, code, keyCode, ctrlKey, metaKey } = event;
  const again = new KeyboardEvent("keydown", { key, code, keyCode, ctrlKey, metaKey, bubbles: true, cancelable: true });
  if (!outside.dispatchEvent(again)) event.preventDefault();
}
