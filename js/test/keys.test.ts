import { expect, it, vi } from "vitest";
import { h } from "../src/dom";
import { keepKeys } from "../src/keys";

const MARK = "data-lm-suppress-shortcuts";

function kept() {
  const root = h("div", {}, h("textarea"));
  const outside = vi.fn();
  const page = h("div", {}, root);
  page.addEventListener("keydown", outside);
  document.body.append(page);
  keepKeys(root, new AbortController().signal);
  const press = (init: KeyboardEventInit) =>
    root.firstElementChild?.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, ...init }));
  return { root, outside, press };
}

it("keeps keys from the notebook, but leaves it its Ctrl and Cmd combinations", () => {
  const { outside, press } = kept();
  press({ key: "a" });
  press({ key: "Enter", shiftKey: true });
  press({ key: "Enter", ctrlKey: true });
  expect(outside).not.toHaveBeenCalled();
  press({ key: "s", ctrlKey: true });
  press({ key: "s", metaKey: true });
  expect(outside).toHaveBeenCalledTimes(2);
});

it("says Ctrl+S again where Jupyter hears it", () => {
  const { root, press } = kept();
  const notebook = h("div", { class: "jp-Notebook" });
  const heard: EventTarget[] = [];
  notebook.addEventListener("keydown", (event) => {
    if (event.target) heard.push(event.target);
    event.preventDefault();
  });
  root.replaceWith(notebook);
  notebook.append(root);
  const passed = press({ key: "s", ctrlKey: true, cancelable: true });
  expect(heard).toContain(notebook);
  expect(passed).toBe(false);
});

it("marks the root and everything that takes keys, also what comes later", async () => {
  const { root } = kept();
  expect(root.getAttribute(MARK)).toBe("true");
  expect(root.dataset.jpSuppressContextMenu).toBe("true");
  expect(root.querySelector("textarea")?.getAttribute(MARK)).toBe("true");
  const late = document.createElement("div");
  const tags = ["button", "select", "a", "summary", "pre"];
  late.append(...tags.map((tag) => document.createElement(tag)));
  root.append(late);
  await new Promise((resolve) => setTimeout(resolve));
  expect([...late.children].map((child) => child.getAttribute(MARK))).toEqual(tags.map(() => "true"));
});
