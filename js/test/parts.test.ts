import { beforeEach, expect, it, vi } from "vitest";
import type * as PartsModule from "../src/parts";

const part = { colour: vi.fn() } as unknown as typeof import("../src/parts/highlight");

/** The module as each widget of a page has it for itself. */
async function widget(): Promise<typeof PartsModule> {
  vi.resetModules();
  return import("../src/parts");
}

beforeEach(() => {
  Reflect.deleteProperty(globalThis, Symbol.for("goose-widget "));
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

it("asks once, however many wait, and gives all of them the part", async () => {
  const { addSource, givePart, withPart } = await widget();
  const source = vi.fn(() => new Promise<BlobPart>(() => {}));
  addSource(source);
  const used: unknown[] = [];
  withPart("highlight", (given) => used.push(given));
  withPart("highlight", (given) => used.push(given));
  expect(source.mock.calls).toEqual([["highlight"]]);
  givePart("highlight", part);
  withPart("highlight", (given) => used.push(given));
  expect(used).toEqual([part, part, part]);
  expect(source).toHaveBeenCalledOnce();
});

it("shares a part with the other widgets of the page", async () => {
  const [one, other] = [await widget(), await widget()];
  const use = vi.fn();
  other.addSource(() => new Promise(() => {}));
  other.withPart("highlight", use);
  one.givePart("highlight", part);
  expect(use).toHaveBeenCalledExactlyOnceWith(part);
});

it("asks the next chat where one can't send it", async () => {
  const { addSource, withPart } = await widget();
  const asked: string[] = [];
  const source = (name: string) => () => {
    asked.push(name);
    return Promise.reject(new Error("gone"));
  };
  addSource(source("first"));
  addSource(source("second"));
  withPart("highlight", () => {});
  await vi.waitFor(() => expect(asked).toEqual(["second", "first"]));
});

it("does not ask again and again for what can't be had", async () => {
  vi.useFakeTimers();
  const { addSource, withPart } = await widget();
  const source = vi.fn(() => Promise.reject(new Error("gone")));
  addSource(source);
  const use = () => withPart("highlight", () => {});
  use();
  await vi.advanceTimersByTimeAsync(10);
  use();
  await vi.advanceTimersByTimeAsync(10);
  expect(source).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(10_000);
  use();
  expect(source).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});

it("asks nobody who is gone", async () => {
  const { addSource, withPart } = await widget();
  const source = vi.fn(() => Promise.reject(new Error("gone")));
  addSource(source)();
  withPart("highlight", () => {});
  expect(source).not.toHaveBeenCalled();
});

it("does not call who has ceased to wait", async () => {
  const { addSource, givePart, withPart } = await widget();
  addSource(() => new Promise(() => {}));
  const [gone, there] = [vi.fn(), vi.fn()];
  const cease = withPart("highlight", gone);
  withPart("highlight", there);
  cease();
  givePart("highlight", part);
  expect(gone).not.toHaveBeenCalled();
  expect(there).toHaveBeenCalledOnce();
});

it("forgets the oldest of very many that wait: what streams is drawn anew", async () => {
  const { addSource, givePart, withPart } = await widget();
  addSource(() => new Promise(() => {}));
  const called: number[] = [];
  for (let number = 0; number < 6000; number++) withPart("highlight", () => called.push(number));
  givePart("highlight", part);
  expect([called.length, called[0], called.at(-1)]).toEqual([5000, 1000, 5999]);
});

it("tells whether a part is there", async () => {
  const { givePart, partAtHand } = await widget();
  expect(partAtHand("highlight")).toBeUndefined();
  givePart("highlight", part);
  expect(partAtHand("highlight")).toBe(part);
});

it("tells who asked to know that a part can't be had", async () => {
  const { addSource, withPart } = await widget();
  addSource(() => Promise.reject(new Error("gone")));
  const [use, fail, gone] = [vi.fn(), vi.fn(), vi.fn()];
  withPart("highlight", use, fail);
  withPart("highlight", () => {}, gone)();
  await vi.waitFor(() => expect(fail).toHaveBeenCalledOnce());
  withPart("highlight", use, fail);
  expect([use, fail, gone].map(({ mock }) => mock.calls.length)).toEqual([0, 2, 0]);
});
