import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TIMING } from "../src/outbox";
import { show } from "./show";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = (ms = 0) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

it("sends with Enter and with the button", async () => {
  const chat = show();
  chat.model.acknowledge();
  chat.type("one");
  await chat.press({ key: "Enter" });
  await settle();
  expect(chat.area().value).toBe("");
  chat.type("two");
  await chat.click("Send");
  await settle();
  expect(chat.model.actions("prompt")).toMatchObject([{ text: "one" }, { text: "two" }]);
});

it.each([
  ["Shift+Enter", { key: "Enter", shiftKey: true }],
  ["Enter of an input method", { key: "Enter", isComposing: true }],
  ["Enter of an old input method", { key: "Enter", keyCode: 229 }],
])("does not send with %s", async (_name, key) => {
  const chat = show();
  chat.type("one");
  await chat.press(key);
  expect(chat.model.actions("prompt")).toEqual([]);
  expect(chat.area().value).toBe("one");
});

it("does not send nothing", async () => {
  const chat = show();
  chat.type("  \n");
  await chat.press({ key: "Enter" });
  expect(chat.model.actions("prompt")).toEqual([]);
});

it.each(["running", "waiting"] as const)("offers Stop, and queues, while goose is %s", async (status) => {
  const chat = show({ status });
  chat.model.acknowledge();
  expect(chat.hasButton("Send")).toBe(false);
  chat.type("next");
  await chat.press({ key: "Enter" });
  expect(chat.model.actions("prompt")).toMatchObject([{ text: "next", attachments: [] }]);
  chat.type("and then");
  await chat.click("Queue");
  expect(chat.model.actions("prompt")).toHaveLength(2);
  await chat.click("Stop");
  expect(chat.model.actions("stop")).toHaveLength(1);
});

it.each(["connecting", "reconnecting", "failed"] as const)(
  "says why it can't send while %s, and lets the user write",
  (status) => {
    const chat = show({ status });
    chat.type("draft");
    const send = chat.button("Send");
    expect(send.getAttribute("aria-disabled")).toBe("true");
    expect(send.title).toContain("Your text stays here");
    expect(chat.area().readOnly).toBe(false);
    expect(chat.area().disabled).toBe(false);
    chat.set("status", "ready");
    expect(chat.area().value).toBe("draft");
    expect(chat.button("Send").getAttribute("aria-disabled")).toBe("false");
  },
);

it.each([{ read_only: true }, { status: "closed" as const }])("can't be written in when %j", (traits) => {
  expect(show(traits).area().readOnly).toBe(true);
});

it("shows a prompt as on its way until it is acknowledged", async () => {
  const chat = show();
  chat.type("slow");
  await chat.click("Send");
  expect(chat.text()).toContain("slowSending…");
  const [prompt] = chat.model.actions("prompt");
  await act(async () => chat.model.receive({ type: "ack", aid: prompt?.aid, error: null }));
  expect(chat.text()).not.toContain("Sending…");
});

it("gives the text back when nobody answers", async () => {
  const chat = show();
  chat.type("lost?");
  await chat.click("Send");
  await settle(TIMING.giveUp);
  expect(chat.area().value).toBe("lost?");
  expect(chat.text()).toContain("not delivered");
});

it("keeps the draft when its view is made anew, and shares it between views", () => {
  const chat = show();
  chat.type("half");
  chat.remove();
  const again = show({ uid: chat.model.get("uid"), session_id: chat.model.get("session_id") });
  expect(again.area().value).toBe("half");
});

it("takes the second click of a double click on Send for what it is", async () => {
  const chat = show({ status: "running" });
  await act(async () => void chat.button("Stop").dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 2 })));
  expect(chat.model.actions("stop")).toEqual([]);
});
