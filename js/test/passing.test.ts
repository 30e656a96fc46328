/** Rows of a table and items of a list that come faster than they can be seen. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MarkdownStream } from "../src/markdown/stream";
import { givePart } from "../src/parts";
import * as streaming from "../src/parts/streaming";
import { whole } from "./fuzz";

givePart("streaming", streaming);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HEAD = "| a | b |\n|---|---|\n";

function rows(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, n) => `| row ${from + n} | some words |\n`).join("");
}

/** A table of which 100 rows are there: after them a box begins. Ten rows are seen of it. */
function begun(height = 270): MarkdownStream {
  const stream = new MarkdownStream({ around: (change) => change(), height: () => height });
  stream.push(HEAD);
  stream.push(rows(0, 60));
  stream.push(rows(60, 120));
  vi.runAllTimers();
  return stream;
}

function passed(stream: MarkdownStream): (string | undefined)[] {
  return Array.from(
    stream.el.querySelectorAll(".goose-passed"),
    (row) => row.firstElementChild?.textContent ?? undefined,
  );
}

function named(from: number, to: number, what = "row"): string[] {
  return Array.from({ length: to - from }, (_, n) => `${what} ${from + n}`);
}

it("leaves those out which those behind them push out of sight", () => {
  const stream = begun();
  stream.push(rows(120, 150));
  expect(passed(stream)).toEqual(named(120, 140));
  expect(stream.el.querySelectorAll("tr")).toHaveLength(151);
});

it("draws them every 45 ms, and all that came until then at once", () => {
  const stream = begun();
  stream.push(rows(120, 150));
  stream.push(rows(150, 151));
  vi.advanceTimersByTime(44);
  expect(stream.el.textContent).not.toContain("row 150 ");
  stream.push(rows(151, 170));
  vi.advanceTimersByTime(1);
  expect(stream.el.textContent).toContain("row 169");
  expect(passed(stream)).toContain("row 159");
  expect(passed(stream)).not.toContain("row 160");
});

it("has them back a few at a time once there is time, the last ones first, and then draws as ever", () => {
  const stream = begun();
  stream.push(rows(120, 180));
  expect(passed(stream)).toEqual(named(120, 170));
  vi.advanceTimersByTime(45);
  expect(passed(stream)).toEqual(named(120, 140));
  vi.advanceTimersByTime(45);
  expect(passed(stream)).toEqual([]);
  vi.advanceTimersByTime(45);
  stream.push(rows(180, 182));
  expect(stream.el.textContent).toContain("row 181");
});

it("has those back that are in a box which the browser skips", () => {
  const stream = begun();
  stream.push(rows(120, 250));
  const [box] = stream.el.querySelectorAll(".goose-rows");
  const event = new Event("contentvisibilityautostatechange");
  box?.dispatchEvent(Object.assign(event, { skipped: true }));
  expect(passed(stream)).toEqual(named(200, 240));
});

it("ends with the same as a text that was drawn at once", () => {
  const stream = begun();
  for (let row = 120; row < 1000; row += 40) {
    stream.push(rows(row, row + 40));
    vi.advanceTimersByTime(45);
  }
  expect(passed(stream)).not.toEqual([]);
  stream.finish();
  vi.runAllTimers();
  expect(stream.el.outerHTML).toBe(whole(HEAD + rows(0, 1000)).outerHTML);
});

it("leaves items of a list out, and keeps what they are", () => {
  const stream = new MarkdownStream({ around: (change) => change(), height: () => 190 });
  const tasks = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `${from + n}. [ ] item ${from + n}\n`).join("");
  for (const [from, to] of [
    [1, 60],
    [60, 120],
  ] as const) {
    stream.push(tasks(from, to));
    vi.runAllTimers();
  }
  stream.push(tasks(120, 150));
  const passed = [...stream.el.querySelectorAll("li.goose-task.goose-passed")];
  expect(passed.map(({ textContent }) => textContent.trim())).toEqual(named(120, 140, "item"));
  stream.finish();
  vi.runAllTimers();
  expect(stream.el.outerHTML).toBe(whole(tasks(1, 150)).outerHTML);
});

it("draws less often already where half of what can be seen comes at once", () => {
  const stream = begun();
  for (let row = 120; row < 140; row += 4) {
    stream.push(rows(row, row + 4));
    expect(stream.el.textContent).toContain(`row ${row + 3}`);
  }
  stream.push(rows(140, 145));
  stream.push(rows(145, 146));
  expect(stream.el.textContent).toContain("row 144");
  expect(stream.el.textContent).not.toContain("row 145");
  expect(passed(stream)).toEqual([]);
});

it("has nothing back early because it is drawn again", () => {
  const stream = begun();
  stream.push(rows(120, 135));
  expect(passed(stream)).toEqual(named(120, 125));
  stream.push(rows(135, 150));
  vi.advanceTimersByTime(45);
  expect(passed(stream)).toEqual([...named(120, 125), ...named(135, 140)]);
});

it.each([0, 2400])("leaves none out where what is seen is %i pixels high", (height) => {
  const stream = begun(height);
  stream.push(rows(120, 150));
  expect(passed(stream)).toEqual([]);
});
