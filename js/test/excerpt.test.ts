import { expect, it } from "vitest";
import { cutOut, type Excerpt, excerptOf, extended } from "../src/excerpt";
import { emptyTranscript } from "../src/transcript";
import { agent, texts } from "./fake";

const LENGTH = 1000;
const answer = (from: number, to: number) => ({
  type: "around" as const,
  log: "l1",
  item: "i0",
  items: texts(from, to),
  earlier: from,
  later: LENGTH - to,
});
const range = ({ items, earlier, later }: Excerpt) => {
  const ids = [...items.keys()];
  expect(ids).toEqual(texts(earlier, earlier + ids.length).map(({ id }) => id));
  expect(earlier + ids.length + later).toBe(LENGTH);
  return [earlier, earlier + ids.length];
};

it.each([
  ["before", 40, 120, [40, 200]],
  ["after", 180, 260, [100, 260]],
  ["on both sides", 40, 260, [40, 260]],
  ["inside", 120, 180, [100, 200]],
])("is joined with what is %s it", (_name, from, to, whole) => {
  expect(range(extended(excerptOf(answer(100, 200)), answer(from, to), 500))).toEqual(whole);
});

it.each([
  [0, 110, [0, 120]],
  [190, 300, [180, 300]],
])("lets go of its other end when there is too much (%i to %i)", (from, to, whole) => {
  expect(range(extended(excerptOf(answer(100, 200)), answer(from, to), 120))).toEqual(whole);
});

it("keeps the items that it has, because they are drawn", () => {
  const excerpt = excerptOf(answer(100, 200));
  const item = excerpt.items.get("i100");
  expect(extended(excerpt, answer(50, 150), 500).items.get("i100")).toBe(item);
});

it.each([
  ["i500", [450, 550]],
  ["i410", [400, 500]],
  ["i999", [900, 1000]],
])("is cut out of the transcript around %s", (id, part) => {
  const transcript = emptyTranscript();
  transcript.earlier = 400;
  for (const item of texts(400, LENGTH)) transcript.items.set(item.id, item);
  expect(range(cutOut(transcript, id, 100))).toEqual(part);
  transcript.items.set("new", agent("new"));
  expect(cutOut(transcript, id, 100).items.has("new")).toBe(id === "i999");
});
