import { expect, it, vi } from "vitest";
import { MarkdownStream } from "../src/markdown/stream";
import { givePart } from "../src/parts";
import * as streaming from "../src/parts/streaming";
import { draw } from "./fuzz";

givePart("streaming", streaming);

const numbers = (el: HTMLElement) => [...el.querySelectorAll("[data-note]")].map((button) => button.textContent);
const notes = (el: HTMLElement) => [...el.querySelectorAll(".goose-notes li > div")].map((note) => note.textContent);

it("shows footnotes at the end, in the order in which they are mentioned", () => {
  const el = draw([
    "B[^b], A[^a], B again[^b].\n\n[^a]: About A.\n[^b]: About *B*.\n\n    More.\n\n[^c]: Not mentioned.\n\nend",
  ]);
  expect(numbers(el)).toEqual(["1", "2", "1"]);
  expect(notes(el)).toEqual(["About B.More.", "About A."]);
  expect(el.lastElementChild?.className).toBe("goose-notes");
  expect(el.querySelectorAll("[data-back]")).toHaveLength(3);
});

it("leaves what no footnote is mentioned by as it was written", () => {
  const el = draw(["No[^x], `[^a]` and [text](<https://a.example> '[^a]').\n\n[^a]: A"]);
  expect(el.textContent).toContain("No[^x], [^a]");
  expect(el.querySelector(".goose-notes")).toBeNull();
});

it("does not show a footnote that is mentioned by itself alone", () => {
  const el = draw(["No mention.\n\n[^a]: see [^b]\n[^b]: see [^a]"]);
  expect(el.querySelector(".goose-notes")).toBeNull();
});

it("makes a number of a mention as soon as its footnote comes, and numbers the others anew", () => {
  const markdown = new MarkdownStream();
  markdown.push("One[^one].\n\nTwo[^two].\n\n[^two]: second\n\n");
  expect(numbers(markdown.el)).toEqual(["1"]);
  expect(markdown.el.textContent).toContain("One[^one]");
  markdown.push("[^one]: fir");
  expect(numbers(markdown.el)).toEqual(["1", "2"]);
  markdown.push("st\n\nend");
  markdown.finish();
  expect(notes(markdown.el)).toEqual(["first", "second"]);
});

it("scrolls there and back, without an address that would be the notebook's", () => {
  const el = draw(["A[^a] and A[^a].\n\n[^a]: note"]);
  document.body.replaceChildren(el);
  const scroll = vi.spyOn(Element.prototype, "scrollIntoView").mockImplementation(() => {});
  el.querySelector<HTMLElement>("[data-note]")?.click();
  expect(scroll.mock.contexts[0]).toBe(el.querySelector(".goose-notes li"));
  expect(document.activeElement).toBe(el.querySelector(".goose-notes li"));
  el.querySelectorAll<HTMLElement>("[data-back]")[1]?.click();
  expect(scroll.mock.contexts[1]).toBe(el.querySelectorAll("[data-note]")[1]);
  expect(el.querySelector("a, [id]")).toBeNull();
  scroll.mockRestore();
});
