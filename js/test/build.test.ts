// @vitest-environment node
/** What the build cuts out of two libraries is never missed. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import yaml from "highlight.js/lib/languages/yaml";
import { Lexer } from "marked";
import { expect, it } from "vitest";
import { trimHighlighter, trimMarked } from "../build.mjs";
import { MATH } from "../src/markdown/math";
import sql from "../src/markdown/sql";
import typescript from "../src/markdown/typescript";
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

it("colours as all of highlight.js does", async () => {
  const { source, module } = await trimmed("highlight.js/lib/core", trimHighlighter);
  expect(source).not.toMatch(/function (highlightAuto|highlightElement|addPlugin)/);
  const code = readFileSync(find("marked"), "utf8").slice(0, 3000);
  const texts = [code, ...Object.values(documents), "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n", "a: [1, {b: 'c'}]\n# d\n"];
  for (const [name, grammar] of Object.entries({ bash, diff, json, python, r, sql, typescript, yaml })) {
    hljs.registerLanguage(name, grammar);
    module.default.registerLanguage(name, grammar);
    for (const text of texts) {
      const [ours, theirs] = [module.default, hljs].map((each) => each.highlight(text, { language: name }));
      expect(ours.value).toBe(theirs.value);
      expect(ours.errorRaised).toBeUndefined();
    }
  }
});

it("stops at a library that is built in another way", () => {
  for (const trim of [trimMarked, trimHighlighter]) expect(() => trim("var x=1")).toThrow("another way");
});
