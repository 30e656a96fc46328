import { act } from "preact/test-utils";
import { expect, it, vi } from "vitest";
import type { Traits } from "../src/wire";
import { user } from "./fake";
import { show } from "./show";

const text = (name: string) => new File(["x"], name);

/** An event of the mouse or of the clipboard that brings files along. */
function bringing(type: string, key: "dataTransfer" | "clipboardData", files: File[], more: object = {}) {
  const event = new Event(type, { bubbles: true, cancelable: true });
  const data = { files, types: files.length > 0 ? ["Files"] : ["text/plain"], getData: () => "", dropEffect: "" };
  return Object.assign(event, { [key]: data, ...more });
}

function composer(traits: Partial<Traits> = {}) {
  const chat = show(traits);
  const outside = vi.fn();
  chat.el.addEventListener("drop", outside);
  chat.el.addEventListener("dragover", outside);
  const at = (selector: string) => chat.el.querySelector(selector) ?? chat.el;
  return {
    ...chat,
    outside,
    over: () => chat.el.querySelector(".goose-drop")?.textContent,
    send: async (event: Event, selector = ".goose-log") => {
      await act(async () => void at(selector).dispatchEvent(event));
      return event.defaultPrevented;
    },
    has: (name: string) => vi.waitFor(() => expect(chat.hasButton(`Remove ${name}`)).toBe(true)),
  };
}

it("takes a file that is dropped anywhere on the chat, and nobody else does", async () => {
  const chat = composer();
  expect(await chat.send(bringing("dragover", "dataTransfer", [text("a.txt")]))).toBe(true);
  expect(chat.over()).toBe("Drop to attach");
  expect(await chat.send(bringing("drop", "dataTransfer", [text("a.txt")]))).toBe(true);
  await chat.has("a.txt");
  expect(chat.over()).toBeUndefined();
  expect(chat.outside).not.toHaveBeenCalled();
});

it("is no target any more when the file is dragged out of it", async () => {
  const chat = composer();
  await chat.send(bringing("dragover", "dataTransfer", [text("a.txt")]));
  await chat.send(bringing("dragleave", "dataTransfer", [], { relatedTarget: chat.area() }));
  expect(chat.over()).toBe("Drop to attach");
  await chat.send(bringing("dragleave", "dataTransfer", [], { relatedTarget: document.body }));
  expect(chat.over()).toBeUndefined();
});

it("leaves text that is dragged to the browser", async () => {
  const chat = composer();
  expect(await chat.send(bringing("dragover", "dataTransfer", []))).toBe(false);
  expect([chat.over(), chat.outside.mock.calls.length]).toEqual([undefined, 1]);
});

it.each([{ accepts: [] }, { read_only: true }, { status: "closed" as const }])(
  "takes nothing when %j, and still keeps the page from opening it",
  async (traits) => {
    const chat = composer(traits);
    const event = bringing("dragover", "dataTransfer", [text("a.txt")]);
    expect(await chat.send(event)).toBe(true);
    expect(event).toMatchObject({ dataTransfer: { dropEffect: "none" } });
    expect(chat.over()).toBe("Nothing can be attached here");
    expect(await chat.send(bringing("drop", "dataTransfer", [text("a.txt")]))).toBe(true);
    expect(chat.hasButton("Attach files")).toBe(false);
    expect(chat.hasButton("Remove a.txt")).toBe(false);
  },
);

it("takes files that are pasted, and sends them without a text too", async () => {
  const chat = composer();
  chat.model.acknowledge();
  const area = ".goose-field textarea";
  expect(await chat.send(bringing("paste", "clipboardData", []), area)).toBe(false);
  expect(await chat.send(bringing("paste", "clipboardData", [text("a.txt"), text("b.txt")]), area)).toBe(true);
  await chat.has("b.txt");
  await chat.click("Remove a.txt");
  await chat.press({ key: "Enter" });
  expect(chat.model.actions("prompt")).toMatchObject([{ text: "", attachments: [{ name: "b.txt", data: "eA==" }] }]);
  expect(chat.hasButton("Remove b.txt")).toBe(false);
});

it("waits for what is still being read", async () => {
  const chat = composer();
  const slow = text("a.txt");
  let read = (_content: ArrayBuffer) => {};
  slow.arrayBuffer = () => new Promise((resolve) => (read = resolve));
  chat.type("look");
  await chat.send(bringing("dragover", "dataTransfer", [slow]));
  await chat.send(bringing("drop", "dataTransfer", [slow]));
  await chat.press({ key: "Enter" });
  expect(chat.model.actions("prompt")).toEqual([]);
  expect(chat.text()).toContain("still being read");
  read(new TextEncoder().encode("x").buffer);
  await chat.has("a.txt");
});

it("stays in the draft when its view is made anew", async () => {
  const chat = composer();
  await chat.send(bringing("paste", "clipboardData", [text("a.txt")]), ".goose-field textarea");
  await chat.has("a.txt");
  chat.remove();
  const again = show({ uid: chat.model.get("uid"), session_id: chat.model.get("session_id") });
  expect(again.hasButton("Remove a.txt")).toBe(true);
});

it("says what went with the page", () => {
  localStorage.setItem("goose-widget:files:reloaded /home/ada/analysis", "plot.png");
  const chat = show({ session_id: "reloaded" });
  expect(chat.text()).toContain("plot.png was attached to your draft and is no longer here: attach it again.");
  expect(chat.hasButton("Remove plot.png")).toBe(false);
});

it("is shown in the message: images small, files as a line that opens", async () => {
  const chat = show();
  const content = [
    { type: "resource" as const, uri: "attachment:my%20sales.csv", mime: "text/csv", text: "a,b\n1,ü\n" },
    { type: "image" as const, mime: "image/png", data: "AAAA" },
  ];
  chat.change({ op: "add", item: { ...user("u", "look"), content } });
  const file = chat.item("u").querySelector("details");
  expect(file?.querySelector("summary")?.textContent).toBe("my sales.csv9 bytes");
  expect(file?.querySelector("pre")?.textContent).toBe("a,b\n1,ü");
  expect(file?.open).toBe(false);
  expect(chat.item("u").querySelectorAll("img")).toHaveLength(1);
});
