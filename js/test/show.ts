/** A chat shown in the test's document, and how a user finds things in it. */
import { act } from "preact/test-utils";
import { givePart } from "../src/parts";
import * as panels from "../src/parts/panels";
import * as streaming from "../src/parts/streaming";
import { makeWidget } from "../src/widget";
import type { Change, Traits } from "../src/wire";
import { FakeModel } from "./fake";

/** Where a message is written; a queued one is edited in another. */
const AREA = ".goose-field textarea";

givePart("panels", panels);
givePart("streaming", streaming);

let shown = 0;

/** `manager`: what the front end's widget manager would be. */
export function show(traits: Partial<Traits> = {}, manager?: unknown) {
  const id = `show-${++shown}`;
  const model = new FakeModel({ uid: id, session_id: id, ...traits });
  model.widget_manager = manager;
  const el = document.createElement("div");
  document.body.append(el);
  const widget = makeWidget();
  const close = widget.initialize({ model });
  let remove = () => {};
  act(() => {
    remove = widget.render({ model, el });
  });
  let seq = model.get("transcript").seq;
  return {
    widget,
    model,
    el,
    remove,
    close,
    change: (...changes: Change[]) => {
      act(() => model.receive({ type: "changes", log: "l1", from: seq, seq: seq + 1, changes }));
      seq += 1;
    },
    set: <K extends keyof Traits>(name: K, value: Traits[K]) => act(() => model.set(name, value)),
    item: (itemId: string) => found(el.querySelector<HTMLElement>(`[data-id="${itemId}"]`), itemId),
    button: (name: string) => found(button(el, name), name),
    hasButton: (name: string) => button(el, name) !== undefined,
    text: () => el.textContent ?? "",
    area: () => found(el.querySelector<HTMLTextAreaElement>(AREA), "textarea"),
    click: async (name: string) => act(async () => found(button(el, name), name).click()),
    type: (text: string) =>
      act(() => {
        const area = found(el.querySelector<HTMLTextAreaElement>(AREA), "textarea");
        area.value = text;
        area.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    press: async (init: KeyboardEventInit & { keyCode?: number }) =>
      act(async () => {
        const event = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...init });
        found(el.querySelector(AREA), "textarea").dispatchEvent(event);
      }),
  };
}

function button(el: HTMLElement, name: string): HTMLButtonElement | undefined {
  const buttons = [...el.querySelectorAll("button")].filter((candidate) => !candidate.hidden);
  return buttons.find((candidate) => (candidate.getAttribute("aria-label") ?? candidate.textContent?.trim()) === name);
}

function found<T>(element: T | null | undefined, what: string): T {
  if (!element) throw new Error(`no ${what}`);
  return element;
}
