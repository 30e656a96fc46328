import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { patternOf, placesOf } from "../src/view/marks";
import type { Hit, Item } from "../src/wire";
import { agent, keyframe, texts, tool } from "./fake";
import { show } from "./show";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the places of a text", () => {
  const places = (text: string, ...children: (Node | string)[]) => {
    const el = document.createElement("div");
    el.append(...children);
    return placesOf(el, patternOf(text)).map((range) => range.toString());
  };
  const h = (tag: string, text: string, name = "") => {
    const el = document.createElement(tag);
    el.className = name;
    el.textContent = text;
    return el;
  };

  it("are found across elements, in any case, with any white space", () => {
    expect(places("bold TEXT", "a ", h("b", "bold"), " text and Bold\n text")).toEqual(["bold text", "Bold\n text"]);
  });

  it("are found after letters that have no single small letter", () => {
    expect(places("x", "İİ ", h("i", "x"), "y")).toEqual(["x"]);
  });

  it("are plain text", () => {
    expect(places("a.b*(", "a.b*( and aXbb(")).toEqual(["a.b*("]);
    expect(places("\\d-]", "1 \\d-]")).toEqual(["\\d-]"]);
  });

  it("are not in what is only said to screen readers, or on buttons", () => {
    expect(places("copy", h("button", "Copy"), h("span", "copy", "goose-sr"), "a copy")).toEqual(["copy"]);
  });
});

function kernel(items: Item[], { earlier = 0, hits }: { earlier?: number; hits: Hit[] }) {
  const chat = show({ transcript: keyframe(items.slice(earlier), { earlier }) });
  const found = { type: "found", log: "l1", hits, whole: true };
  const state = { chat, found, answers: true };
  chat.model.kernel = (action) => {
    const answer = (message: unknown) => act(() => chat.model.receive(message));
    if (action.type === "find" && state.answers) answer({ ...state.found, query: action.query });
    if (action.type === "around") {
      const at = items.findIndex(({ id }) => id === action.item);
      const start = Math.max(0, at - 5);
      const part = items.slice(start, at < 0 ? 0 : at + 6);
      const later = items.length - start - part.length;
      answer({ type: "around", log: "l1", item: action.item, items: part, earlier: start, later });
    }
    answer({ type: "ack", aid: action.aid, error: null });
  };
  return state;
}

const hit = (id: string, count = 1, snippet = ""): Hit => ({ id, count, snippet });
type Shown = ReturnType<typeof show>;
const bar = ({ el }: Shown) => el.querySelector<HTMLElement>(".goose-find") as HTMLElement;
const field = (chat: Shown) => bar(chat).querySelector("input") as HTMLInputElement;
const status = (chat: Shown) => bar(chat).querySelector("[role=status]")?.textContent;
const here = ({ el }: Shown) => el.querySelector<HTMLElement>(".goose-here")?.dataset.id;
const settle = () => act(async () => void (await vi.advanceTimersByTimeAsync(300)));

async function type(chat: Shown, text: string) {
  field(chat).value = text;
  act(() => void field(chat).dispatchEvent(new Event("input", { bubbles: true })));
  await settle();
}

async function press(el: Element, key: string, init: KeyboardEventInit = {}) {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  el.dispatchEvent(event);
  await settle();
  return event.defaultPrevented;
}

async function look(chat: Shown, text: string) {
  await chat.click("Find in the chat");
  await type(chat, text);
}

it("leads through all places, from one item to the next and around", async () => {
  const items = [agent("a", "x and x", "done"), agent("b", "y", "done"), agent("c", "X", "done")];
  const { chat } = kernel(items, { hits: [hit("a", 2), hit("c")] });
  await look(chat, "x");
  expect([status(chat), here(chat)]).toEqual(["3 of 3", "c"]); // the newest first
  await press(field(chat), "Enter");
  expect([status(chat), here(chat)]).toEqual(["1 of 3", "a"]);
  await press(field(chat), "Enter");
  expect([status(chat), here(chat)]).toEqual(["2 of 3", "a"]);
  await chat.click("Next (Enter)");
  expect([status(chat), here(chat)]).toEqual(["3 of 3", "c"]);
  await press(field(chat), "Enter", { shiftKey: true });
  expect([status(chat), here(chat)]).toEqual(["2 of 3", "a"]);
  await press(field(chat), "F3", { shiftKey: true });
  await chat.click("Previous (Shift+Enter)");
  expect([status(chat), here(chat)]).toEqual(["3 of 3", "c"]);
});

