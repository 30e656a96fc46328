import { act } from "preact/test-utils";
import { expect, it } from "vitest";
import type { Permission, ToolItem } from "../src/wire";
import { agent, keyframe, tool } from "./fake";
import { show } from "./show";

const done = (id: string, fields: Partial<ToolItem> = {}) =>
  tool(id, { status: "completed", started: 10, ended: 12, ...fields });
const three = (fields: Partial<ToolItem> = {}) => ["a", "b", "c"].map((id) => done(id, fields));
type Shown = ReturnType<typeof show>;
const heads = ({ el }: Shown) => [...el.querySelectorAll<HTMLElement>(".goose-group > button")];
const lines = (chat: Shown) => heads(chat).map((head) => head.textContent);
const folded = ({ el }: Shown) =>
  [...el.querySelectorAll<HTMLElement>(".goose-folded")].map(({ dataset }) => dataset.id);
const toggle = (chat: Shown, index = 0) => act(async () => heads(chat)[index]?.click());

it.each([
  [{ tool_kind: "execute" }, "Ran 3 commands6.0 s"],
  [{ tool_kind: "", input: { command: "ls -l" } }, "Ran 3 commands6.0 s"],
  [{ tool_kind: "other", input: { command: "ls" } }, "Ran 3 commands6.0 s"],
  [{ tool_kind: "read", input: null }, "Read 3 files6.0 s"],
  [{ tool_kind: "", name: "text_editor", input: { command: "view", path: "a.py" } }, "Read 3 files6.0 s"],
  [{ tool_kind: "", input: { path: "a.py", before: "x", after: "y" } }, "Edited 3 files6.0 s"],
  [{ tool_kind: "search" }, "Searched 3 times6.0 s"],
  [{ tool_kind: "fetch" }, "Fetched 3 pages6.0 s"],
  [{ tool_kind: "think", input: null }, "Used 3 tools6.0 s"],
  [{ tool_kind: "constructor", input: null }, "Used 3 tools6.0 s"],
] as [Partial<ToolItem>, string][])("says of three in a row what they did: %j", (fields, line) => {
  const chat = show({ transcript: keyframe(three(fields)) });
  expect(lines(chat)).toEqual([line]);
  expect(folded(chat)).toEqual(["a", "b", "c"]);
});

it("leaves alone what is no row of one kind", () => {
  const chat = show({
    transcript: keyframe([
      ...three().slice(0, 2),
      agent("x", "between", "done"),
      done("d"),
      done("e"),
      done("f", { tool_kind: "read" }),
      done("g"),
      done("h", { content: [{ type: "image", mime: "image/png", data: "AA==" }] }),
      done("i"),
    ]),
  });
  expect([lines(chat), folded(chat)]).toEqual([[], []]);
});

it("opens into the cards, closes again, and remembers it for other views", async () => {
  const chat = show({ transcript: keyframe(three()) });
  const [head] = heads(chat);
  expect(head?.getAttribute("aria-expanded")).toBe("false");
  await toggle(chat);
  expect([head?.getAttribute("aria-expanded"), folded(chat)]).toEqual(["true", []]);
  act(() => chat.model.receive({ type: "snapshot", ...keyframe(three()) }));
  expect(heads(chat)[0]?.getAttribute("aria-expanded")).toBe("true");
  await toggle(chat);
  expect(folded(chat)).toEqual(["a", "b", "c"]);
});

it("forms when the third is finished, and takes the next ones in", () => {
  const chat = show();
  for (const id of ["a", "b", "c", "d"]) {
    chat.change({ op: "add", item: tool(id) });
    if (id !== "d") chat.change({ op: "patch", id, set: { status: "completed", ended: 2 } });
  }
  expect([lines(chat), folded(chat)]).toEqual([["Ran 3 commands3.0 s"], ["a", "b", "c"]]);
  const [head] = heads(chat);
  chat.change({ op: "patch", id: "d", set: { status: "completed", ended: 2 } });
  expect([lines(chat), folded(chat)]).toEqual([["Ran 4 commands4.0 s"], ["a", "b", "c", "d"]]);
  expect(heads(chat)[0]).toBe(head);
});

