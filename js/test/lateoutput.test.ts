import { beforeEach, describe, expect, it, vi } from "vitest";

/** A page without the part, which `come` brings. */
async function page() {
  vi.resetModules();
  Reflect.deleteProperty(globalThis, Symbol.for("goose-widget "));
  const { addSource, givePart } = await import("../src/parts");
  const { LateOutput } = await import("../src/items/lateoutput");
  const panels = await import("../src/parts/panels");
  addSource(() => new Promise(() => {}));
  return {
    come: () => givePart("panels", panels),
    shown: (text: string, options = {}) => {
      let all = text;
      const view = new LateOutput(() => all, options);
      return {
        view,
        pre: view.el.querySelector("pre") as HTMLElement,
        size: () => view.el.querySelector(".goose-output-bar > span")?.textContent,
        copies: () => view.el.querySelectorAll("[aria-label='Copy output']").length,
        append: (chunk: string) => {
          all += chunk;
          view.append(chunk);
        },
        rewrite: (text: string) => {
          all = text;
          view.rewrite();
        },
      };
    },
  };
}

let given: Awaited<ReturnType<typeof page>>;
beforeEach(async () => {
  given = await page();
});

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join("");

describe("before its part has come", () => {
  it("is its text, without what only a terminal understands", () => {
    const { pre, append } = given.shown("\x1b[1;31mred\x1b[0m\r\n\x1b]0;title\x07");
    append("a\x1b");
    append("[3");
    append("2mb\x00\r");
    append("\n50%\r");
    append("100%\n");
    expect(pre.textContent).toBe("red\nab\n50%\n100%\n");
  });

  it("is the end of a long one, and says how long it is", () => {
    const { pre, append, size } = given.shown(lines(0, 20_000));
    expect(pre.textContent).toContain("line 19999");
    expect(pre.textContent?.length).toBeLessThan(70_000);
    append(lines(20_000, 40_000));
    expect(pre.textContent).toContain("line 39999");
    expect(pre.textContent?.length).toBeLessThan(200_000);
    expect(size()).toBe("40,000 lines, 429 KB");
  });

  it("keeps its end in sight, but for somebody who reads what is above", () => {
    const { pre, append } = given.shown("");
    let scrollHeight = 100;
    Object.defineProperties(pre, { scrollHeight: { get: () => scrollHeight }, clientHeight: { value: 100 } });
    scrollHeight = 120;
    append("more\n");
    expect(pre.scrollTop).toBe(120);
    pre.scrollTop = 5;
    scrollHeight = 500;
    append("more\n");
    expect(pre.scrollTop).toBe(5);
  });

  it("is another text when its own is written anew", () => {
    const { pre, rewrite, append } = given.shown("one\x1b[");
    rewrite("two\n");
    append("three\n");
    expect(pre.textContent).toBe("two\nthree\n");
  });
});

describe("when its part comes", () => {
  it("is all of its text, with what came in between", () => {
    const { pre, append, copies } = given.shown("\x1b[31mred\x1b[0m\n");
    append("10%\r");
    expect(copies()).toBe(0);
    given.come();
    append("20%");
    expect(pre.textContent).toBe("red\n20%");
    expect(pre.querySelector(".goose-ansi-fg")?.textContent).toBe("red");
    expect(copies()).toBe(1);
  });

  it("is at its end, where it was", () => {
    const { pre } = given.shown(lines(0, 100));
    Object.defineProperties(pre, { scrollHeight: { value: 1000 }, clientHeight: { value: 100 } });
    pre.scrollTop = 900;
    given.come();
    expect(pre.scrollTop).toBe(1000);
  });

  it("stays where somebody reads, in the same element, also when it has ended meanwhile", () => {
    const { pre, view } = given.shown(lines(0, 100));
    Object.defineProperties(pre, { scrollHeight: { value: 1000 }, clientHeight: { value: 100 } });
    pre.scrollTop = 300;
    view.settle();
    given.come();
    expect([pre.scrollTop, pre.parentNode, view.el.dataset.mode]).toEqual([300, view.el, "tail"]);
  });

  it("is folded, if it has ended meanwhile", () => {
    const { view } = given.shown(lines(0, 100));
    view.settle();
    given.come();
    expect(view.el.dataset.mode).toBe("folded");
  });

  it("is what it was written anew to be", () => {
    const { pre, rewrite } = given.shown("one\n");
    rewrite("two\n");
    given.come();
    expect(pre.textContent).toBe("two");
  });

  it("shows data as such", () => {
    const { view } = given.shown('{"a": 1}', { settled: true, data: true });
    expect(view.el.textContent).toBe('{"a": 1}');
    given.come();
    expect(view.el.dataset.mode).toBe("data");
  });

  it("stays as it is when nobody shows it any more", () => {
    const { view, copies } = given.shown("one\n");
    view.dispose();
    given.come();
    expect(copies()).toBe(0);
  });
});

it("is the real one at once where the part is there", () => {
  given.come();
  const { pre, append, copies } = given.shown("10%\r");
  expect(copies()).toBe(1);
  append("20%");
  expect(pre.textContent).toBe("20%");
});
