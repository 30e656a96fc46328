// @vitest-environment node
/** What the build cuts out of a library is never missed, and what it puts around the bundle has it evaluated once in a page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Lexer } from "marked";
import { expect, it } from "vitest";
import { oncePerPage, trimMarked } from "../build.mjs";
import { MATH } from "../src/markdown/math";
import { documents, fuzz } from "./documents";

const find = createRequire(import.meta.url).resolve;

/** `name` tells modules of one text apart, as two widgets bring it. */
const evaluated = (source: string, name = "") =>
  import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}//${name}`);

async function trimmed(library: string, trim: (source: string) => string) {
  const source = trim(readFileSync(find(library), "utf8"));
  return { source, module: await evaluated(source) };
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

it("is evaluated once in a page, however many chats bring it, and once more in another version", async () => {
  const bundle = (digest: string) => {
    const { banner, footer } = oncePerPage(digest);
    const page = `{makeWidget:((evaluated)=>()=>({evaluated}))({of:"${digest}"})}`;
    return `${banner.js}globalThis[Symbol.for("goose-widget ${digest}")]=${page}\n${footer.js}`;
  };
  const [first, second, other] = await Promise.all([
    evaluated(bundle("a"), "first"),
    evaluated(bundle("a"), "second"),
    evaluated(bundle("b"), "first"),
  ]);
  expect(first.default).not.toBe(second.default);
  expect(first.default.evaluated).toBe(second.default.evaluated);
  expect([first.default.evaluated.of, other.default.evaluated.of]).toEqual(["a", "b"]);
});
