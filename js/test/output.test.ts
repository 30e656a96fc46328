import { describe, expect, it, vi } from "vitest";
import { OutputView } from "../src/items/output";
import { givePart } from "../src/parts";
import * as panels from "../src/parts/panels";
import { random } from "./documents";

givePart("panels", panels);

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");

function shown(text: string, options: { settled?: boolean; data?: boolean; hint?: string } = {}) {
  let all = text;
  const view = new OutputView(() => all, options);
  const pre = view.el.querySelector("pre") as HTMLElement;
  const button = (name: RegExp) =>
    [...view.el.querySelectorAll("button")].find((each) => !each.hidden && name.test(each.textContent ?? ""));
  return {
    view,
    pre,
    button,
    click: (name: RegExp) => button(name)?.click(),
    size: () => view.el.querySelector(".goose-output-bar > span")?.textContent,
    append: (chunk: string) => {
      all += chunk;
      view.append(chunk);
    },
    data: () => view.el.querySelector<HTMLElement>(".goose-data:not([hidden])"),
  };
}

describe("while it streams", () => {
  it("shows terminal text", () => {
    const { pre, append } = shown("\x1b[1mstart\x1b[0m\n");
    append("10%\r");
    append("20%");
    expect(pre.textContent).toBe("start\n20%");
    expect(pre.querySelector("span.goose-ansi-1")?.textContent).toBe("start");
  });

  it("keeps only the end in the document, and all of it on demand", () => {
    const { pre, append, click, button, size } = shown(lines(0, 10));
    for (let i = 1; i < 2000; i++) append(lines(10 * i, 10 * i + 10));
    expect(pre.textContent?.length).toBeLessThan(70_000);
    expect(pre.textContent).toContain("line 19999");
    expect(size()).toBe("20,000 lines, 209 KB");
    click(/Show all/);
    expect(pre.textContent).toMatch(/^line 0\n/);
    append("more\n");
    expect(pre.textContent).toMatch(/line 19999\n?more$/);
    click(/Fold/);
    expect(pre.textContent?.length).toBeLessThan(70_000);
    expect(button(/Show all/)).toBeDefined();
  });

  it("starts with the end of an output that is long already", () => {
    const { pre, button } = shown(lines(0, 20_000));
    expect(pre.textContent).toMatch(/^line \d+/);
    expect(pre.textContent?.length).toBeLessThan(70_000);
    expect(button(/Show all/)).toBeDefined();
  });

  it("draws of a chunk's rows only those that changed", () => {
    const { pre, append } = shown(lines(0, 30));
    const before = new Set(pre.querySelector(".goose-box")?.childNodes);
    append("x\n");
    const after = [...(pre.querySelector(".goose-box")?.childNodes ?? [])];
    expect(after.filter((node) => !before.has(node)).map((node) => node.textContent)).toEqual(["\n", "x"]);
  });

  it("does not look at all of its text for each chunk", () => {
    const full = vi.fn(() => "x");
    const view = new OutputView(full);
    const text = { length: 9, slice: vi.fn(), indexOf: vi.fn() };
    full.mockReturnValue(text as unknown as string);
    for (let i = 0; i < 20; i++) view.append("line\n");
    expect(text.slice).not.toHaveBeenCalled();
    expect(text.indexOf).not.toHaveBeenCalled();
  });

  it("has as few elements for colours as for text", () => {
    const { pre, append } = shown("");
    for (let i = 0; i < 8; i++) append(Array.from({ length: 1000 }, (_, n) => `\x1b[3${n % 8}mx`).join(""));
    expect(pre.querySelectorAll("*").length).toBeLessThan(2000);
    const rows = shown("");
    for (let i = 0; i < 12; i++) rows.append("\x1b[31mx\n\x1b[32my\n".repeat(200));
    expect(rows.pre.querySelectorAll("*").length).toBeLessThan(4500);
  });

  it("streamed in any pieces, the document equals one drawn at once", () => {
    const words = ["\x1b[31m", "\x1b[0m", "word ", "\n", "\n\n", "\r", "\x1b[A", "\x1b[K", "x".repeat(900), "\x1b[44m"];
    for (let seed = 1; seed <= 8; seed++) {
      const next = random(seed);
      const text = Array.from({ length: 120 }, () => words[Math.floor(next() * words.length)]).join("");
      const streamed = shown("");
      for (let at = 0; at < text.length; ) {
        const length = 1 + Math.floor(next() * 50);
        streamed.append(text.slice(at, at + length));
        at += length;
      }
      const [ours, theirs] = [streamed, shown(text)].map(({ pre }) =>
        pre.innerHTML.replaceAll('</span><span class="goose-box">', "\n"),
      );
      expect(ours === theirs, `seed ${seed}`).toBe(true);
    }
  });

  it("is folded when it has ended, and offers what it is", () => {
    const { view, append, pre, button } = shown("");
    append(`name,n\n${Array.from({ length: 100 }, (_, i) => `row${i},${i}\n`).join("")}`);
    expect(button(/Table/)).toBeUndefined();
    view.settle();
    expect(view.el.dataset.mode).toBe("folded");
    expect(pre.textContent).toContain("row99,99");
    button(/Table/)?.click();
    expect(view.el.querySelectorAll("td").length).toBeGreaterThan(10);
    button(/Raw/)?.click();
    expect(view.el.dataset.mode).toBe("folded");
  });
});

