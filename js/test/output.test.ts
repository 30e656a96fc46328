import { expect, it } from "vitest";
import { OutputView } from "../src/items/output";

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");

it("appends terminal text", () => {
  const view = new OutputView(() => "\x1b[1mstart\x1b[0m\n");
  view.append("10%\r");
  view.append("20%");
  expect(view.el.querySelector("pre")?.textContent).toBe("start\n20%");
});

it("keeps only the end in the document, and all of it on demand", () => {
  let text = lines(0, 10);
  const view = new OutputView(() => text);
  for (let i = 1; i < 2000; i++) {
    const chunk = lines(10 * i, 10 * i + 10);
    text += chunk;
    view.append(chunk);
  }
  const pre = view.el.querySelector("pre");
  expect(pre?.textContent?.length).toBeLessThan(70_000);
  expect(pre?.textContent).toContain("line 19999");
  const all = view.el.querySelector("button");
  expect(all?.hidden).toBe(false);
  all?.click();
  expect(pre?.textContent).toContain("line 0");
  expect(pre?.textContent).toContain("line 19999");
  expect(all?.hidden).toBe(true);
});

it("starts with the end of an output that is long already", () => {
  const view = new OutputView(() => lines(0, 20_000));
  expect(view.el.querySelector("pre")?.textContent).toMatch(/^line \d+/);
  expect(view.el.querySelector("pre")?.textContent?.length).toBeLessThan(70_000);
  expect(view.el.querySelector("button")?.textContent).toMatch(/^Show all \(\d+ KB\)$/);
});
