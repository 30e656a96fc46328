/** The fixtures are shared with the Python tests: both sides reduce the same changes to the same items. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { isItem, readInbound } from "../src/guard";
import { apply, emptyTranscript } from "../src/transcript";
import { agent } from "./fake";

interface Fixture {
  /** Batches of changes, each of which leads to the next seq. */
  changes: unknown[][];
  /** What they lead to. */
  items: unknown[];
}

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "tests", "fixtures", "wire");

const EXAMPLE: Fixture = {
  changes: [
    [{ op: "add", item: agent("a", "Hel") }],
    [
      { op: "append", id: "a", field: "text", text: "lo" },
      { op: "patch", id: "a", set: { state: "done" } },
      { op: "add", item: agent("b") },
      { op: "remove", id: "b" },
    ],
  ],
  items: [agent("a", "Hello", "done")],
};

function fixtures(): [string, Fixture][] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Fixture;
  return [["of this file", EXAMPLE], ...names.map((name): [string, Fixture] => [name, read(name)])];
}

it.each(fixtures())("fixture %s passes the guard and leads to its items", (_name, { changes, items }) => {
  const transcript = emptyTranscript();
  for (const [index, batch] of changes.entries()) {
    const { message, refused } = readInbound({ type: "changes", from: index, seq: index + 1, changes: batch });
    expect(refused).toBe(0);
    if (message?.type !== "changes") throw new Error("not changes");
    expect(apply(transcript, message)).toMatchObject({ kind: "changed", refused: 0 });
  }
  expect([...transcript.items.values()]).toEqual(items);
  expect(items.every(isItem)).toBe(true);
});