it("stays as it is for somebody who reads what is above", () => {
  const { view, append, pre } = shown(lines(0, 100));
  Object.defineProperties(pre, { scrollHeight: { value: 1000 }, clientHeight: { value: 100 } });
  pre.scrollTop = 500;
  pre.dispatchEvent(new Event("scroll"));
  append("more\n");
  expect(pre.scrollTop).toBe(500);
  view.settle();
  expect(view.el.dataset.mode).toBe("tail");
});

it("lets somebody go who moves it up by a few pixels, as a wheel does in its first frame", () => {
  const { append, pre } = shown(lines(0, 100));
  let height = 1000;
  let top = 0;
  Object.defineProperties(pre, {
    clientHeight: { value: 100 },
    scrollHeight: { get: () => height },
    scrollTop: {
      get: () => top,
      set: (value: number) => {
        top = Math.min(value, height - 100);
      },
    },
  });
  const more = () => {
    height += 20;
    append("more\n");
  };
  const scrollTo = (value: number) => {
    top = value;
    pre.dispatchEvent(new Event("scroll"));
  };
  scrollTo(900);
  more();
  expect(top).toBe(920);
  for (const place of [917, 905, 860]) {
    scrollTo(place);
    more();
    expect(top).toBe(place);
  }
  scrollTo(height - 110);
  more();
  expect(top).toBe(height - 100);
  height -= 300; // what is far above is let go of
  scrollTo(height - 100);
  more();
  expect(top).toBe(height - 100);
});

describe("at its end", () => {
  it("is folded to its first and last lines, with its size", () => {
    const { view, pre, size, click, button } = shown(lines(0, 1240), { settled: true });
    document.body.append(view.el);
    expect(size()).toBe("1,240 lines, 11 KB");
    expect(pre.textContent).toContain("line 6⋯ 1,226 more linesline 1233");
    click(/more lines/);
    expect(pre.textContent).toContain("line 600\n");
    expect(button(/Fold/)).toBe(document.activeElement);
    click(/Fold/);
    expect(pre.textContent).not.toContain("line 600\n");
  });

  it("shows a short one as it is", () => {
    const { pre, size, button } = shown(lines(0, 24), { settled: true });
    expect(pre.textContent).toBe(lines(0, 24).trimEnd());
    expect(size()).toBe("");
    expect(button(/Show|Fold/)).toBeUndefined();
  });

  it("shows a huge one step by step", () => {
    const { pre, click, button } = shown(`${"x".repeat(99)}\n`.repeat(7000), { settled: true });
    click(/Show all/);
    expect(pre.textContent?.length).toBeLessThan(420_000);
    click(/Show more \(\d+ KB left\)/);
    expect(button(/Show more/)).toBeUndefined();
    expect(pre.querySelectorAll(".goose-box")).toHaveLength(200);
    expect(pre.textContent).toMatch(/x\n?x{99}$/);
  });

  it("shows one line of megabytes step by step, in rows", () => {
    const { pre, button, size } = shown("x".repeat(3_000_000), { settled: true });
    expect(pre.textContent?.length).toBe(64_000);
    expect(size()).toBe("0 lines, 3.0 MB");
    expect(button(/Show more/)).toBeDefined();
  });

  it("shows an empty row at the end of a box", () => {
    const { pre } = shown(`${"x".repeat(3999)}\nyy\n\nz\n`, { settled: true });
    const boxes = [...pre.querySelectorAll(".goose-box")].map((box) => box.textContent);
    expect(boxes.some((text) => text?.endsWith("\n"))).toBe(false);
  });

  it("copies all of it", async () => {
    const copied: string[] = [];
    vi.stubGlobal("navigator", { clipboard: { writeText: async (text: string) => void copied.push(text) } });
    const { click } = shown(`\x1b[31mred\x1b[0m\n${lines(0, 5000)}`, { settled: true });
    click(/^Copy$/);
    await vi.waitFor(() => expect(copied).toEqual([`red\n${lines(0, 5000)}`]));
    vi.unstubAllGlobals();
  });

  it("shows JSON as a tree and its text on demand", () => {
    const { data, click, pre } = shown('{"a": [1, 2]}', { settled: true, data: true });
    expect(data()?.textContent).toBe('{"a": [1, 2]}');
    click(/Raw/);
    expect(data()).toBeNull();
    expect(pre.textContent).toBe('{"a": [1, 2]}');
    click(/Tree/);
    expect(data()).not.toBeNull();
  });
});
