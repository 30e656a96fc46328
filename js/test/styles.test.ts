// @vitest-environment node
/** A style sheet is the whole page's: what it costs, every cell pays. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const FOLDER = new URL("../src/styles/", import.meta.url);

/** At the end of a selector; a browser finds those of elements with a focus by it. */
const CHOICE = /:is\((?:[^()]|\([^()]*\))*\)(?!:focus-visible)[^\s>+~]*\s*[{,]/g;

it.each(readdirSync(FOLDER))("%s lists what it is about, as browsers try a choice at every element", (name) => {
  const css = readFileSync(new URL(name, FOLDER), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  expect(css.match(CHOICE)).toBeNull();
});

it("knows a choice", () => {
  expect(".a :is(.b, c) {".match(CHOICE)).not.toBeNull();
  expect(".a :is(.b, .c:not(.d)):hover,".match(CHOICE)).not.toBeNull();
  expect(".a :is(.b, .c) d {".match(CHOICE)).toBeNull();
});
