import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TIMING } from "../src/outbox";
import type { Queued } from "../src/wire";
import { keyframe, texts, user } from "./fake";
import { show } from "./show";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = (ms = 0) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
const queued = (id: string, text: string, fields: Partial<Queued> = {}): Queued => ({
  id,
  text,
  attachments: [],
  steers: false,
  ...fields,
});

function waiting(...queue: Queued[]) {
  const chat = show({ status: "running", queue });
  const editor = () => chat.el.querySelector<HTMLTextAreaElement>(".goose-queue textarea");
  return {
    ...chat,
    editor,
    rows: () => [...chat.el.querySelectorAll(".goose-queue li")].map((row) => row.textContent),
    edit: async (name: string, text: string) => {
      await chat.click(`Edit: ${name}`);
      const area = editor();
      if (!area) throw new Error("no editor");
      area.value = text;
      act(() => void area.dispatchEvent(new Event("input", { bubbles: true })));
    },
    key: async (key: string) => {
      await act(async () => void editor()?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })));
      await settle();
    },
  };
}

it("shows what waits: the first line, and how many attachments", () => {
  const chat = waiting(
    queued("a", "one"),
    queued("b", "two\nlines", { attachments: [{ name: "x.png", mime: "image/png", size: 3 }] }),
    queued("c", "steered", { steers: true }),
  );
  expect(chat.rows()).toEqual(["one", "two …Attachments: 1", "steeredgoes into the turn"]);
  expect(chat.text()).toContain("3 queued");
  expect(chat.hasButton("Edit: steered")).toBe(false);
  chat.set("queue", []);
  expect(chat.rows()).toEqual([]);
});

it("shows a prompt on its way into the queue there, and not in the conversation", async () => {
  const chat = waiting();
  chat.type("later");
  await chat.press({ key: "Enter" });
  expect(chat.rows()).toEqual(["laterSending…"]);
  expect(chat.el.querySelector(".goose-sending")).toBeNull();
});

it("shows a prompt once, whether the kernel tells of it or acknowledges it first", async () => {
  const chat = waiting(queued("a", "later"));
  chat.type("later");
  await chat.press({ key: "Enter" });
  chat.set("queue", [queued("a", "later")]);
  expect(chat.rows()).toEqual(["later", "laterSending…"]);
  chat.set("queue", [queued("a", "later"), queued("b", "later")]);
  expect(chat.rows()).toEqual(["later", "later"]);
  chat.change({ op: "add", item: user("u", "later") });
  chat.set("queue", [queued("b", "later")]);
  expect(chat.rows()).toEqual(["later"]);
});

it("shows a prompt of the conversation once, too", async () => {
  const chat = show({ transcript: keyframe(texts(0, 1)) });
  chat.type("now");
  await chat.press({ key: "Enter" });
  expect(chat.el.querySelectorAll(".goose-sending")).toHaveLength(1);
  chat.change({ op: "add", item: user("v", "now") });
  expect(chat.el.querySelectorAll(".goose-sending")).toHaveLength(0);
  expect(chat.item("v").textContent).toContain("now");
});

