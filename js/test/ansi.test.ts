import { describe, expect, it } from "vitest";
import { type Row, rowsOf, styleOf, Terminal, terminalText } from "../src/ansi";
import { random } from "./documents";

const ESC = "\x1b";

const CASES: [string, string, string][] = [
  ["colours", `${ESC}[1;31mred${ESC}[0m\n`, "red\n"],
  ["titles and links", `${ESC}]0;title\x07a${ESC}]8;;http://x${ESC}\\b${ESC}]8;;${ESC}\\`, "ab"],
  ["sequences it does not know", `${ESC}[?25lx${ESC}(B${ESC}[>4;2m${ESC}[6n${ESC}P+q${ESC}\\${ESC}c`, "x"],
  ["progress bars", "10%\r50%\r100%\ndone", "100%\ndone"],
  ["what a shorter line leaves of a longer one", "long line\rX\n", "Xong line\n"],
  ["lines that are erased", `10 %\r${ESC}[Kok\nabc${ESC}[2K\rd\nabcdef${ESC}[3D${ESC}[1Kg\n`, "ok\nd\n   gef\n"],
  ["Windows line ends", "a\r\nb\r\n", "a\nb\n"],
  ["backspaces", "ab\b\bc\bd\n\b\b\be", "db\ne"],
  ["controls", "a\x00\x07\x0b\x85b\tc", "ab\tc"],
  ["the cursor's columns", `a${ESC}[3Cb${ESC}[2Gc${ESC}[99999999Cd`, `ac  b${" ".repeat(3994)}d`],
  ["several progress bars", `a 1\nb 1\n${ESC}[2Aa 2\n${ESC}[Bc\n`, "a 2\nb 1\nc\n"],
  ["what is below and erased", `a\nb\nc\n${ESC}[3A${ESC}[Jx\n`, "x\n\n\n"],
  ["a cursor that goes too far up", `a\n${ESC}[99Ab`, "b"],
  ["a screen that is cleared, which is not done", `a\n${ESC}[H${ESC}[2J${ESC}[3Jb`, "a\nb"],
  ["half of a pair that is left over", "\u{1f600}\rab\n\u{1f600}\ra\n", "ab\na \n"],
];

const feedAll = (pieces: string[]) => {
  const terminal = new Terminal();
  const rows = new Set<Row>();
  for (const piece of pieces) for (const row of terminal.feed(piece)) rows.add(row);
  return [...rows];
};

it.each(CASES)("understands %s", (_name, raw, text) => expect(terminalText(raw)).toBe(text));

it.each(CASES)("understands %s cut anywhere", (_name, raw) => {
  expect(feedAll(raw.split(""))).toEqual(rowsOf(raw));
});

const PIECES = [
  ..."ab\n\n\r\b\t;m",
  "word ",
  "\r\n",
  "\u{1f600}",
  "é",
  `${ESC}[31m`,
  `${ESC}[0m`,
  `${ESC}[1;4m`,
  `${ESC}[38;5;208m`,
  `${ESC}[48:2::1:2:3m`,
  `${ESC}[m`,
  `${ESC}[K`,
  `${ESC}[1K`,
  `${ESC}[2K`,
  `${ESC}[J`,
  `${ESC}[2A`,
  `${ESC}[B`,
  `${ESC}[5C`,
  `${ESC}[3D`,
  `${ESC}[9G`,
  `${ESC}]8;;https://example.org${ESC}\\`,
  `${ESC}]0;t\x07`,
  `${ESC}]`,
  `${ESC}[`,
  ESC,
  "x".repeat(3000),
];

it("streamed in any pieces equals all at once", () => {
  for (let seed = 1; seed <= 150; seed++) {
    const next = random(seed);
    const raw = Array.from({ length: 400 }, () => PIECES[Math.floor(next() * PIECES.length)]).join("");
    const pieces: string[] = [];
    for (let at = 0; at < raw.length; ) {
      const length = 1 + Math.floor(next() ** 3 * 40);
      pieces.push(raw.slice(at, at + length));
      at += length;
    }
    expect(feedAll(pieces), `seed ${seed}`).toEqual(rowsOf(raw));
  }
});

it("shows a progress bar's last state before its line ends", () => {
  const terminal = new Terminal();
  terminal.feed("10%\r");
  expect([...terminal.feed("20%")]).toEqual([{ runs: [{ text: "20%", style: "" }], length: 3, soft: false }]);
});

it("is not held back for ever by a stray escape", () => {
  expect(terminalText(`${ESC}]${"x".repeat(5000)}`)).toContain("x");
});

describe("styles", () => {
  const styled = (codes: string) => {
    const style = rowsOf(`${ESC}[${codes}mx`)[0]?.runs[0]?.style ?? "";
    return style === "" ? "" : Object.values(styleOf(style)).join(" ").trim();
  };

  it.each([
    ["1", "goose-ansi-1"],
    ["1;3;4;9", "goose-ansi-1 goose-ansi-3 goose-ansi-4 goose-ansi-9"],
    ["31", "goose-ansi-fg #cd3131"],
    ["1;91", "goose-ansi-1 goose-ansi-fg #f14c4c"],
    ["42", "goose-ansi-bg  #0dbc79"],
    ["38;5;208", "goose-ansi-fg #ff8700"],
    ["38;5;244", "goose-ansi-fg #808080"],
    ["38;2;1;2;255", "goose-ansi-fg #0102ff"],
    ["38:2::1:2:255", "goose-ansi-fg #0102ff"],
    ["38:5:9", "goose-ansi-fg #f14c4c"],
    ["48;2;1;2;255;3", "goose-ansi-3 goose-ansi-bg  #0102ff"],
    ["58;2;9;9;9;31", "goose-ansi-fg #cd3131"],
    ["4:3", "goose-ansi-4"],
    ["7", "goose-ansi-inverse"],
    ["7;31;42", "goose-ansi-fg goose-ansi-bg #0dbc79 #cd3131"],
    ["1;2;22", ""],
    ["1;3;4;7;9;22;23;24;27;29", ""],
    ["4;4:0", ""],
    ["31;42;39;49", ""],
    ["31;1;0", ""],
    ["31;", ""],
    ["38;2;1;2;999", ""],
    ["38;5;999", ""],
    ["38", ""],
    ["8", ""],
  ])("%s is %j", (codes, expected) => expect(styled(codes)).toBe(expected));

  it("go on over line ends until they are changed", () => {
    const rows = rowsOf(`a${ESC}[31mb\nc${ESC}[mc\n`);
    expect(rows.map(({ runs }) => runs.map(({ text, style }) => text + style))).toEqual([
      ["a", "b#cd3131,,0"],
      ["c#cd3131,,0", "c"],
    ]);
  });
});

it("bounds the pieces of a row, and the length of a row", () => {
  const colours = Array.from({ length: 100_000 }, (_, i) => `${ESC}[${31 + (i % 6)}mx`).join("");
  const rows = rowsOf(colours);
  expect(rows).toHaveLength(25);
  for (const row of rows) expect(row.runs.length).toBeLessThanOrEqual(200);
  expect(terminalText(colours)).toBe("x".repeat(100_000));
});

it("reads megabytes of escapes", () => {
  for (const piece of [`${ESC}[1;31m`, `${ESC}]`, `${ESC}]0;t${ESC}`, `${ESC}[`, "\rx", `${ESC}[Ax\n`, `a${ESC}[2K`]) {
    expect(rowsOf(piece.repeat(300_000)).length).toBeLessThan(5000);
  }
});
