import { expect, it } from "vitest";
import { TerminalText, terminalText } from "../src/ansi";

const CASES: [string, string, string][] = [
  ["colours", "\x1b[1;31mred\x1b[0m\n", "red\n"],
  ["titles and links", "\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\", "ab"],
  ["cursor movements", "\x1b[2K\x1b[?25lx\x1b(B", "x"],
  ["progress bars", "10%\r50%\r100%\ndone", "100%\ndone"],
  ["Windows line ends", "a\r\nb\r\n", "a\nb\n"],
  ["controls", "a\x00\x08b\tc", "ab\tc"],
];

it.each(CASES)("understands %s", (_name, raw, text) => expect(terminalText(raw)).toBe(text));

it.each(CASES)("understands %s cut anywhere", (_name, raw, text) => {
  const terminal = new TerminalText();
  let lines = "";
  let line = "";
  for (const character of raw) {
    const fed = terminal.feed(character);
    lines += fed.lines;
    line = fed.line;
  }
  expect(lines + line).toBe(text);
});

it("shows a progress bar's last state before its line ends", () => {
  const terminal = new TerminalText();
  terminal.feed("10%\r");
  expect(terminal.feed("20%")).toEqual({ lines: "", line: "20%" });
});

it("is not held back for ever by a stray escape", () => {
  expect(terminalText(`\x1b]${"x".repeat(5000)}`)).toContain("x");
});
