import { markShortcuts } from "./keys";

/** Makes an element: `h("a", { href }, "text", child)`. Attributes that are null are left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | null> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, value);
  }
  markShortcuts(element);
  element.append(...children);
  return element;
}
