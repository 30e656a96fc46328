import { describe, expect, it } from "vitest";
import { commandsFor, filesFor, tokenAt } from "../src/composer/token";

/** The token where `|` is. */
const at = (text: string) => tokenAt(text.replace("|", ""), text.indexOf("|"));

describe("the word at the caret", () => {
  it.each([
    ["/|", "/", "", 0, 1],
    ["/com|pact", "/", "com", 0, 8],
    ["@|", "@", "", 0, 1],
    ["see @da|ta/x.csv now", "@", "da", 4, 15],
    ["see\n@a|", "@", "a", 4, 6],
    ["(@a|", "@", "a", 1, 3],
    ['see @"my fi|le.txt" now', "@", "my fi", 4, 18],
    ['see @"my fi|', "@", "my fi", 4, 11],
  ])("of %j is completed", (text, kind, query, start, end) => {
    expect(at(text)).toEqual({ kind, query, start, end });
  });

  it.each(["|", "hello|", "|/compact", "/compact |", "a /compact|", " /x|", "ada@example.org|", "@a b|", '@"a" b|'])(
    "of %j is not",
    (text) => expect(at(text)).toBeNull(),
  );
});

describe("what it may become", () => {
  const commands = ["clear", "Recipe", "re-clear"].map((name) => ({ name, description: `does ${name}`, hint: "" }));

  it("is a command that has it in its name, first those that begin with it", () => {
    expect(commandsFor(commands, "re").map(({ insert }) => insert)).toEqual(["/Recipe", "/re-clear"]);
    expect(commandsFor(commands, "cl").map(({ insert }) => insert)).toEqual(["/clear", "/re-clear"]);
    expect(commandsFor(commands, "x")).toEqual([]);
    expect(commandsFor([{ name: "prompt", description: "Runs it", hint: "name" }], "")).toEqual([
      { label: "/prompt name", detail: "Runs it", insert: "/prompt", open: false },
    ]);
  });

  it.each([
    ["a.txt", "@a.txt", false],
    ["data/", "@data/", true],
    ["my data/a.txt", '@"my data/a.txt"', false],
    ["my data/", '@"my data/', true],
    ["a(1).txt", '@"a(1).txt"', false],
  ])("is the file %j", (path, insert, open) => {
    expect(filesFor([path])).toEqual([{ label: path, detail: "", insert, open }]);
  });
});
