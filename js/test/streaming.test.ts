/** Streaming without the part that cuts open blocks, as it is until that has come. The parts of a page are of this file. */
import { expect, it, vi } from "vitest";
import { addSource } from "../src/parts";
import * as streaming from "../src/parts/streaming";
import { documents } from "./documents";
import { chunksOf, draw, EAGER, expectSame, whole } from "./fuzz";
import { longDocuments } from "./long";

const asked: string[] = [];

addSource(async (name) => {
  asked.push(name);
  return new Promise(() => {});
});

const long = longDocuments(2, 60);

it("needs no part for what is short", () => {
  for (const text of ["One *line*.\n\nAnother\n\n- a\n- b\n", "# A\n\n| a |\n|---|\n| b |\n"]) draw([...text]);
  expect(asked).toEqual([]);
});

it.each(Object.entries(documents))("streams %s without its part", (_name, text) => {
  expectSame(chunksOf(text, 1), chunksOf(text, 2));
});

it("asks for its part once, however much is drawn until it comes", () => {
  const text = "a *word* and ".repeat(400);
  expectSame(chunksOf(text, 1, 200), chunksOf(text, 2, 200));
  expect(asked.filter((name) => name === "streaming")).toHaveLength(1);
});

it.each(Object.entries(long))("goes on with a %s when its part comes", async (_name, text) => {
  vi.resetModules();
  Reflect.deleteProperty(globalThis, Symbol.for("goose-widget "));
  const { MarkdownStream } = await import("../src/markdown/stream");
  const page = await import("../src/parts");
  const markdown = new MarkdownStream(undefined, EAGER);
  const chunks = chunksOf(text, 3, 40);
  for (const [index, chunk] of chunks.entries()) {
    if (index === Math.floor(chunks.length / 2)) page.givePart("streaming", streaming);
    markdown.push(chunk);
  }
  markdown.finish();
  expect(markdown.el.outerHTML).toBe(whole(text).outerHTML);
});
