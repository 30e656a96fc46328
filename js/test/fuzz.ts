/** Compares Markdown that streams with the same text drawn in one go. */
import { expect } from "vitest";
import { type Limits, MarkdownStream } from "../src/markdown/stream";
import { random } from "./documents";

const NEVER = Number.POSITIVE_INFINITY;
const WHOLE: Limits = { cut: NEVER, slice: NEVER, budget: NEVER };
const USUAL: Limits = { cut: 1200, slice: 4000, budget: NEVER };
/** Every open block is cut wherever it can be. */
export const EAGER: Limits = { cut: 1, slice: NEVER, budget: NEVER };

export function draw(chunks: string[], limits = USUAL): HTMLElement {
  const markdown = new MarkdownStream(undefined, limits);
  for (const chunk of chunks) markdown.push(chunk);
  markdown.finish();
  return markdown.el;
}

export function whole(text: string): HTMLElement {
  return draw([text], WHOLE);
}

export function chunksOf(text: string, seed: number, longest = 12): string[] {
  const next = random(seed);
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const length = 1 + Math.floor(next() * longest);
    chunks.push(text.slice(at, at + length));
    at += length;
  }
  return chunks;
}

/** Streamed in these chunks, also with open blocks cut wherever they can be, a text becomes the same page. */
export function expectSame(...ways: string[][]): void {
  const text = ways[0]?.join("") ?? "";
  const expected = whole(text);
  for (const chunks of ways) {
    for (const limits of [USUAL, EAGER]) {
      const found = draw(chunks, limits);
      // Attributes may be in another order.
      if (!found.isEqualNode(expected)) {
        expect(found.outerHTML, `cut at ${limits.cut}: ${JSON.stringify(text)}`).toBe(expected.outerHTML);
        expect.unreachable("not equal");
      }
    }
  }
}