describe("a queued prompt", () => {
  it("is changed in place", async () => {
    const chat = waiting(queued("a", "one"));
    chat.model.acknowledge();
    await chat.edit("one", "one, changed");
    await chat.key("Enter");
    expect(chat.model.actions("edit_queued")).toMatchObject([{ id: "a", text: "one, changed" }]);
    expect([chat.editor(), chat.area().value]).toEqual([null, ""]);
  });

  it.each(["Escape", "Enter"])("stays as it is with %s, when nothing was changed", async (key) => {
    const chat = waiting(queued("a", "one"));
    await chat.edit("one", key === "Escape" ? "one, changed" : "one");
    await chat.key(key);
    expect([chat.editor(), chat.model.actions("edit_queued"), chat.area().value]).toEqual([null, [], ""]);
  });

  it("gives its changed text back when it is sent meanwhile", async () => {
    const chat = waiting(queued("a", "one"));
    await chat.edit("one", "one, changed");
    chat.set("queue", []);
    expect(chat.area().value).toBe("one, changed");
    expect(chat.text()).toContain("has left the queue");
  });

  it("gives its changed text back when the change is refused", async () => {
    const chat = waiting(queued("a", "one"));
    chat.model.acknowledge("It has been sent meanwhile.");
    await chat.edit("one", "one, changed");
    await chat.key("Enter");
    expect([chat.editor(), chat.area().value]).toEqual([null, "one, changed"]);
    expect(chat.text()).toContain("not changed: It has been sent meanwhile.");
  });

  it("stays open with its changed text when nobody answers", async () => {
    const chat = waiting(queued("a", "one"));
    await chat.edit("one", "one, changed");
    await chat.key("Enter");
    await settle(TIMING.giveUp);
    expect([chat.editor()?.value, chat.editor()?.readOnly]).toEqual(["one, changed", false]);
    expect(chat.text()).toContain("not changed: the kernel does not answer");
  });

  it("is removed, and can be taken back", async () => {
    const chat = waiting(queued("a", "one"));
    chat.model.acknowledge();
    chat.type("draft");
    await chat.click("Remove from the queue: one");
    expect(chat.model.actions("remove_queued")).toMatchObject([{ id: "a" }]);
    expect(chat.text()).toContain("removed from the queue");
    await chat.click("Undo");
    expect(chat.area().value).toBe("one\n\ndraft");
    expect(chat.hasButton("Undo")).toBe(false);
  });

  it("is taken back with its attachments, if they are still here", async () => {
    const chat = waiting();
    chat.model.acknowledge();
    const input = chat.el.querySelector<HTMLInputElement>("input[type=file]");
    vi.useRealTimers();
    Object.defineProperty(input, "files", { value: [new File(["x"], "a.txt")] });
    act(() => void input?.dispatchEvent(new Event("change", { bubbles: true })));
    await vi.waitFor(() => expect(chat.hasButton("Remove a.txt")).toBe(true));
    chat.type("look");
    await chat.press({ key: "Enter" });
    expect(chat.model.actions("prompt")).toMatchObject([
      { text: "look", attachments: [{ name: "a.txt", data: "eA==" }] },
    ]);
    expect(chat.hasButton("Remove a.txt")).toBe(false);
    const file = (name: string) => [{ name, mime: "text/plain", size: 1 }];
    chat.set("queue", [
      queued("a", "look", { attachments: file("a.txt") }),
      queued("b", "of another page", { attachments: file("b.txt") }),
    ]);
    await chat.click("Remove from the queue: look");
    await chat.click("Undo");
    expect(chat.hasButton("Remove a.txt")).toBe(true);
    await chat.click("Remove from the queue: of another page");
    await chat.click("Undo");
    expect(chat.text()).toContain("b.txt was attached to your draft and is no longer here: attach it again.");
  });
});

describe("a paused queue", () => {
  it("says why, and goes on with a click", async () => {
    const chat = waiting(queued("a", "one"), queued("b", "two"));
    chat.model.acknowledge();
    expect(chat.hasButton("Send now")).toBe(false);
    chat.set("status", "ready");
    chat.set("queue_paused", "The turn was stopped.");
    expect(chat.text()).toContain("Paused: The turn was stopped.");
    await chat.click("Send now");
    expect(chat.model.actions("send_queued")).toMatchObject([{ id: "a" }]);
  });

  it("takes more at its end", async () => {
    const chat = waiting(queued("a", "one"));
    chat.set("status", "ready");
    chat.type("and this");
    expect(chat.hasButton("Queue")).toBe(true);
    expect(chat.hasButton("Stop")).toBe(false);
  });

  it("does not go on while goose is not connected", () => {
    const chat = waiting(queued("a", "one"));
    chat.set("queue_paused", "This was waiting when the chat was closed.");
    chat.set("status", "reconnecting");
    expect(chat.button("Send now").disabled).toBe(true);
  });
});

describe("Ctrl+Enter", () => {
  const steer = async (traits: Parameters<typeof show>[0], init: KeyboardEventInit = { ctrlKey: true }) => {
    const chat = show({ status: "running", ...traits });
    chat.model.acknowledge();
    chat.type("to the left");
    await chat.press({ key: "Enter", ...init });
    await settle();
    return chat;
  };

  it.each([{ ctrlKey: true }, { metaKey: true }])("steers the running turn with %j", async (init) => {
    const chat = await steer({}, init);
    expect(chat.model.actions("steer")).toMatchObject([{ text: "to the left" }]);
    expect(chat.model.actions("prompt")).toEqual([]);
    expect(chat.area().value).toBe("");
  });

  it("queues, and says so, where a turn takes nothing more", async () => {
    const chat = await steer({ can_steer: false });
    expect(chat.model.actions("prompt")).toHaveLength(1);
    expect(chat.text()).toContain("The message is in the queue: this goose takes nothing into a running turn.");
    expect(chat.text()).not.toContain("Enter to steer");
  });

  it("sends when no turn runs", async () => {
    const chat = await steer({ status: "ready" });
    expect(chat.model.actions("prompt")).toHaveLength(1);
    expect(chat.text()).not.toContain("in the queue");
  });
});