it("asks once for what is typed, and says what is not there", async () => {
  const state = kernel([], { hits: [] });
  await look(state.chat, "no");
  expect(state.chat.model.actions("find")).toMatchObject([{ query: "no" }]);
  expect(status(state.chat)).toBe("Nothing found");
  await type(state.chat, " ");
  expect([status(state.chat), state.chat.model.actions("find").length]).toEqual(["", 1]);
});

it("says that there are more than it was told of, and ignores answers to others", async () => {
  const state = kernel([agent("a", "x", "done")], { hits: [hit("a")] });
  Object.assign(state.found, { whole: false });
  await look(state.chat, "x");
  expect(status(state.chat)).toBe("1 of 1+");
  for (const other of [{ query: "y" }, { query: "x", log: "l2" }]) {
    act(() => state.chat.model.receive({ ...state.found, hits: [], whole: true, ...other }));
  }
  expect(status(state.chat)).toBe("1 of 1+");
});

it("says why nothing could be looked for", async () => {
  const state = kernel([], { hits: [] });
  state.chat.model.kernel = (action) =>
    act(() => state.chat.model.receive({ type: "ack", aid: action.aid, error: "The log is gone." }));
  await look(state.chat, "x");
  expect(status(state.chat)).toBe("Nothing could be looked for: The log is gone.");
});

it("shows an item that the page does not hold with those around it, and leads back", async () => {
  const state = kernel(texts(0, 900), { earlier: 600, hits: [hit("i50"), hit("i899")] });
  const { chat } = state;
  const ids = () => [...chat.el.querySelectorAll<HTMLElement>("[data-id]")].map(({ dataset }) => dataset.id);
  await look(chat, "text");
  await press(field(chat), "Enter");
  expect([status(chat), here(chat), ids().at(0), ids().at(-1)]).toEqual(["1 of 2", "i50", "i45", "i55"]);
  expect(chat.hasButton("Show earlier messages (45)")).toBe(true);
  chat.change({ op: "add", item: agent("new", "said meanwhile", "done") });
  expect(ids()).not.toContain("new");
  await press(field(chat), "Enter");
  expect([here(chat), ids().at(-1)]).toEqual(["i899", "new"]);
});

it("says so when the item is gone", async () => {
  const { chat } = kernel(texts(0, 5), { hits: [hit("gone", 1, "what it was")] });
  await look(chat, "text");
  expect([status(chat), here(chat)]).toEqual(["1 of 1what it was", undefined]);
});

it("opens the group, the card and the thought in which a text is", async () => {
  const call = (id: string) => tool(id, { status: "completed", ended: 2, output: `needle ${id}` });
  const thought: Item = { id: "t", kind: "thought", text: "needle", started: 1, ended: 2 };
  const items = [thought, call("a"), call("b"), call("c")];
  const { chat } = kernel(items, { hits: [hit("t"), hit("b")] });
  await look(chat, "needle");
  expect(chat.item("b").textContent).toContain("needle b");
  expect(chat.el.querySelector(".goose-folded")).toBeNull();
  await press(field(chat), "Enter");
  expect(chat.item("t").querySelector("details")?.open).toBe(true);
});

it("is opened by a key in the chat, closed by another, and gives the focus back", async () => {
  const { chat } = kernel([], { hits: [] });
  chat.area().focus();
  expect(await press(chat.area(), "f", { ctrlKey: true })).toBe(true);
  expect([bar(chat).hidden, document.activeElement]).toEqual([false, field(chat)]);
  expect(await press(field(chat), "f", { ctrlKey: true })).toBe(false); // the browser's own
  expect(await press(field(chat), "Escape")).toBe(true);
  expect([bar(chat).hidden, document.activeElement]).toEqual([true, chat.area()]);
  expect(await press(chat.area(), "F3")).toBe(false);
  expect(await press(chat.area(), "f", { ctrlKey: true, shiftKey: true })).toBe(false);
});

it("looks again when the turn has ended and when the conversation is another, and stays where it is", async () => {
  const state = kernel([agent("a", "x", "done"), agent("b", "x", "done")], { hits: [hit("a"), hit("b")] });
  const { chat } = state;
  await look(chat, "x");
  await press(field(chat), "Enter");
  expect([status(chat), here(chat)]).toEqual(["1 of 2", "a"]);
  chat.set("status", "running");
  chat.change({ op: "add", item: agent("c", "x", "done") });
  state.found.hits = [hit("a"), hit("b"), hit("c")];
  chat.set("status", "ready");
  await settle();
  expect([status(chat), here(chat)]).toEqual(["1 of 3", "a"]);
  await press(field(chat), "Escape");
  const asked = chat.model.actions("find").length;
  chat.set("status", "running");
  chat.set("status", "ready");
  await settle();
  expect(chat.model.actions("find")).toHaveLength(asked); // nobody looks
});
