import { readFileSync } from "node:fs";
import { Lexer } from "marked";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MarkdownStream } from "../src/markdown/stream";
import { givePart } from "../src/parts";
import * as streaming from "../src/parts/streaming";
import { documents, fuzz } from "./documents";
import { chunksOf, draw, expectSame, whole } from "./fuzz";
import { longDocuments } from "./long";

givePart("streaming", streaming);

describe.each(Object.entries(documents))("streaming %s equals drawing it at once", (_name, text) => {
  it("by character and in random chunks", () => {
    expectSame([...text], ...[1, 2, 3, 4, 5].map((seed) => chunksOf(text, seed)));
  });
});

it.each(Object.entries(longDocuments(1, 110)))("streaming a very long %s equals drawing it at once", (_name, text) => {
  expectSame(chunksOf(text, 1, 80), chunksOf(text, 2, 5000));
});

it.each([1, 2, 3, 4])("streaming generated documents equals drawing them at once (%i)", (part) => {
  for (let seed = part; seed <= 240; seed += 4) {
    const text = fuzz(seed);
    expectSame([...text], chunksOf(text, seed));
  }
});

const REAL = ["../README.md", "../CHANGELOG.md", "../CONTRIBUTING.md", "marked", "preact", "vitest", "esbuild", "ws"];

it.each(REAL)("streaming %s equals drawing it at once", (name) => {
  const path = name.startsWith(".") ? name : `node_modules/${name}/README.md`;
  const text = readFileSync(path, "utf8").slice(0, 15_000);
  expectSame(chunksOf(text, 1, 60), chunksOf(text, 2, 900));
});

