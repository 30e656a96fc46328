import { act } from "preact/test-utils";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { SessionEntry, Traits } from "../src/wire";
import { keyframe, session } from "./fake";
import { show } from "./show";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000_000 }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

/** Clicks, and lets the kernel answer. */
async function click(button: HTMLElement | null | undefined): Promise<void> {
  act(() => button?.click());
  await pass(0);
}

const LIST = [
  session("a", { title: "Sales", current: true, updated: 1_000_000 - 30, messages: 1 }),
  session("b", { title: "", updated: 1_000_000 - 7200 }),
];

/** A chat whose menu is open, and the list has come. */
async function opened(list: SessionEntry[] | null = LIST, traits: Partial<Traits> = {}) {
  const chat = show({ title: "Sales", ...traits });
  chat.model.acknowledge();
  const tell = (query: string, sessions: SessionEntry[]) =>
    act(() => chat.model.receive({ type: "sessions", query, sessions }));
  const button = chat.button("Sessions");
  button.focus();
  await chat.click("Sessions");
  await pass(0);
  if (list) tell("", list);
  const menu = () => chat.el.querySelector<HTMLElement>('[role=dialog][aria-label="Sessions"]');
  const found = <T extends Element = HTMLElement>(selector: string) => menu()?.querySelector<T>(selector) as T;
  return {
    ...chat,
    tell,
    menu,
    found,
    opener: button,
    rows: () => [...chat.el.querySelectorAll<HTMLElement>(".goose-open")],
    search: () => found<HTMLInputElement>("input[type=search]"),
    key: async (key: string) => {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
      act(() => void document.activeElement?.dispatchEvent(event));
      await pass(0);
    },
    write: (input: HTMLInputElement, text: string) =>
      act(() => {
        input.value = text;
        input.dispatchEvent(new Event("input", { bubbles: true }));
      }),
  };
}

describe("the menu of sessions", () => {
  it("lists the recent ones, the shown one marked", async () => {
    const chat = await opened(null);
    expect(chat.opener.getAttribute("aria-expanded")).toBe("true");
    expect(chat.opener.getAttribute("aria-controls")).toBe(chat.menu()?.id);
    expect(chat.model.actions("sessions")).toMatchObject([{ query: "" }]);
    expect(chat.found("[role=status]").textContent).toBe("Loading…");
    expect(document.activeElement).toBe(chat.search());
    chat.tell("", LIST);
    expect(chat.found("[role=status]").textContent).toBe("");
    expect(chat.rows().map((row) => [row.textContent, row.getAttribute("aria-current")])).toEqual([
      ["SalesCurrent · just now · 1 message · analysis.ipynb", "true"],
      ["20261122_b2 h ago · 2 messages · analysis.ipynb", null],
    ]);
  });

  it("says that there are none yet, or none with these words", async () => {
    const chat = await opened([]);
    expect(chat.found("[role=status]").textContent).toBe("No sessions yet.");
    chat.write(chat.search(), "join");
    await pass(250);
    chat.tell("join", []);
    expect(chat.found("[role=status]").textContent).toBe("Nothing found.");
  });

  it("searches when the typing pauses, and shows where it was found as plain text", async () => {
    const chat = await opened();
    chat.write(chat.search(), "jo");
    await pass(200);
    chat.write(chat.search(), "join");
    await pass(250);
    expect(chat.model.actions("sessions")).toMatchObject([{ query: "" }, { query: "join" }]);
    expect(chat.found("[role=status]").textContent).toBe("Loading…");
    chat.tell("jo", LIST);
    expect(chat.rows()).toEqual([]);
    chat.tell("join", [session("b", { snippet: "a <b>slow</b> join" })]);
    expect(chat.rows()[0]?.lastChild?.textContent).toBe("a <b>slow</b> join");
  });

  it("asks again when the title changes", async () => {
    const chat = await opened();
    chat.set("title", "Profit");
    await pass(0);
    expect(chat.model.actions("sessions")).toHaveLength(2);
  });

  it("says why there is no list", async () => {
    const chat = show();
    chat.model.acknowledge("The folder can't be read.");
    await chat.click("Sessions");
    await pass(0);
    expect(chat.text()).toContain("The sessions could not be listed: The folder can't be read.");
    expect(chat.text()).not.toContain("Loading…");
  });

  it("closes with Escape, and the focus is where it was", async () => {
    const chat = await opened();
    await chat.key("Escape");
    expect([chat.menu(), document.activeElement]).toEqual([null, chat.opener]);
    expect(chat.opener.getAttribute("aria-expanded")).toBe("false");
  });

  it("closes with a click outside, and with its button, but not with a click in it", async () => {
    const chat = await opened();
    const press = (target: Element) =>
      act(() => void target.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true })));
    press(chat.search());
    expect(chat.menu()).not.toBeNull();
    press(chat.area());
    expect(chat.menu()).toBeNull();
    await chat.click("Sessions");
    press(chat.opener);
    await chat.click("Sessions");
    expect(chat.menu()).toBeNull();
  });

  it("closes when the focus goes on to something else", async () => {
    const chat = await opened();
    act(() => chat.area().focus());
    expect([chat.menu(), document.activeElement]).toEqual([null, chat.area()]);
  });

  it("keeps its keys from the notebook", async () => {
    const chat = await opened();
    expect(chat.search().getAttribute("data-lm-suppress-shortcuts")).toBe("true");
  });
});

