import { act } from "preact/test-utils";
import { describe, expect, it } from "vitest";
import type { Item } from "../src/wire";
import { agent, keyframe, texts } from "./fake";
import { show } from "./show";

const ids = ({ el }: { el: HTMLElement }) =>
  [...el.querySelectorAll<HTMLElement>("[data-id]")].map(({ dataset }) => dataset.id);
const names = (items: Item[]) => items.map(({ id }) => id);

it("draws a long chat's end first, and more on demand", async () => {
  const items = Array.from({ length: 450 }, (_, i) => agent(`a${i}`, `text ${i}`, "done"));
  const chat = show({ transcript: keyframe(items) });
  const ids = () => [...chat.el.querySelectorAll<HTMLElement>("[data-id]")].map((el) => el.dataset.id);
  expect([ids().length, ids().at(0), ids().at(-1)]).toEqual([200, "a250", "a449"]);
  await chat.click("Show earlier messages (250)");
  await chat.click("Show earlier messages (50)");
  expect(ids()).toEqual(items.map(({ id }) => id));
  expect(chat.hasButton("Show earlier messages (0)")).toBe(false);
});

describe("a window of the conversation", () => {
  const open = () => show({ transcript: keyframe(texts(300, 510), { earlier: 300 }) });
  const arrive = (chat: ReturnType<typeof show>, from: number, to: number) =>
    act(() => chat.model.receive({ type: "earlier", log: "l1", items: texts(from, to), earlier: from }));

  it("shows first what is here, and then asks the kernel", async () => {
    const chat = open();
    expect(ids(chat)).toEqual(names(texts(310, 510)));
    await chat.click("Show earlier messages (310)");
    expect(ids(chat)).toEqual(names(texts(300, 510)));
    expect(chat.model.actions("earlier")).toEqual([]);
    await chat.click("Show earlier messages (300)");
    expect(chat.model.actions("earlier")).toMatchObject([{ before: "i300" }]);
    expect(chat.hasButton("Loading…")).toBe(true);
    arrive(chat, 50, 300);
    expect(ids(chat)).toEqual(names(texts(100, 510)));
    await chat.click("Show earlier messages (100)");
    await chat.click("Show earlier messages (50)");
    arrive(chat, 0, 50);
    expect(ids(chat)).toEqual(names(texts(0, 510)));
    expect(chat.hasButton("Show earlier messages (0)")).toBe(false);
  });

  it("says why earlier messages did not come, and asks again", async () => {
    const chat = open();
    chat.model.acknowledge("The file can't be read.");
    await chat.click("Show earlier messages (310)");
    await chat.click("Show earlier messages (300)");
    expect(chat.text()).toContain("Earlier messages were not loaded: The file can't be read.");
    await chat.click("Show earlier messages (300)");
    expect(chat.model.actions("earlier")).toHaveLength(2);
  });

  it("does not draw what another view asked for, and counts it", async () => {
    const chat = open();
    await chat.click("Show earlier messages (310)");
    void chat.model.actions("earlier");
    arrive(chat, 200, 300);
    expect(ids(chat)).toHaveLength(210);
    await chat.click("Show earlier messages (300)");
    expect(ids(chat)).toEqual(names(texts(200, 510)));
  });

  it("ignores changes of what is not here", () => {
    const chat = open();
    chat.change(
      { op: "append", id: "i3", field: "text", text: "!" },
      { op: "patch", id: "i4", set: { state: "done" } },
    );
    expect(chat.text()).not.toContain("could not be shown");
  });

  it("keeps the focus in the chat when the button goes", async () => {
    const chat = show({ transcript: keyframe(texts(0, 210)) });
    chat.button("Show earlier messages (10)").focus();
    await chat.click("Show earlier messages (10)");
    expect(document.activeElement).toBe(chat.el.querySelector("[role=log]"));
  });

  it("lets go of the oldest messages of a very long chat, which can be had again", async () => {
    const chat = show({ transcript: keyframe(texts(0, 1999)) });
    chat.change({ op: "add", item: agent("i1999", "", "done") }, { op: "add", item: agent("i2000", "", "done") });
    expect(ids(chat)).toEqual(names(texts(1799, 2001)));
    for (const count of [1799, 1599, 1399, 1199])
      await chat.click(`Show earlier messages (${count.toLocaleString("en")})`);
    expect(ids(chat)).toEqual(names(texts(1001, 2001)));
    await chat.click("Show earlier messages (1,001)");
    expect(chat.model.actions("earlier")).toMatchObject([{ before: "i1001" }]);
    arrive(chat, 801, 1001);
    expect(ids(chat)).toEqual(names(texts(801, 2001)));
  });
});

it("shows another conversation from its end, and keeps the focus in the chat", async () => {
  const chat = show({ transcript: keyframe([agent("i1", "one", "done")]) });
  chat.item("i1").querySelector<HTMLElement>(".goose-fork")?.focus();
  act(() => chat.model.receive({ type: "snapshot", ...keyframe(texts(1, 3), { log: "l2" }) }));
  expect(ids(chat)).toEqual(["i1", "i2"]);
  expect(chat.item("i1").textContent).toContain("text 1");
  expect(document.activeElement).toBe(chat.el.querySelector("[role=log]"));
});
