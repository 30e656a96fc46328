import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Fetcher } from "../src/fetcher";
import type { Outcome } from "../src/outbox";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function fetcher(outcome: Outcome = { state: "done" }) {
  const ask = vi.fn(async () => outcome);
  return { ask, it: new Fetcher(ask) };
}

it("asks for a part and gives what comes", async () => {
  const { ask, it } = fetcher();
  const source = it.fetch("maths");
  it.came("maths", [new Uint8Array([1])]);
  expect(await source).toEqual(new Uint8Array([1]));
  expect(ask.mock.calls).toEqual([["maths"]]);
  expect(vi.getTimerCount()).toBe(0);
});

it.each<[string, (it: Fetcher) => void]>([
  ["comes without a source", (it) => it.came("maths", [])],
  ["does not come in time", () => void vi.advanceTimersByTime(30_000)],
  ["can't come any more", (it) => it.close()],
])("rejects where it %s", async (_, end) => {
  const { it } = fetcher();
  const source = expect(it.fetch("maths")).rejects.toThrow("did not send");
  end(it);
  await source;
  expect(vi.getTimerCount()).toBe(0);
});

it("rejects where the kernel does not answer", async () => {
  await expect(fetcher({ state: "undelivered" }).it.fetch("maths")).rejects.toThrow("did not send");
});
