// @vitest-environment node
/** What the build cuts out of a library is never missed. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Lexer } from "marked";
import { expect, it } from "vitest";
import { trimMarked } from "../build.mjs";
import { MATH } from "../src/markdown/math";
import { documents, fuzz } from "./documents";

const find = createRequire(import.meta.url).resolve;

async function trimmed(library: string, trim: (source: string) => string) {
  const source = trim(readFileSync(find(library), "utf8"));
  return { source, module: await import(`data:text/javascript,${encodeURIComponent(source)}`) };
}

it("lexes as all of marked does", async () => {
  const { source, module } = await trimmed("marked", trimMarked);
  expect(source).not.toMatch(/options\.(pedantic|gfm)|class="language-/);
  const texts = [...Object.values(documents), ...Array.from({ length: 400 }, (_, seed) => fuzz(seed))];
  for (const text of texts) {
    const [ours, theirs] = [module.Lexer, Lexer].map((Each) => new Each({ ...MATH, gfm: true }).lex(text));
    expect(ours).toEqual(theirs);
  }
});

it("stops at a library that is built in another way", () => {
  expect(() => trimMarked("var x=1")).toThrow("another way");
});
