import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = join(dirname(fileURLToPath(import.meta.url)), "..", "src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).map((name) => name.replaceAll("\\", "/"));
const read = (name: string) => readFileSync(join(src, name), "utf8");

it("sets HTML in the highlighter's file only, and in the frame without an origin", () => {
  const html =
    /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|createContextualFragment|DOMParser/;
  const found = files.filter((name) => /\.tsx?$/.test(name)).filter((name) => html.test(read(name)));
  expect(found).toEqual(["parts/diagrams.ts", "parts/highlight.ts"]);
});

describe.each(files.filter((name) => name.endsWith(".css")))("%s", (name) => {
  it("styles nothing outside of the widget", () => {
    const css = read(name).replace(/\/\*[\s\S]*?\*\//g, "");
    const selectors = [...css.matchAll(/([^{}]*)\{/g)].map((match) => match[1]?.trim().replaceAll(/\s+/g, " ") ?? "");
    const outside = selectors.filter(
      (selector) =>
        !selector.startsWith(".goose-widget") &&
        !selector.split(", ").every((part) => /\.goose-static\)?$/.test(part)) &&
        !/^@(container|media|supports|keyframes goose-)|^(to|\d+%)$/.test(selector),
    );
    expect(outside).toEqual([]);
  });
});

it("gives a Copy button that lies over code a background", () => {
  const over = /bar:has\(> span:empty\) \{([^}]*)\}/.exec(read("styles/code.css"))?.[1];
  expect(over).toMatch(/position: absolute;[^}]*background: var\(--g-bg\);/);
});

it("has no file of more than 400 lines", () => {
  const long = files.filter((name) => /\.(tsx?|css)$/.test(name) && read(name).split("\n").length > 400);
  expect(long).toEqual([]);
});
