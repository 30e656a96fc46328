import { Lexer } from "marked";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MarkdownStream } from "../src/markdown/stream";
import { givePart } from "../src/parts";
import { documents, fuzz, random } from "./documents";

function whole(text: string): string {
  return stream([text]);
}

function stream(chunks: string[]): string {
  const markdown = new MarkdownStream();
  for (const chunk of chunks) markdown.push(chunk);
  markdown.finish();
  return markdown.el.outerHTML;
}

function randomChunks(text: string, seed: number): string[] {
  const next = random(seed);
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + Math.floor(next() * 12);
    chunks.push(text.slice(at, at + length));
    at += length;
  }
  return chunks;
}

describe.each(Object.entries(documents))("streaming %s equals drawing it at once", (_name, text) => {
  it("by character", () => {
    expect(stream([...text])).toBe(whole(text));
  });

  it("in random chunks", () => {
    for (let seed = 1; seed <= 5; seed++) expect(stream(randomChunks(text, seed))).toBe(whole(text));
  });
});

it("streaming generated documents equals drawing them at once", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const text = fuzz(seed);
    expect(stream([...text]), `seed ${seed}: ${JSON.stringify(text)}`).toBe(whole(text));
  }
});

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
    expect(markdown.el.querySelector("code")?.textContent).toBe("x = 1\n");
    markdown.push("still\n");
    expect(markdown.el.querySelector("code")?.textContent).toBe("x = 1\n``still\n");
    expect(markdown.el.querySelector("[class^=hljs]")).toBeNull();
    markdown.push("```\n");
    expect(markdown.el.querySelector(".hljs-number")).not.toBeNull();
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
    markdown.push(text);
    const lex = vi.spyOn(Lexer.prototype, "lex");
    for (let i = 0; i < 200; i++) markdown.push(chunk);
    const length = lex.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
    lex.mockRestore();
    return length;
  };

  it.each([
    ["paragraphs", "A paragraph with **bold** text.\n\n", "word "],
    ["an open fence", "x = 1 + 2\n", "y = x\n"],
  ])("of %s", (name, block, chunk) => {
    const opening = name === "an open fence" ? "```python\n" : "";
    expect(reread(opening + block.repeat(2000), chunk)).toBe(reread(opening + block.repeat(20), chunk));
  });
});
