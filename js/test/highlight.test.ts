import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { addSource } from "../src/parts";

/** Boxes that are looked at, with what is to be called when they are seen. */
const watched = new Map<Element, (entries: { isIntersecting: boolean; target: Element }[]) => void>();

beforeEach(() =>
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(private readonly tell: (entries: { isIntersecting: boolean; target: Element }[]) => void) {}
      observe(box: Element): void {
        watched.set(box, this.tell);
      }
      unobserve(box: Element): void {
        watched.delete(box);
      }
      disconnect(): void {
        for (const [box, tell] of watched) if (tell === this.tell) watched.delete(box);
      }
    },
  ),
);

afterEach(() => {
  vi.resetModules();
  vi.unstubAllGlobals();
  watched.clear();
});

function comeNear(boxes: Iterable<Element>, isIntersecting = true): void {
  for (const target of boxes) watched.get(target)?.([{ isIntersecting, target }]);
}

/** A page on which the part has come, or not yet. */
async function page() {
  Reflect.deleteProperty(globalThis, Symbol.for("goose-widget "));
  const { addSource, givePart } = await import("../src/parts");
  addSource(() => new Promise(() => {}));
  const { fillCode, languageOf } = await import("../src/markdown/highlight");
  const part = await import("../src/parts/highlight");
  return { fillCode, languageOf, come: () => givePart("highlight", part) };
}

function element(): HTMLElement {
  return document.createElement("code");
}

/** Between boxes there is a line break. */
function textOf(code: HTMLElement): string {
  const boxes = code.querySelectorAll(":scope > .goose-box");
  const texts = boxes.length > 0 ? [...boxes].map(({ textContent }) => textContent) : [code.textContent];
  return texts.join("\n").trimEnd();
}

it.each([
  ...[
    "bash",
    "c",
    "cpp",
    "css",
    "diff",
    "go",
    "html",
    "ipython",
    "java",
    "javascript",
    "json",
    "jsx",
    "julia",
    "latex",
  ],
  ...["makefile", "python", "r", "rust", "scala", "sh", "sql", "toml", "ts", "tsx", "typescript", "xml", "yaml", "yml"],
])("knows %s", async (language) => {
  const { fillCode, come } = await page();
  come();
  const text =
    "--- a\n- 'x': 1 # y\n\"if\": [true]\nSELECT NULL;\n<b class='c'>\nkey = 'v' \\x{1}\n.a { b: 1 }\nfunc f()\nall: a\n";
  const code = element();
  fillCode(code, text, language);
  expect(code.querySelectorAll("span").length).toBeGreaterThan(0);
  expect(code.textContent).toBe(text);
});

it("shows code as it is until the part comes, and then in colours", async () => {
  const { fillCode, come } = await page();
  const code = element();
  fillCode(code, "if x: pass", "python");
  expect(code.innerHTML).toBe("if x: pass");
  come();
  expect(code.querySelector(".hljs-keyword")?.textContent).toBe("if");
});

it("leaves an element alone that shows something else by then", async () => {
  const { fillCode, come } = await page();
  const code = element();
  fillCode(code, "if x: pass", "python");
  fillCode(code, "plain", "");
  come();
  expect(code.innerHTML).toBe("plain");
});

it.each([
  ["what it does not know", "if", "brainf"],
  ["a long text", "if\n".repeat(20_000), "python"],
  ["a long line", `"${"x".repeat(3000)}"`, "python"],
])("leaves %s as it is", async (_, text, language) => {
  const { fillCode, come } = await page();
  come();
  const code = element();
  fillCode(code, text, language);
  await new Promise((resolve) => setTimeout(resolve));
  expect(textOf(code)).toBe(text.trimEnd());
  expect(code.querySelector("[class^=hljs]")).toBeNull();
});

it("colours each box of long code when it comes near, also what goes on in the next one", async () => {
  const { fillCode, come } = await page();
  come();
  const text = `if x: pass\n"""<img src=x>${"\nall of it is a string & <b>".repeat(400)}"""\n${"y = 1\n\n".repeat(900)}`;
  const code = element();
  fillCode(code, text, "python");
  const boxes = [...code.children];
  expect(boxes.length).toBeGreaterThan(3);
  await vi.waitFor(() => expect(watched.size).toBe(boxes.length));
  comeNear(boxes, false);
  expect(code.querySelector("[class^=hljs]")).toBeNull();
  comeNear(boxes.slice(-1));
  expect(boxes.at(-1)?.querySelector(".hljs-number")).not.toBeNull();
  expect(boxes[0]?.childElementCount).toBe(0);
  comeNear(boxes);
  expect(watched.size).toBe(0);
  expect([...code.children]).toEqual(boxes);
  expect(textOf(code)).toBe(text.trimEnd());
  expect(boxes[1]?.firstElementChild?.className).toBe("hljs-string");
  expect(code.querySelectorAll("img, b")).toHaveLength(0);
});

it("gives up colouring what is replaced", async () => {
  const { fillCode, come } = await page();
  come();
  const code = element();
  fillCode(code, "if x: pass\n".repeat(1000), "python");
  await vi.waitFor(() => expect(watched.size).toBeGreaterThan(1));
  const boxes = [...watched.keys()];
  fillCode(code, "other\n".repeat(1000), "");
  comeNear(boxes);
  expect(watched.size).toBe(0);
  expect(textOf(code)).toBe("other\n".repeat(1000).trimEnd());
  expect(code.querySelector("[class^=hljs]")).toBeNull();
});

it.each(["html", "python", "markdown", "xml", "javascript", "php", "diff", "brainf"])(
  "makes no elements of code in %s",
  async (language) => {
    const { fillCode, come } = await page();
    come();
    const text = `<img src=x onerror=alert(1)>'"\`</code><script>alert(1)</script>&lt;b&gt;<a href="javascript:1">`;
    const code = element();
    fillCode(code, text, language);
    expect(code.textContent).toBe(text);
    expect([...code.querySelectorAll("*")].filter((el) => el.localName !== "span")).toEqual([]);
  },
);

it("names a language by a file's suffix", async () => {
  const { languageOf } = await page();
  expect(["a.py", "b/c.ipynb", "Makefile", "x.txt"].map(languageOf)).toEqual(["py", "json", "", ""]);
});

it("asks for the part only where there is something to colour", async () => {
  const { fillCode } = await page();
  const source = vi.fn(() => Promise.reject(new Error("gone")));
  const remove = addSource(source);
  fillCode(element(), "x", "");
  expect(source).not.toHaveBeenCalled();
  remove();
});
