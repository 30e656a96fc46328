import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { show } from "./show";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const COMMANDS = [
  { name: "compact", description: "Summarize the conversation", hint: "" },
  { name: "clear", description: "Begin anew", hint: "" },
];

function composer() {
  const chat = show({ commands: COMMANDS });
  chat.model.acknowledge();
  const list = () => chat.el.querySelector("[role=listbox]");
  return {
    ...chat,
    list,
    options: () => [...(list()?.children ?? [])].map((option) => option.querySelector("b")?.textContent),
    chosen: () => chat.el.querySelector("[aria-selected=true] b")?.textContent,
    /** Types, and waits until the files are asked for. */
    write: async (text: string) => {
      chat.type(text);
      await act(async () => void (await vi.advanceTimersByTimeAsync(200)));
    },
    files: (query: string, ...files: string[]) => act(() => chat.model.receive({ type: "files", query, files })),
  };
}

it("offers the commands as a combobox does, and Enter accepts", async () => {
  const chat = composer();
  await chat.write("/c");
  expect(chat.options()).toEqual(["/compact", "/clear"]);
  expect(chat.list()?.textContent).toContain("Summarize the conversation");
  const area = chat.area();
  expect(area.getAttribute("role")).toBe("combobox");
  expect(area.getAttribute("aria-expanded")).toBe("true");
  expect(area.getAttribute("aria-controls")).toBe(chat.list()?.id);
  const active = () => chat.el.querySelector(`[id="${area.getAttribute("aria-activedescendant")}"]`)?.textContent;
  expect(active()).toContain("/compact");
  await chat.press({ key: "ArrowDown" });
  expect([active(), chat.chosen()]).toEqual(["/clearBegin anew", "/clear"]);
  await chat.press({ key: "Enter" });
  expect([area.value, chat.list(), area.getAttribute("role")]).toEqual(["/clear ", null, null]);
  expect(chat.model.actions("prompt")).toEqual([]);
});

it("goes round with the arrows, and begins anew with other options", async () => {
  const chat = composer();
  await chat.write("/");
  await chat.press({ key: "ArrowUp" });
  expect(chat.chosen()).toBe("/clear");
  await chat.press({ key: "ArrowDown" });
  expect(chat.chosen()).toBe("/compact");
  await chat.press({ key: "ArrowDown" });
  await chat.write("/c");
  expect(chat.chosen()).toBe("/compact");
});

it("sends a command that is written out", async () => {
  const chat = composer();
  await chat.write("/compact");
  await chat.press({ key: "Enter" });
  expect(chat.model.actions("prompt")).toMatchObject([{ text: "/compact" }]);
});

it("closes with Escape, which goes no further, until something is typed", async () => {
  const chat = composer();
  const outside = vi.fn();
  chat.el.addEventListener("keydown", outside);
  await chat.write("/c");
  await chat.press({ key: "Escape" });
  expect(chat.list()).toBeNull();
  expect(outside).not.toHaveBeenCalled();
  await chat.write("/cl");
  expect(chat.options()).toEqual(["/clear"]);
});

it.each([
  ["an input method composes", { key: "Enter", isComposing: true }],
  ["a new line is wanted", { key: "Enter", shiftKey: true }],
])("leaves the keys alone while %s", async (_name, key) => {
  const chat = composer();
  await chat.write("/c");
  await chat.press(key);
  expect(chat.area().value).toBe("/c");
  expect(chat.list()).not.toBeNull();
});

it("asks for files when the typing pauses, and shows the answer to the newest question", async () => {
  const chat = composer();
  chat.type("look at @d");
  await chat.write("look at @da");
  expect(chat.model.actions("files")).toMatchObject([{ query: "da" }]);
  chat.files("d", "docs/");
  expect(chat.list()).toBeNull();
  chat.files("da", "data/", "data/my sales.csv");
  expect(chat.options()).toEqual(["data/", "data/my sales.csv"]);
  await chat.write("look at @da-");
  expect(chat.list()).toBeNull();
});

it("puts a file into the text, in quotes if need be, and goes on into a folder", async () => {
  const chat = composer();
  await chat.write("look at @da");
  chat.files("da", "data/", "data/my sales.csv");
  await chat.press({ key: "Tab" });
  expect(chat.area().value).toBe("look at @data/");
  await act(async () => void (await vi.advanceTimersByTimeAsync(200)));
  expect(chat.model.actions("files").at(-1)).toMatchObject({ query: "data/" });
  chat.files("data/", "data/my sales.csv");
  await chat.press({ key: "Enter" });
  expect([chat.area().value, chat.list()]).toEqual(['look at @"data/my sales.csv" ', null]);
});

it("accepts with a click, which does not take the focus from the text", async () => {
  const chat = composer();
  await chat.write("/");
  const option = chat.list()?.lastElementChild;
  const down = new MouseEvent("mousedown", { bubbles: true, cancelable: true });
  await act(async () => {
    option?.dispatchEvent(down);
    option?.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  });
  expect([down.defaultPrevented, chat.area().value]).toEqual([true, "/clear "]);
});

it("opens for nothing that was not typed, as a prompt of the history", async () => {
  const chat = composer();
  chat.change({ op: "add", item: { id: "u", kind: "user", text: "/compact", content: [], time: 1, state: "sent" } });
  await chat.press({ key: "ArrowUp" });
  expect([chat.area().value, chat.list()]).toEqual(["/compact", null]);
});
