import { describe, expect, it } from "vitest";
import { isItem, lookUp, readInbound } from "../src/guard";
import { agent, keyframe, session, tool } from "./fake";

describe("readInbound", () => {
  it("passes what the wire allows", () => {
    const message = { type: "changes", log: "l1", from: 1, seq: 2, changes: [{ op: "add", item: agent("a") }] };
    expect(readInbound(message)).toEqual({ message, refused: 0 });
    expect(readInbound({ type: "ack", aid: "x", error: null }).message).toEqual({ type: "ack", aid: "x", error: null });
    expect(readInbound({ type: "snapshot", ...keyframe([tool("t")]) }).refused).toBe(0);
  });

  it.each([
    { type: "earlier", log: "l1", items: [agent("a")], earlier: 3 },
    { type: "sessions", query: "", sessions: [session("k")] },
    { type: "remark", level: "info", text: "Exported." },
    { type: "files", query: "da", files: ["data/", "data/sales 2026.csv"] },
    { type: "draft", text: "asked before" },
  ])("passes %j", (message) => expect(readInbound(message)).toEqual({ message, refused: 0 }));

  it.each([
    null,
    3,
    "x",
    [],
    {},
    { type: "other" },
    { type: "constructor" },
    { type: "ack", aid: 1, error: null },
    { type: "changes", seq: 1 },
    { type: "changes", from: 0, seq: 1, changes: [] },
    { type: "snapshot", log: "l1", seq: 1, items: [] },
    { type: "snapshot", log: "l1", seq: 1, items: {}, earlier: 0 },
    { type: "remark", level: "loud", text: "x" },
    { type: "sessions", query: "" },
    { type: "files", query: "da" },
    { type: "files", files: [] },
  ])("refuses %j", (message) => expect(readInbound(message)).toEqual({ message: null, refused: 1 }));

  it("refuses a session that it could not show, and keeps the others", () => {
    const read = readInbound({
      type: "sessions",
      query: "",
      sessions: [session("k"), { ...session("x"), updated: "?" }],
    });
    expect(read).toMatchObject({ refused: 1, message: { sessions: [{ key: "k" }] } });
  });

  it("refuses a bad piece and keeps the rest, so that no gap stays open for ever", () => {
    const good = { op: "append", id: "a", field: "text", text: "x" };
    const bad = [{ op: "append", id: "a", field: "html", text: "x" }, { op: "add", item: { id: "a", kind: "new" } }, 7];
    const read = readInbound({ type: "changes", log: "l1", from: 0, seq: 1, changes: [good, ...bad] });
    expect(read.refused).toBe(3);
    expect(read.message).toMatchObject({ changes: [good] });
  });
});

describe("isItem", () => {
  it.each([
    { ...agent("a"), state: "asleep" },
    { ...agent("a"), content: [{ type: "image", mime: "image/png" }] },
    { ...agent("a"), content: [{ type: "toString" }] },
    { ...agent("a"), kind: "constructor" },
    { ...tool("t"), status: "toString" },
    { ...tool("t"), permission: { state: "open" } },
    { ...tool("t"), input: undefined },
    { ...tool("t"), started: Number.NaN },
    { id: "p", kind: "plan", entries: [{ content: "x" }], time: 1 },
  ])("refuses %j", (item) => expect(isItem(item)).toBe(false));

  it("lets unknown fields pass", () => expect(isItem({ ...agent("a"), later: 1 })).toBe(true));
});

it.each(["__proto__", "constructor", "toString"])("finds in its tables no %s", (word) => {
  expect(lookUp({ a: 1 }, word)).toBeUndefined();
});
