import { expect, it } from "vitest";
import { TextStream } from "../src/textstream";

/** What a reader sees: boxes are lines apart. */
const shown = (stream: TextStream) => [...stream.el.children].map((box) => box.textContent).join("\n");

const LINES = Array.from({ length: 3000 }, (_, i) => `line ${i}`).join("\n");

it.each([1, 7, 5000, 1e9])("shows all of the text, in pieces of %d", (size) => {
  const stream = new TextStream();
  for (let at = 0; at < LINES.length; at += size) stream.append(LINES.slice(at, at + size));
  expect(shown(stream)).toBe(LINES);
  expect(stream.length).toBe(LINES.length);
});

it("keeps its boxes small, so that a chunk makes the browser lay out little", () => {
  const stream = new TextStream();
  for (const line of LINES.split("\n")) stream.append(`${line}\n`);
  expect(Math.max(...[...stream.el.children].map((box) => box.textContent?.length ?? 0))).toBeLessThan(4100);
});

it("drops the oldest text past its bound", () => {
  const stream = new TextStream("div", 10_000);
  for (const line of LINES.split("\n")) stream.append(`${line}\n`);
  expect(stream.length).toBeLessThan(15_000);
  expect(stream.length + stream.dropped).toBe(LINES.length + 1);
  expect(shown(stream)).toBe(`${LINES}\n`.slice(stream.dropped));
});
