/** A chat on a page that has no part yet. */
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Change, Traits } from "../src/wire";
import { FakeModel, keyframe, tool } from "./fake";

const KEY = Symbol.for("goose-widget ");
const queued = (id: string, text: string) => ({ id, text, attachments: [], steers: false });

let count = 0;
let remove = () => {};
let close = () => {};
beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => {}));
afterEach(() => {
  vi.useRealTimers();
  act(() => remove());
  close();
});

async function shown(traits: Partial<Traits>) {
  vi.resetModules();
  Reflect.deleteProperty(globalThis, KEY);
  const { makeWidget } = await import("../src/widget");
  const { givePart } = await import("../src/parts");
  const panels = { ...(await import("../src/parts/panels")) };
  const uid = `late${++count}`;
  const model = new FakeModel({ uid, session_id: uid, status: "running", ...traits });
  const el = document.createElement("div");
  document.body.append(el);
  const widget = makeWidget();
  close = widget.initialize({ model });
  act(() => {
    remove = widget.render({ model, el });
  });
  let seq = model.get("transcript").seq;
  const page = globalThis as unknown as Record<symbol, { entries: Map<string, { waiting: Map<unknown, unknown> }> }>;
  return {
    model,
    el,
    panels,
    come: () => act(() => givePart("panels", panels)),
    waiting: () => page[KEY]?.entries.get("panels")?.waiting.size ?? 0,
    asked: () => {
      const asking = model.sent.filter((message) => message.type === "part" && message.name === "panels");
      return new Set(asking.map(({ aid }) => aid)).size;
    },
    set: <K extends keyof Traits>(name: K, value: Traits[K]) => act(() => model.set(name, value)),
    change: (...changes: Change[]) => {
      act(() => model.receive({ type: "changes", log: "l1", from: seq, seq: seq + 1, changes }));
      seq += 1;
    },
  };
}

it("asks for nothing while there is no use for it", async () => {
  expect((await shown({ status: "ready" })).asked()).toBe(0);
});

it("asks once with the first tool call, before that has any output", async () => {
  const { asked, change } = await shown({});
  change({ op: "add", item: tool("t", { status: "in_progress", ended: null, output: "" }) });
  expect(asked()).toBe(1);
  change({ op: "add", item: tool("t2", { status: "in_progress", ended: null, output: "" }) });
  expect(asked()).toBe(1);
});

it("shows a tool's output and result at once, and as a terminal would later", async () => {
  const ended = { status: "failed" as const, ended: 2 };
  const item = tool("t", {
    ...ended,
    output: "\x1b[31mno\x1b[0m\n",
    content: [{ type: "text", text: "no\n\nExit 1" }],
  });
  const { el, come } = await shown({ transcript: keyframe([item]) });
  const texts = () => [...el.querySelectorAll(".goose-text")].map((each) => each.textContent?.trim());
  expect(texts()).toEqual(["no", "Exit 1"]);
  expect(el.querySelector(".goose-ansi-fg")).toBeNull();
  come();
  expect(texts()).toEqual(["no", "Exit 1"]);
  expect(el.querySelector(".goose-ansi-fg")?.textContent).toBe("no");
});

it("lists what is in the queue, and lets it be changed later", async () => {
  const chat = await shown({ queue: [queued("a", "one\nmore"), queued("b", "two")], queue_paused: "It was stopped." });
  const rows = () => [...chat.el.querySelectorAll(".goose-queue li")].map((row) => row.textContent);
  expect(rows()).toEqual(["one", "two"]);
  expect(chat.el.querySelector(".goose-queue")?.textContent).toContain("2 queuedPaused: It was stopped.");
  const area = chat.el.querySelector(".goose-field textarea") as HTMLTextAreaElement;
  area.value = "three";
  act(() => void area.dispatchEvent(new Event("input", { bubbles: true })));
  act(() => void area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true })));
  expect(rows()).toEqual(["one", "two", "threeSending…"]);
  chat.come();
  expect(chat.el.querySelectorAll(".goose-queue")).toHaveLength(1);
  expect(chat.el.querySelector("[aria-label='Edit: two']")).not.toBeNull();
  expect(rows().at(-1)).toBe("threeSending…");
});

it("waits once for a part, however often it is drawn, and no longer than it is shown", async () => {
  const chat = await shown({ queue: [queued("a", "one")] });
  for (let times = 0; times < 20; times++) chat.set("queue_paused", `${times}`);
  expect(chat.waiting()).toBe(1);
  act(() => remove());
  remove = () => {};
  expect(chat.waiting()).toBe(0);
});

it("asks again with a later drawing for what did not come", async () => {
  vi.useFakeTimers();
  const chat = await shown({ queue: [queued("a", "one")] });
  chat.model.acknowledge("No.");
  await act(async () => void (await vi.advanceTimersByTimeAsync(5000)));
  chat.set("queue_paused", "It was stopped.");
  expect([chat.waiting(), chat.asked()]).toEqual([0, 1]);
  await act(async () => void (await vi.advanceTimersByTimeAsync(10_000)));
  chat.set("queue_paused", "The kernel was restarted.");
  expect(chat.asked()).toBe(2);
});

it("takes the queue away with its last message, and keeps the keyboard in the chat", async () => {
  const chat = await shown({ queue: [queued("a", "one")] });
  chat.come();
  chat.el.querySelector<HTMLElement>("[aria-label='Remove from the queue: one']")?.focus();
  chat.set("queue", []);
  expect(chat.el.querySelector(".goose-queue")).toBeNull();
  expect(document.activeElement).toBe(chat.el.querySelector(".goose-field textarea"));
});

it("attaches nothing when what reads files does not come, and says so", async () => {
  vi.useFakeTimers();
  const chat = await shown({ status: "ready" });
  chat.model.acknowledge("No.");
  const input = chat.el.querySelector("input[type=file]") as HTMLInputElement;
  Object.defineProperty(input, "files", { value: [new File(["x"], "a.txt")] });
  act(() => void input.dispatchEvent(new Event("change", { bubbles: true })));
  act(() => chat.el.querySelector<HTMLElement>(".goose-send")?.click());
  expect(chat.el.querySelector(".goose-hint")?.textContent).toContain("An attachment is still being read.");
  await act(async () => void (await vi.advanceTimersByTimeAsync(1000)));
  expect(chat.el.querySelector(".goose-remark")?.textContent).toMatch(/^Nothing was attached: .* You can send without/);
  expect(chat.el.querySelector(".goose-send")?.getAttribute("title")).toBe("Write a message first.");
});

it("draws the queue again only when it is another", async () => {
  const chat = await shown({ queue: [queued("a", "one")] });
  const draw = vi.fn(chat.panels.drawQueue);
  chat.panels.drawQueue = draw;
  chat.come();
  expect(draw).toHaveBeenCalledOnce();
  const area = chat.el.querySelector(".goose-field textarea") as HTMLTextAreaElement;
  for (const text of ["a", "ab", "abc"]) {
    area.value = text;
    act(() => void area.dispatchEvent(new Event("input", { bubbles: true })));
  }
  chat.set("title", "Another");
  expect(draw).toHaveBeenCalledOnce();
  chat.set("queue", [queued("a", "one, changed")]);
  expect(draw).toHaveBeenCalledTimes(2);
  expect(chat.el.querySelector(".goose-queue")?.textContent).toContain("one, changed");
});