it("never hides what failed, runs or asks", () => {
  const permission: Permission = { request: "r", cwd: "", options: [], state: "open", option: null, by: "", note: "" };
  const items = [...three(), done("d", { status: "failed" }), done("e"), tool("f"), done("g", { permission })];
  const chat = show({ transcript: keyframe(items) });
  expect(lines(chat)).toEqual(["Ran 5 commands1 failed10 s"]);
  expect(folded(chat)).toEqual(["a", "b", "c", "e"]);
});

it("opens again for a member that asks once more", () => {
  const permission: Permission = { request: "r", cwd: "", options: [], state: "open", option: null, by: "", note: "" };
  const chat = show({ transcript: keyframe(three()) });
  chat.change({ op: "patch", id: "b", set: { permission } });
  expect([lines(chat), folded(chat)]).toEqual([[], []]);
});

it("keeps a card in sight that the reader has opened or is in, until he closes the group", async () => {
  const chat = show({ transcript: keyframe([done("a"), done("b"), tool("c")]) });
  const head = (id: string) => chat.item(id).querySelector<HTMLElement>(".goose-tool-head");
  await act(async () => head("a")?.click());
  head("b")?.focus();
  chat.change({ op: "patch", id: "c", set: { status: "completed", ended: 2 } });
  expect(folded(chat)).toEqual(["c"]);
  await toggle(chat);
  await toggle(chat);
  expect(folded(chat)).toEqual(["a", "b", "c"]);
});

it("goes with its members", () => {
  const chat = show({ transcript: keyframe([...three(), agent("x", "after", "done")]) });
  chat.change({ op: "remove", id: "b" });
  expect([lines(chat), folded(chat)]).toEqual([[], []]);
  chat.change({ op: "remove", id: "a" }, { op: "remove", id: "c" });
  expect(chat.el.querySelectorAll(".goose-items > *")).toHaveLength(1);
});

it("is one group when what lies between two goes, and two when one comes apart", () => {
  const six = ["a", "b", "c", "x", "d", "e", "f"].map((id) => (id === "x" ? agent("x", "", "done") : done(id)));
  const chat = show({ transcript: keyframe(six) });
  expect(lines(chat)).toEqual(["Ran 3 commands6.0 s", "Ran 3 commands6.0 s"]);
  chat.change({ op: "remove", id: "x" });
  expect(lines(chat)).toEqual(["Ran 6 commands12 s"]);
  chat.change({ op: "add", item: done("g") }, { op: "patch", id: "d", set: { status: "interrupted" } });
  expect(lines(chat)).toEqual(["Ran 3 commands6.0 s", "Ran 3 commands6.0 s"]);
  expect(folded(chat)).toEqual(["a", "b", "c", "e", "f", "g"]);
});

it("joins with earlier members that are drawn later, and stays open then", async () => {
  const items = Array.from({ length: 210 }, (_, index) => done(`t${index}`));
  const chat = show({ transcript: keyframe(items) });
  expect(lines(chat)[0]).toMatch(/^Ran 200 commands/);
  await toggle(chat);
  await chat.click("Show earlier messages (10)");
  expect(lines(chat)).toHaveLength(1);
  expect(lines(chat)[0]).toMatch(/^Ran 210 commands/);
  expect(folded(chat)).toEqual([]);
});

it("tells a screen reader of each call as without groups", () => {
  const chat = show({ transcript: keyframe(three()) });
  chat.change({ op: "add", item: tool("d") });
  chat.change({ op: "patch", id: "d", set: { status: "failed", ended: 2 } });
  const said = [...chat.el.querySelectorAll("[aria-live] > p")].map((p) => p.textContent);
  expect(said).toEqual(["Failed: shell"]);
});
