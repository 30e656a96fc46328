import { describe, expect, it } from "vitest";
import { MarkdownStream } from "../src/markdown/stream";
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
