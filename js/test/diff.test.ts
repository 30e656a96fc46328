import { describe, expect, it } from "vitest";
import { type DiffLine, diffLines, hunks, pairs, parts } from "../src/diff";
import { random } from "./documents";

const shown = (before: string, after: string) => diffLines(before, after).map(({ op, text }) => op + text);

/** What changed within each line, in brackets. */
const marked = (before: string, after: string) =>
  diffLines(before, after).map(
    (line) =>
      line.op +
      parts(line)
        .map(({ text, changed }) => (changed ? `[${text}]` : text))
        .join(""),
  );

describe("diffLines", () => {
  it("finds the changed line", () => {
    expect(shown("a\nb\nc\n", "a\nB\nc\n")).toEqual([" a", "-b", "+B", " c"]);
  });

  it("knows new and emptied files", () => {
    expect(shown("", "a\nb\n")).toEqual(["+a", "+b"]);
    expect(shown("a\n", "")).toEqual(["-a"]);
    expect(shown("", "")).toEqual([]);
  });

  it("numbers the lines of both texts", () => {
    const numbers = diffLines("a\nb\nc\n", "a\nx\ny\nc\n").map((line) => [line.op, line.old, line.new]);
    expect(numbers).toEqual([
      [" ", 1, 1],
      ["-", 2, null],
      ["+", null, 2],
      ["+", null, 3],
      [" ", 3, 4],
    ]);
  });

  it("tells a line break at the end from none", () => {
    const bare = (before: string, after: string) =>
      diffLines(before, after).map(({ op, text, bare }) => op + text + (bare ? "!" : ""));
    expect(bare("a\nb\n", "a\nb")).toEqual([" a", "-b", "+b!"]);
    expect(bare("a\nb", "a\nc\n")).toEqual([" a", "-b!", "+c"]);
    expect(bare("a\nb", "a\nb")).toEqual([" a", " b"]);
    expect(bare("", "a")).toEqual(["+a"]);
    expect(bare("b\nb", "b\nb\n")).toEqual([" b", "-b!", "+b"]);
  });

  it("always leads from the one text to the other, removals first, and as short as can be", () => {
    const next = random(7);
    const text = () => Array.from({ length: Math.floor(next() * 12) }, () => "abc"[Math.floor(next() * 3)] ?? "");
    for (let i = 0; i < 300; i++) {
      const [before, after] = [text(), text()];
      const lines = diffLines(
        `${before.join("\n")}\n`.repeat(before.length && 1),
        `${after.join("\n")}\n`.repeat(after.length && 1),
      );
      expect(lines.filter(({ op }) => op !== "+").map((line) => line.text)).toEqual(before);
      expect(lines.filter(({ op }) => op !== "-").map((line) => line.text)).toEqual(after);
      expect(lines.filter(({ op }) => op === " ")).toHaveLength(common(before, after));
      expect(lines.map(({ op }) => op).join("")).not.toContain("+-");
    }
  });

  it("finds a few changes in a long text", () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
    const changed = many.map((line, i) => (i % 1000 === 7 ? `${line}!` : line));
    expect(diffLines(many.join("\n"), changed.join("\n"))).toHaveLength(20_020);
  });

  it("is bounded for large rewrites", () => {
    const many = (sign: string) => Array.from({ length: 20_000 }, (_, i) => `${sign}${i}`).join("\n");
    expect(diffLines(many("a"), many("b"))).toHaveLength(40_000);
  });
});

/** Length of the longest common subsequence. */
function common(a: string[], b: string[]): number {
  const [first, ...rest] = a;
  if (first === undefined) return 0;
  const at = b.indexOf(first);
  return Math.max(common(rest, b), at < 0 ? 0 : 1 + common(rest, b.slice(at + 1)));
}

describe("parts", () => {
  it("finds the words that changed", () => {
    expect(marked("import seaborn as sns\nplot(a, b)\n", "import seaborn as sb\nplot(a, c)\n")).toEqual([
      "-import seaborn as [sns]",
      "-plot(a, [b])",
      "+import seaborn as [sb]",
      "+plot(a, [c])",
    ]);
    expect(marked("größe = eins\n", "größer = eins\n")).toEqual(["-[größe] = eins", "+[größer] = eins"]);
  });

  it("finds space that changed", () => {
    expect(marked("  if x:\nend \n", "\tif x:\nend\n")).toEqual(["-[  ]if x:", "-end[ ]", "+[\t]if x:", "+end"]);
  });

  it("leaves lines alone that have little in common", () => {
    expect(marked("import seaborn\n", "def plot(frame):\n")).toEqual(["-import seaborn", "+def plot(frame):"]);
    const long = "x ".repeat(2000);
    expect(marked(long, `${long}y`)).toEqual([`-${long}`, `+${long}y`]);
  });
});

it("hunks fold what is far from any change", () => {
  const before = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const after = before.with(15, "changed").with(2, "changed");
  const found = hunks(diffLines(before.join("\n"), after.join("\n")));
  expect(found.map(({ folded, lines }) => [folded, lines.length])).toEqual([
    [false, 7],
    [true, 6],
    [false, 8],
    [true, 11],
  ]);
  // Three lines take no more room than the words that they are folded.
  expect(hunks(diffLines("a\nb\nc\n1\n2\n3\n4\n", "a\nb\nc\n1\n2\n3\n5\n")).map(({ folded }) => folded)).toEqual([
    false,
    false,
  ]);
});

it("pairs put beside each other what replaced what", () => {
  const text = (line: DiffLine | null) => line?.text ?? "";
  const rows = pairs(diffLines("a\nb\nc\nd\n", "a\nB\nd\ne\n")).map(([left, right]) => [text(left), text(right)]);
  expect(rows).toEqual([
    ["a", "a"],
    ["b", "B"],
    ["c", ""],
    ["d", "d"],
    ["", "e"],
  ]);
});