describe("what can be done with sessions", () => {
  it("opens one", async () => {
    const chat = await opened();
    await click(chat.rows()[1]);
    expect(chat.model.actions("open")).toMatchObject([{ key: "b" }]);
    expect([chat.menu(), document.activeElement]).toEqual([null, chat.area()]);
  });

  it("only closes at the one that is shown", async () => {
    const chat = await opened();
    await click(chat.rows()[0]);
    expect([chat.model.actions("open"), chat.menu()]).toEqual([[], null]);
  });

  it.each([
    ["New", { type: "new_session" }],
    ["Fork", { type: "fork", item: "" }],
    ["Markdown", { type: "export", format: "md" }],
    ["HTML", { type: "export", format: "html" }],
    ["JSON", { type: "export", format: "json" }],
    ["Notebook", { type: "export", format: "ipynb" }],
  ])("does %s", async (label, action) => {
    const chat = await opened();
    await chat.click(label);
    expect(chat.model.sent.at(-1)).toMatchObject(action);
    expect(chat.menu()).toBeNull();
    expect(document.activeElement).not.toBe(document.body);
  });

  it("says why the kernel refused", async () => {
    const chat = await opened();
    chat.model.acknowledge("goose is still working in this session.");
    await chat.click("New");
    expect(chat.found("[role=alert]").textContent).toBe("“New” did not work: goose is still working in this session.");
    chat.model.acknowledge();
    await chat.click("New");
    expect(chat.menu()).toBeNull();
  });

  it("renames with Enter", async () => {
    const chat = await opened();
    await chat.click("Rename");
    const field = chat.found<HTMLInputElement>(".goose-rename");
    expect([field.value, document.activeElement]).toEqual(["Sales", field]);
    chat.write(field, "  ");
    await chat.key("Enter");
    expect(chat.model.actions("rename")).toEqual([]);
    chat.write(field, " Profit ");
    await chat.key("Enter");
    expect(chat.model.actions("rename")).toMatchObject([{ title: "Profit" }]);
    expect([chat.found(".goose-rename"), document.activeElement?.textContent]).toEqual([null, "Rename"]);
  });

  it("does not rename with Escape, which leaves the menu open", async () => {
    const chat = await opened();
    await chat.click("Rename");
    await chat.key("Escape");
    expect([chat.model.actions("rename"), chat.found(".goose-rename")]).toEqual([[], null]);
    expect(chat.menu()).not.toBeNull();
  });

  it.each([
    ["the shown one", "Delete", "a"],
    ["a listed one", "Delete 20261122_b", "b"],
  ])("deletes %s only after asking", async (_name, label, key) => {
    const chat = await opened();
    await chat.click(label);
    const doubt = () => chat.found(".goose-doubt");
    expect(doubt().textContent).toContain("Delete this session? Its file and goose's copy are removed for good.");
    expect(document.activeElement?.textContent).toBe("Keep");
    await chat.click("Keep");
    expect([chat.model.actions("delete"), doubt()]).toEqual([[], null]);
    await chat.click(label);
    await chat.key("Escape");
    expect([chat.model.actions("delete"), doubt()]).toEqual([[], null]);
    await chat.click(label);
    await click(doubt().querySelector("button"));
    expect(chat.model.actions("delete")).toMatchObject([{ key }]);
    expect([chat.rows().length, doubt(), document.activeElement]).toEqual([1, null, chat.search()]);
  });

  it("never deletes another session than the one it asked about", async () => {
    const chat = await opened();
    await chat.click("Delete");
    act(() => chat.model.receive({ type: "snapshot", ...keyframe([], { log: "l2" }) }));
    await pass(0);
    chat.tell("", [session("b", { current: true })]);
    await click(chat.found(".goose-doubt button"));
    expect(chat.model.actions("delete")).toMatchObject([{ key: "a" }]);
  });

  it("does not know the key of a session that was opened meanwhile before it is listed", async () => {
    const chat = await opened();
    act(() => chat.model.receive({ type: "snapshot", ...keyframe([], { log: "l2" }) }));
    expect(chat.hasButton("Delete")).toBe(false);
    await pass(0);
    expect(chat.model.actions("sessions")).toHaveLength(2);
    chat.tell("", [session("b", { current: true })]);
    expect(chat.hasButton("Delete")).toBe(true);
  });

  it("can't delete a session that has no file yet", async () => {
    const chat = await opened([session("b")]);
    expect(chat.hasButton("Delete")).toBe(false);
  });
});

it("goes on with the text of the session that is opened", async () => {
  const chat = await opened();
  chat.type("of the first");
  await click(chat.rows()[1]);
  chat.set("session_id", "20261122_b");
  act(() => chat.model.receive({ type: "snapshot", ...keyframe([], { log: "l2" }) }));
  expect(chat.area().value).toBe("");
});
