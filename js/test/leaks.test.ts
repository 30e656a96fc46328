/** Views come and go, as notebooks draw cells anew; what they leave behind adds up. */
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { givePart } from "../src/parts";
import * as panels from "../src/parts/panels";
import * as streaming from "../src/parts/streaming";
import { makeWidget, type Widget } from "../src/widget";
import type { Item } from "../src/wire";
import { agent, FakeModel, keyframe, tool, user } from "./fake";

givePart("panels", panels);
givePart("streaming", streaming);
// Else it is waited for.
givePart("highlight", { colour: () => {} });

const ITEMS: Item[] = [
  user("u", "hi"),
  { id: "th", kind: "thought", text: "hm", started: 1, ended: null },
  ...["a", "b", "c"].map((id) => tool(id, { status: "completed", ended: 2 })),
  tool("running", { output: "x" }),
  agent("s", "| a |\n|---|\n| 1 |\n\n```py\nx"),
];

/** Listeners, observers and timers that are there. */
const alive = new Map<string, number>();
const count = (what: string, by: number) => alive.set(what, (alive.get(what) ?? 0) + by);
const total = () => Object.fromEntries([...alive].filter(([, number]) => number !== 0));

beforeEach(() => {
  vi.useFakeTimers();
  alive.clear();
  for (const [name, target] of Object.entries({ document, window })) {
    const { addEventListener, removeEventListener } = target;
    const added = new Map<unknown, string[]>();
    vi.spyOn(target, "addEventListener").mockImplementation(((type: string, listener: never, options: never) => {
      count(`${name} ${type}`, 1);
      added.set(listener, [...(added.get(listener) ?? []), type]);
      const { signal } = (typeof options === "object" ? options : {}) as AddEventListenerOptions;
      signal?.addEventListener("abort", () => count(`${name} ${type}`, -1));
      addEventListener.call(target, type, listener, options);
    }) as typeof document.addEventListener);
    vi.spyOn(target, "removeEventListener").mockImplementation(((type: string, listener: never, options: never) => {
      if (added.get(listener)?.includes(type)) count(`${name} ${type}`, -1);
      removeEventListener.call(target, type, listener, options);
    }) as typeof document.removeEventListener);
  }
  for (const name of ["ResizeObserver", "MutationObserver"] as const) {
    vi.stubGlobal(
      name,
      class {
        #on = false;
        observe() {
          if (!this.#on) count(name, 1);
          this.#on = true;
        }
        disconnect() {
          if (this.#on) count(name, -1);
          this.#on = false;
        }
      },
    );
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Shows a chat, uses all of it, and takes it away. */
async function use(widget: Widget, model: FakeModel, uses: (el: HTMLElement) => void = () => {}) {
  const el = document.createElement("div");
  document.body.append(el);
  let remove = () => {};
  act(() => {
    remove = widget.render({ model, el });
  });
  for (const name of ["Find in the chat", "Sessions", "Copy session id"]) {
    const buttons = [...el.querySelectorAll("button")];
    const button = buttons.find((each) => (each.getAttribute("aria-label") ?? each.textContent) === name);
    await act(async () => button?.click());
  }
  act(() => uses(el));
  await act(async () => void (await vi.advanceTimersByTimeAsync(2000)));
  act(() => remove());
  await act(async () => void (await vi.advanceTimersByTimeAsync(5000)));
  el.remove();
}

it("leaves no listener, observer or timer behind, however often a view comes and goes", async () => {
  const model = new FakeModel({ uid: "leaks", transcript: keyframe(ITEMS), status: "running" }).acknowledge();
  const widget = makeWidget();
  const close = widget.initialize({ model });
  await use(widget, model);
  const [before, timers, listening] = [total(), vi.getTimerCount(), model.listening];
  expect(before.ResizeObserver).toBeUndefined();
  for (let times = 0; times < 5; times++) await use(widget, model);
  expect(total()).toEqual(before);
  expect([vi.getTimerCount(), model.listening]).toEqual([timers, listening]);
  close();
  expect([vi.getTimerCount(), model.listening]).toEqual([0, 0]);
});

it("draws nothing again while another of ten chats in a notebook streams", async () => {
  const models = Array.from(
    { length: 10 },
    (_, index) => new FakeModel({ uid: `ten-${index}`, transcript: keyframe(ITEMS), status: "running" }),
  );
  const els = models.map((model) => {
    const widget = makeWidget();
    widget.initialize({ model });
    const el = document.createElement("div");
    document.body.append(el);
    act(() => void widget.render({ model, el }));
    return el;
  });
  const before = els.map((el) => [...el.querySelectorAll(".goose-items *")]);
  const append = { op: "append", id: "s", field: "text", text: "y" };
  for (let seq = 0; seq < 20; seq++)
    act(() => models[0]?.receive({ type: "changes", log: "l1", from: seq, seq: seq + 1, changes: [append] }));
  expect(els[0]?.querySelector('[data-id="s"]')?.textContent).toContain("yyyyy");
  els.forEach((el, index) => {
    const now = [...el.querySelectorAll(".goose-items *")];
    const apart = now.filter((node) => !node.closest('[data-id="s"]'));
    expect(apart.every((node) => before[index]?.includes(node))).toBe(true);
    if (index > 0) expect(now).toEqual(before[index]);
  });
});
