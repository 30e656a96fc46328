/** The fixtures are shared with the Python tests: both sides reduce the same changes to the same items. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isItem, readInbound } from "../src/guard";
import { apply, emptyTranscript } from "../src/transcript";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "tests", "fixtures", "wire");

function fixtures(): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}

interface Fixture {
  changes: unknown[][];
  items: unknown[];
}

describe.each(fixtures())("fixture %s", (name) => {
  const fixture = JSON.parse(readFileSync(join(folder, name), "utf8")) as Fixture;

  it("passes the guard and leads to its items", () => {
    const transcript = emptyTranscript();
    for (const [index, changes] of fixture.changes.entries()) {
      const { message, refused } = readInbound({ type: "changes", from: index, seq: index + 1, changes });
      expect(refused).toBe(0);
      if (!message || message.type === "ack") throw new Error("not changes");
      expect(apply(transcript, message)).toMatchObject({ kind: "changed", refused: 0 });
    }
    expect([...transcript.items.values()]).toEqual(fixture.items);
    expect(fixture.items.every(isItem)).toBe(true);
  });
});

it("finds the fixtures when they are there", () => expect(Array.isArray(fixtures())).toBe(true));
