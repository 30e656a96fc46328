import { describe, expect, it } from "vitest";
import { apply, emptyTranscript } from "../src/transcript";
import type { Change } from "../src/wire";
import { agent, tool } from "./fake";

const changes = (from: number, seq: number, ...list: Change[]) => ({
  type: "changes" as const,
  from,
  seq,
  changes: list,
});

function started() {
  const transcript = emptyTranscript();
  apply(transcript, { type: "snapshot", seq: 5, items: [agent("a", "Hello")] });
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
    expect(apply(transcript, { type: "snapshot", seq: 2, items: [tool("t")] })).toEqual({ kind: "replaced" });
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
