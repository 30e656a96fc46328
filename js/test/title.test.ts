import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askInTitle } from "../src/title";
import { show } from "./show";

const MARK = "● goose asks — ";
beforeEach(() => {
  document.title = "a.ipynb - JupyterLab";
});
afterEach(() => expect(document.title).not.toContain(MARK));

it("says that goose asks as long as any chat does", () => {
  const [one, two] = [askInTitle(), askInTitle()];
  expect(document.title).toBe(`${MARK}a.ipynb - JupyterLab`);
  one();
  expect(document.title).toBe(`${MARK}a.ipynb - JupyterLab`);
  two();
  expect(document.title).toBe("a.ipynb - JupyterLab");
});

it("keeps up with titles that the host writes", async () => {
  const stop = askInTitle();
  document.title = "b.ipynb - JupyterLab";
  await vi.waitFor(() => expect(document.title).toBe(`${MARK}b.ipynb - JupyterLab`));
  stop();
  expect(document.title).toBe("b.ipynb - JupyterLab");
});

it("works in a page without a title", () => {
  document.querySelector("title")?.remove();
  const stop = askInTitle();
  expect(document.title).toBe(MARK.trim());
  stop();
  expect(document.title).toBe("");
});

it("is there while a chat waits, and goes with the answer, the view and the kernel", () => {
  vi.useFakeTimers();
  const chat = show({ status: "waiting" });
  expect(document.title).toContain(MARK);
  chat.set("status", "running");
  expect(document.title).not.toContain(MARK);
  chat.set("status", "waiting");
  const second = show({ status: "waiting" });
  chat.remove();
  expect(document.title).toContain(MARK);
  second.remove();
  expect(document.title).not.toContain(MARK);
  const silent = show({ status: "waiting" });
  vi.advanceTimersByTime(60_000);
  return vi
    .waitFor(() => expect(document.title).not.toContain(MARK))
    .finally(() => {
      silent.remove();
      vi.useRealTimers();
    });
});
