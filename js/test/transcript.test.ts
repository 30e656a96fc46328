import { describe, expect, it } from "vitest";
import { apply, drop, emptyTranscript } from "../src/transcript";
import type { Change, Item, Keyframe } from "../src/wire";
import { agent, keyframe, texts, tool } from "./fake";

const changes = (from: number, seq: number, ...list: Change[]) => ({
  type: "changes" as const,
  log: "l1",
  from,
  seq,
  changes: list,
});

const snapshot = (items: Item[], fields: Partial<Keyframe> = {}) => ({
  type: "snapshot" as const,
  ...keyframe(items, { seq: 5, ...fields }),
});

function started() {
  const transcript = emptyTranscript();
  apply(transcript, snapshot([agent("a", "Hello")]));
  return transcript;
}

describe("apply", () => {
  it("applies what follows the own seq", () => {
    const transcript = started();
    const applied = apply(transcript, changes(5, 7, { op: "append", id: "a", field: "text", text: " world" }));
    expect(transcript.seq).toBe(7);
    expect(transcript.items.get("a")).toMatchObject({ text: "Hello world" });
    expect(applied).toMatchObject({ kind: "changed", refused: 0 });
  });

  it("ignores old news", () => {
    const transcript = started();
    expect(apply(transcript, changes(3, 5, { op: "remove", id: "a" }))).toEqual({ kind: "nothing" });
    expect(transcript.items.size).toBe(1);
  });

  it.each([
    ["ahead", 6, 8],
    ["overlapping", 4, 8],
  ])("reports a gap when changes are %s", (_name, from, seq) => {
    const transcript = started();
    expect(apply(transcript, changes(from, seq, { op: "remove", id: "a" }))).toEqual({ kind: "gap" });
    expect(transcript.seq).toBe(5);
    expect(transcript.items.size).toBe(1);
  });

  it("replaces everything with a snapshot, also an older one: the kernel knows best", () => {
    const transcript = started();
    const applied = apply(transcript, snapshot([tool("t")], { seq: 2 }));
    expect(applied).toEqual({ kind: "replaced", another: false });
    expect([transcript.seq, ...transcript.items.keys()]).toEqual([2, "t"]);
  });

  it("sums up what happened to each item", () => {
    const transcript = started();
    const applied = apply(
      transcript,
      changes(
        5,
        6,
        { op: "append", id: "a", field: "text", text: "1" },
        { op: "add", item: tool("t") },
        { op: "append", id: "t", field: "output", text: "x" },
        { op: "append", id: "a", field: "text", text: "2" },
        { op: "patch", id: "a", set: { state: "done" } },
      ),
    );
    expect(applied.kind === "changed" && [...applied.touched]).toEqual([
      ["a", { op: "change", text: "12", output: "", patched: true, rewritten: false }],
      ["t", { op: "add" }],
    ]);
    expect(transcript.items.get("t")).toMatchObject({ output: "x" });
  });

  it("says when a text was replaced and not appended to", () => {
    const applied = apply(started(), changes(5, 6, { op: "patch", id: "a", set: { text: "new" } }));
    expect(applied.kind === "changed" && applied.touched.get("a")).toMatchObject({ rewritten: true });
  });

  it("keeps an item's place when it changes, and its id and kind whatever a patch says", () => {
    const transcript = started();
    apply(transcript, changes(5, 6, { op: "add", item: tool("t") }));
    apply(transcript, changes(6, 7, { op: "patch", id: "a", set: { id: "b", kind: "user", state: "done" } }));
    expect([...transcript.items.keys()]).toEqual(["a", "t"]);
    expect(transcript.items.get("a")).toMatchObject({ id: "a", kind: "agent", state: "done" });
  });

  it("refuses a change of an unknown item and a patch that breaks an item, and goes on", () => {
    const transcript = started();
    const applied = apply(
      transcript,
      changes(
        5,
        6,
        { op: "append", id: "zz", field: "text", text: "x" },
        { op: "append", id: "a", field: "output", text: "x" },
        { op: "patch", id: "a", set: { state: "asleep" } },
        { op: "append", id: "a", field: "text", text: "!" },
      ),
    );
    expect(applied).toMatchObject({ kind: "changed", refused: 3 });
    expect(transcript.items.get("a")).toMatchObject({ text: "Hello!", state: "streaming" });
    expect(transcript.seq).toBe(6);
  });
});

