import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { agent, keyframe } from "./fake";
import { show } from "./show";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const later = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));

it.each([
  ["Copy code", true],
  ["Copy session id", true],
  ["Copy code", false],
])("%s: tells screen readers for a while what came of it", async (name, works) => {
  const writeText = () => (works ? Promise.resolve() : Promise.reject(new Error("forbidden")));
  vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText } });
  document.execCommand = () => false;
  const chat = show({ transcript: keyframe([agent("a", "```python\nok\n```\n", "done")]) });
  const live = chat.el.querySelector('.goose-sr [aria-live="polite"]');
  await chat.click(name);
  await later(0);
  expect(live?.textContent).toBe(works ? "Copied" : "Failed");
  expect(chat.hasButton(name)).toBe(true);
  await later(2000);
  expect(live?.textContent).toBe("");
});

it("copies a reply as it was written, once it is done", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { ...navigator, clipboard: { writeText } });
  const name = "Copy this reply, as Markdown";
  const chat = show({ transcript: keyframe([agent("a", "| a |\n|---|\n| **b** |", "streaming")]) });
  expect(chat.hasButton(name)).toBe(false);
  chat.change({ op: "patch", id: "a", set: { state: "done" } });
  await chat.click(name);
  expect(writeText).toHaveBeenCalledWith("| a |\n|---|\n| **b** |");
});
