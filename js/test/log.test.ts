import { act } from "preact/test-utils";
import { describe, expect, it, vi } from "vitest";
import type { Change, Item } from "../src/wire";
import { agent, keyframe, texts } from "./fake";
import { show } from "./show";

// Hundreds of items are drawn again and again.
vi.setConfig({ testTimeout: 60_000 });

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
  expect([ids().length, ids().at(0)]).toEqual([400, "a0"]);
  expect(chat.hasButton("Show earlier messages (0)")).toBe(false);
});

it("lets go of what is far from a reader who goes back, and draws it again when he returns", async () => {
  const chat = show({ transcript: keyframe(texts(0, 1000)) });
  for (const count of [800, 600, 400]) await chat.click(`Show earlier messages (${count})`);
  expect(ids(chat)).toEqual(names(texts(200, 600)));
  chat.change({ op: "add", item: agent("i1000", "new", "done") });
  expect(ids(chat)).toEqual(names(texts(200, 600)));
  await chat.click("Show later messages (401)");
  expect(ids(chat)).toEqual(names(texts(400, 800)));
  await chat.click("Show later messages (201)");
  await chat.click("Show later messages (1)");
  expect(ids(chat)).toEqual(names(texts(601, 1001)));
  expect(chat.hasButton("Show later messages (0)")).toBe(false);
});

it("draws the newest again for a reader who went back and jumps to them", async () => {
  const chat = show({ transcript: keyframe(texts(0, 1000)) });
  for (const count of [800, 600, 400]) await chat.click(`Show earlier messages (${count})`);
  chat.change({ op: "add", item: agent("i1000", "new", "done") });
  await chat.click("Jump to latest (1 new)");
  expect(ids(chat)).toEqual(names(texts(801, 1001)));
  expect(chat.hasButton("Show earlier messages (801)")).toBe(true);
});

it("never draws more than some hundreds of a chat that grows and grows", () => {
  const chat = show();
  for (let from = 0; from < 1200; from += 100) {
    chat.change(...texts(from, from + 100).map((item): Change => ({ op: "add", item })));
  }
  expect(ids(chat)).toEqual(names(texts(800, 1200)));
  expect(chat.hasButton("Show earlier messages (800)")).toBe(true);
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
    expect(ids(chat)).toEqual(names(texts(100, 500)));
    await chat.click("Show earlier messages (100)");
    await chat.click("Show earlier messages (50)");
    arrive(chat, 0, 50);
    expect(ids(chat)).toEqual(names(texts(0, 400)));
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
    expect(ids(chat)).toEqual(names(texts(1001, 1401)));
    await chat.click("Show earlier messages (1,001)");
    expect(chat.model.actions("earlier")).toMatchObject([{ before: "i1001" }]);
    arrive(chat, 801, 1001);
    expect(ids(chat)).toEqual(names(texts(801, 1201)));
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

describe("an excerpt, where a reader went farther back than the page holds", () => {
  /** A kernel with 2,700 items, of which the page has 1,900. */
  function long() {
    const chat = show({ transcript: keyframe(texts(800, 2700), { earlier: 800 }) });
    chat.model.kernel = (action) =>
      queueMicrotask(() =>
        act(() => {
          const answer = (from: number, to: number) => ({ log: "l1", items: texts(from, to), earlier: from });
          if (action.type === "earlier") {
            const to = Number(action.before.slice(1));
            chat.model.receive({ type: "earlier", ...answer(Math.max(0, to - 300), to) });
          }
          if (action.type === "around") {
            const at = Number(action.item.slice(1));
            const [from, to] = [Math.max(0, at - 149), Math.min(2700, at + 151)];
            chat.model.receive({ type: "around", item: action.item, ...answer(from, to), later: 2700 - to });
          }
          chat.model.receive({ type: "ack", aid: action.aid, error: null });
        }),
      );
    return chat;
  }
  const earlier = async (chat: ReturnType<typeof show>) => {
    const button = [...chat.el.querySelectorAll("button")].find((each) => each.textContent?.startsWith("Show earlier"));
    await act(async () => button?.click());
    return !button?.hidden;
  };
  const first = (chat: ReturnType<typeof show>) => Number(ids(chat)[0]?.slice(1));

  it("leads to the very first item, while the page holds no more than it may", async () => {
    const chat = long();
    const seen = new Set<string | undefined>(ids(chat));
    for (let more = true; more; ) {
      more = await earlier(chat);
      for (const id of ids(chat)) seen.add(id);
    }
    expect(first(chat)).toBe(0);
    expect(seen.size).toBe(2700);
    expect(ids(chat).length).toBeLessThanOrEqual(400);
    expect(chat.model.actions("earlier")).toHaveLength(1);
    expect(chat.hasButton("Show later messages (2,300)")).toBe(true);
    await chat.click("Jump to latest");
    expect(ids(chat)).toEqual(names(texts(2500, 2700)));
  });

  it("leads back to the newest items, with what came meanwhile", async () => {
    const chat = long();
    while (first(chat) > 300) await earlier(chat);
    chat.change({ op: "add", item: agent("i2700", "new", "done") });
    expect(chat.hasButton("Jump to latest (1 new)")).toBe(true);
    const later = () =>
      [...chat.el.querySelectorAll("button")].find((each) => /^Show later/.test(each.textContent ?? ""));
    for (let step = 0; step < 40 && !later()?.hidden; step++) await act(async () => later()?.click());
    expect(ids(chat).at(-1)).toBe("i2700");
    expect(later()?.hidden).toBe(true);
  });
});