describe("another conversation", () => {
  it("is told by a snapshot", () => {
    const transcript = started();
    const applied = apply(transcript, snapshot([tool("t")], { log: "l2", seq: 3, earlier: 4 }));
    expect(applied).toEqual({ kind: "replaced", another: true });
    expect(transcript).toMatchObject({ log: "l2", seq: 3, earlier: 4 });
  });

  it.each([
    { ...changes(5, 6, { op: "remove", id: "a" }), log: "l2" },
    { type: "earlier" as const, log: "l2", items: [], earlier: 0 },
  ])("is a gap where anything else comes of it", (message) => {
    const transcript = started();
    expect(apply(transcript, message)).toEqual({ kind: "gap" });
    expect([transcript.log, transcript.seq, transcript.items.size]).toEqual(["l1", 5, 1]);
  });
});

describe("the newest items alone", () => {
  const window = (from: number, to: number) => {
    const transcript = emptyTranscript();
    apply(transcript, snapshot(texts(from, to), { earlier: from }));
    return transcript;
  };
  const earlier = (from: number, to: number) => ({
    type: "earlier" as const,
    log: "l1",
    items: texts(from, to),
    earlier: from,
  });
  const ids = (items: Map<string, Item>) => [...items.keys()];

  it("get older ones before them", () => {
    const transcript = window(7, 9);
    expect(apply(transcript, earlier(4, 7))).toEqual({ kind: "earlier", ids: ["i4", "i5", "i6"] });
    expect([ids(transcript.items), transcript.earlier]).toEqual([["i4", "i5", "i6", "i7", "i8"], 4]);
    apply(transcript, earlier(0, 4));
    expect([ids(transcript.items).length, transcript.earlier]).toEqual([9, 0]);
  });

  it.each([
    ["leaves a gap", 2, 5],
    ["came before", 6, 9],
  ])("do not get what %s", (_name, from, to) => {
    const transcript = window(7, 9);
    expect(apply(transcript, earlier(from, to))).toEqual({ kind: "nothing" });
    expect([ids(transcript.items), transcript.earlier]).toEqual([["i7", "i8"], 7]);
  });

  it("get the rest of what the guard took a piece out of", () => {
    const transcript = window(7, 9);
    const message = { ...earlier(4, 7), items: texts(5, 7) };
    expect(apply(transcript, message, 1)).toEqual({ kind: "earlier", ids: ["i5", "i6"] });
    expect(transcript.earlier).toBe(4);
  });

  it("are not disturbed by changes of older ones, which are no mistake", () => {
    const transcript = window(7, 9);
    const applied = apply(
      transcript,
      changes(
        5,
        6,
        { op: "patch", id: "i1", set: { state: "done" } },
        { op: "append", id: "i2", field: "text", text: "x" },
        { op: "remove", id: "i3" },
      ),
    );
    expect(applied).toEqual({ kind: "changed", touched: new Map(), before: new Map(), refused: 0 });
    expect([ids(transcript.items), transcript.earlier]).toEqual([["i7", "i8"], 6]);
  });

  it("are what is left when the oldest are dropped, and these can be had again", () => {
    const transcript = window(2, 9);
    expect(drop(transcript, 3)).toEqual({ kind: "dropped", ids: ["i2", "i3", "i4", "i5"] });
    expect([ids(transcript.items), transcript.earlier]).toEqual([["i6", "i7", "i8"], 6]);
    apply(transcript, earlier(0, 6));
    expect(ids(transcript.items)).toEqual(ids(window(0, 9).items));
  });
});