const SPEC = readFileSync("node_modules/commonmark-spec/spec.txt", "utf8").replaceAll("→", "\t");
const EXAMPLES = new Map<string, string[]>();
let section = "";
for (const [, heading, example] of SPEC.matchAll(/^## (.*)|^`{32} example\n([\s\S]*?)^\.\n[\s\S]*?^`{32}$/gm)) {
  section = heading ?? section;
  if (example !== undefined) EXAMPLES.set(section, [...(EXAMPLES.get(section) ?? []), example]);
}

it("knows all of CommonMark's examples", () => {
  expect([...EXAMPLES.values()].flat()).toHaveLength(652);
});

it.each([...EXAMPLES])("streams CommonMark's examples of %s as they are drawn at once", (_section, examples) => {
  for (const example of examples) expectSame([...example], chunksOf(example, 1));
});

it("goes on later when there is much to draw, and ends with the same", () => {
  vi.useFakeTimers();
  const text = readFileSync("../README.md", "utf8");
  const markdown = new MarkdownStream(undefined, { cut: 1200, slice: 1000, budget: 0 });
  markdown.push(text);
  markdown.finish();
  vi.runAllTimers();
  vi.useRealTimers();
  expect(markdown.el.isEqualNode(whole(text))).toBe(true);
});

it.each(["[", "*", "`", "<", "|", "> ", "- ", "[a](b", "$$\n", "~~a", "_a_", "\\(", "![", "[^a]: b\n", "  - a\n    "])(
  "draws all of a text that is nothing but %j",
  (piece) => {
    const text = piece.repeat(3000 / piece.length);
    expect(draw(chunksOf(text, 1, 500)).isEqualNode(whole(text))).toBe(true);
  },
);

describe("while text streams", () => {
  // Drawing takes no time: nothing is put off.
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("leaves finished blocks alone, so that a selection in them survives", () => {
    const markdown = new MarkdownStream();
    markdown.push("# Title\n\nfirst paragraph\n\nsecond");
    const [title, first] = markdown.el.children;
    for (let i = 0; i < 50; i++) markdown.push(" word");
    markdown.push("\n\nthird");
    expect([...markdown.el.children].slice(0, 2)).toEqual([title, first]);
    expect(markdown.el.children[0]).toBe(title);
    expect(markdown.el.children[1]).toBe(first);
  });

  it("keeps the items of a list that grows", () => {
    const markdown = new MarkdownStream();
    markdown.push("- one\n- two\n");
    const one = markdown.el.querySelector("li");
    markdown.push("- three\n- four");
    expect(markdown.el.querySelector("li")).toBe(one);
    expect(markdown.el.querySelectorAll("li")).toHaveLength(4);
  });

  it("shows an open fence's text at once, without colours and without what may close it", async () => {
    givePart("highlight", await import("../src/parts/highlight"));
    const markdown = new MarkdownStream();
    markdown.push("```python\nx = 1\n``");
    expect(markdown.el.querySelector("code")?.textContent).toBe("x = 1");
    markdown.push("still\n");
    expect(markdown.el.querySelector("code")?.textContent).toBe("x = 1\n``still");
    expect(markdown.el.querySelector("[class^=hljs]")).toBeNull();
    markdown.push("```\n");
    expect(markdown.el.querySelector(".hljs-number")).not.toBeNull();
  });

  it("keeps the items of a long list, the rows of a long table and the words of a long paragraph", () => {
    for (const [start, more, selector] of [
      ["", "- an *item* of a list\n", "li"],
      ["| a | b |\n|---|---|\n", "| one row | of **many** |\n", "tbody tr"],
      ["> - a\n>   - b\n", ">   - an *item* in an item\n", "li li"],
      ["", "a *word* and ", "p > *"],
    ] as const) {
      const markdown = new MarkdownStream();
      markdown.push(start + more.repeat(3));
      const kept: Element[] = [];
      for (let i = 0; i < 40; i++) {
        markdown.push(more.repeat(10));
        if (i !== 30) continue;
        const all = [...markdown.el.querySelectorAll(selector)];
        kept.push(...all.slice(0, all.length / 3));
      }
      markdown.finish();
      expect(kept.length).toBeGreaterThan(0);
      expect([...markdown.el.querySelectorAll(selector)].slice(0, kept.length)).toEqual(kept);
      expect(kept.every((element) => markdown.el.contains(element))).toBe(true);
    }
  });

  it("adds to text, so that a selection in the last paragraph survives", () => {
    const markdown = new MarkdownStream();
    markdown.push("some words");
    const text = markdown.el.querySelector("p")?.firstChild;
    const range = document.createRange();
    range.setStart(text as Text, 5);
    markdown.push(" and more");
    expect(markdown.el.querySelector("p")?.firstChild).toBe(text);
    expect(range.startOffset).toBe(5);
  });

  it("gives a reference its address as soon as that is known, and leaves the rest alone", () => {
    const markdown = new MarkdownStream();
    markdown.push("See [one].\n\nOther [words].\n\nmore\n\n");
    const other = markdown.el.children[1];
    expect(markdown.el.querySelector("a")).toBeNull();
    markdown.push("[one]: https://one.exam");
    markdown.push("ple\n\nend");
    expect(markdown.el.querySelector("a")?.getAttribute("href")).toBe("https://one.example/");
    expect(markdown.el.children[1]).toBe(other);
  });

  it("starts over when the text is replaced", () => {
    const markdown = new MarkdownStream();
    markdown.push("# Old\n\ntext");
    markdown.reset("new");
    markdown.finish();
    expect(markdown.el.innerHTML).toBe("<p>new</p>");
  });
});

describe("what is read again for a chunk does not grow with the message", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const reread = (text: string, chunk: string) => {
    const markdown = new MarkdownStream();
    for (let at = 0; at < text.length; at += 2000) markdown.push(text.slice(at, at + 2000));
    const lex = vi.spyOn(Lexer.prototype, "blockTokens");
    for (let i = 0; i < 50; i++) markdown.push(chunk);
    const length = lex.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
    lex.mockRestore();
    return length;
  };

  it.each([
    ["paragraphs", "", "A paragraph with **bold** text.\n\n"],
    ["an open fence", "```python\n", "x = 1 + 2\n"],
    ["a table", "| a | b |\n|---|---|\n", "| some cell | `1` |\n"],
    ["a list", "", "- an item of *it*\n"],
    ["a list in an item", "1. a\n", "   - an item of *it*\n"],
    ["a quotation", "", "> some words\n>\n"],
    ["a paragraph", "", "some *words* of it, "],
    ["a comment", "<!--\n", "some words\n"],
  ])("of %s", (_name, opening, block) => {
    const short = reread(opening + block.repeat(100), block);
    expect(reread(opening + block.repeat(1000), block)).toBeLessThan(1.5 * short);
  });
});
