import { render } from "preact";
import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { DiffView } from "../src/items/diffview";

let el: HTMLElement;
beforeEach(() => {
  sessionStorage.clear();
  el = document.createElement("div");
  document.body.append(el);
});
afterEach(() => {
  render(null, el);
  vi.restoreAllMocks();
});

function draw(before: string | null, after: string, props: { whole?: boolean; line?: number } = {}) {
  act(() => render(<DiffView path="a.py" before={before} after={after} {...props} />, el));
  const button = (name: RegExp) =>
    [...el.querySelectorAll("button")].find((each) =>
      name.test(each.getAttribute("aria-label") ?? each.textContent ?? ""),
    );
  return {
    lines: () => [...el.querySelectorAll("pre > *")].map((line) => line.textContent),
    button,
    click: async (name: RegExp) => act(async () => button(name)?.click()),
  };
}

const wide = (width: number) => vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(width);
const LINES = Array.from({ length: 40 }, (_, i) => `line ${i}`);

it("folds what did not change, and opens it", async () => {
  const { lines, click } = draw(LINES.join("\n"), LINES.with(20, "changed").join("\n"));
  expect(lines()).toHaveLength(10);
  expect(lines()[0]).toBe("⋯ 17 unchanged lines");
  await click(/17 unchanged/);
  expect(lines()).toHaveLength(26);
  expect(el.contains(document.activeElement)).toBe(true);
  await click(/16 unchanged/);
  expect(lines()).toHaveLength(41);
});

it("shows all of it to who has to approve it", () => {
  expect(draw(LINES.join("\n"), LINES.with(20, "changed").join("\n"), { whole: true }).lines()).toHaveLength(41);
});

it("draws a long one step by step", async () => {
  const many = Array.from({ length: 7000 }, (_, i) => `${i}\n`).join("");
  const { lines, click, button } = draw(null, many);
  expect(lines()).toHaveLength(500);
  expect(button(/Show \d/)?.textContent).toBe("Show 5000 more lines (of 6500)");
  await click(/Show 5000/);
  expect(lines()).toHaveLength(5500);
  await click(/Show 1500 more lines$/);
  expect(button(/Show \d/)).toBeUndefined();
});

it("says what is new, emptied and without a line break at the end", () => {
  draw(null, "a\n");
  expect(el.querySelector("figcaption")?.textContent).toBe("a.pynew file+1−0");
  draw("a\n", "");
  expect(el.querySelector("figcaption")?.textContent).toBe("a.pyemptied+0−1");
  expect(draw("a\n", "a").lines()).toEqual(["-removed a", "+added aNo line break at the end"]);
});

it("marks words, and shows space that changed without changing what is copied", () => {
  draw("  x = 1\n", "\tx = 2\n");
  const words = [...el.querySelectorAll<HTMLElement>(".goose-word")];
  expect(words.map((word) => [word.textContent, word.dataset.spaces])).toEqual([
    ["  ", "··"],
    ["1", undefined],
    ["\t", "→\t"],
    ["2", undefined],
  ]);
});

it("shows hidden characters, in marked words too", () => {
  draw("x = admin\n", "x = ad\u200bmin\n");
  expect(el.querySelector(".goose-added .goose-hidden-char")?.textContent).toBe("⟦U+200B⟧");
});

it("numbers lines from where the text begins, if that is known", () => {
  const numbers = () =>
    [...el.querySelectorAll<HTMLElement>("pre > div")].map(({ dataset }) => [dataset.old, dataset.new]);
  draw("a\nb\n", "a\nc\n", { line: 40 });
  expect(numbers()).toEqual([
    ["40", "40"],
    ["41", ""],
    ["", "41"],
  ]);
  draw("a\n", "b\n");
  expect(numbers()).toEqual([
    [undefined, undefined],
    [undefined, undefined],
  ]);
});

it("shows old and new side by side, for every diff of the page from then on", async () => {
  wide(800);
  const { lines, click, button } = draw("a\nb\nc\n", "a\nB\nd\nc\n");
  expect(lines()).toEqual(["  a", "-removed b", "+added B", "+added d", "  c"]);
  await click(/side by side/);
  expect(lines()).toEqual(["  a  a", "-removed b+added B", "+added d", "  c  c"]);
  expect(el.querySelectorAll(".goose-pair > .goose-none")).toHaveLength(1);
  const other = document.createElement("div");
  act(() => render(<DiffView path="b" before="x" after="y" />, other));
  expect(other.querySelectorAll(".goose-pair")).toHaveLength(1);
  await click(/one column/);
  expect(other.querySelectorAll(".goose-pair")).toHaveLength(0);
  expect(button(/side by side/)).toBeDefined();
  act(() => render(null, other));
});

it.each([
  [1200, true],
  [800, false],
  [300, false],
])("by default at %d pixels it is side by side: %j", (width, split) => {
  wide(width);
  draw("a\n", "b\n");
  expect(el.querySelector(".goose-split") !== null).toBe(split);
});

it("copies the new text", async () => {
  const copied: string[] = [];
  vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void copied.push(text) } });
  await draw("a\n", "b\u200b\n").click(/Copy the new text/);
  expect(copied).toEqual(["b\u200b\n"]);
  vi.unstubAllGlobals();
});
