import { describe, expect, it } from "vitest";
import { diffLines, hunks } from "../src/diff";
import { random } from "./documents";

const shown = (before: string, after: string) => diffLines(before, after).map(({ op, text }) => op + text);

describe("diffLines", () => {
  it("finds the changed line", () => {
    expect(shown("a\nb\nc\n", "a\nB\nc\n")).toEqual([" a", "-b", "+B", " c"]);
  });

  it("knows new and emptied files", () => {
    expect(shown("", "a\nb\n")).toEqual(["+a", "+b"]);
    expect(shown("a\n", "")).toEqual(["-a"]);
    expect(shown("", "")).toEqual([]);
  });

  it("always leads from the one text to the other", () => {
    const next = random(7);
    const text = () => Array.from({ length: Math.floor(next() * 12) }, () => "abc"[Math.floor(next() * 3)] ?? "");
    for (let i = 0; i < 300; i++) {
      const [before, after] = [text(), text()];
      const lines = diffLines(before.join("\n"), after.join("\n"));
      expect(lines.filter(({ op }) => op !== "+").map((line) => line.text)).toEqual(before);
      expect(lines.filter(({ op }) => op !== "-").map((line) => line.text)).toEqual(after);
    }
  });

  it("is bounded for large rewrites", () => {
    const many = (sign: string) => Array.from({ length: 20_000 }, (_, i) => `${sign}${i}`).join("\n");
    const start = performance.now();
    expect(diffLines(many("a"), many("b"))).toHaveLength(40_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

it("hunks leave out what is far from any change", () => {
  const before = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const after = before.with(15, "changed");
  const parts = hunks(diffLines(before.join("\n"), after.join("\n")));
  expect(parts.map((part) => ("skipped" in part ? part.skipped : part.lines.length))).toEqual([12, 8, 11]);
});
