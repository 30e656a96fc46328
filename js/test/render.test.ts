import { expect, it } from "vitest";
import { MarkdownStream } from "../src/markdown/stream";

function drawn(text: string): HTMLElement {
  const markdown = new MarkdownStream();
  markdown.push(text);
  markdown.finish();
  return markdown.el;
}

it("shows HTML as text", () => {
  const el = drawn(
    "<img src=x onerror=alert(1)>\n\na <b onclick='x'>b</b> <script>alert(1)</script>\n\n<style>*{}</style>\n",
  );
  expect(el.querySelector("img, b, script, style")).toBeNull();
  expect(el.textContent).toContain("<img src=x onerror=alert(1)>");
  expect(el.textContent).toContain("<script>alert(1)</script>");
});

it.each(["https://example.org/a?b=1&c=2", "http://example.org/", "mailto:ada@example.org"])("links to %s", (href) => {
  const a = drawn(`[text](${href})`).querySelector("a");
  expect(a?.getAttribute("href")).toBe(href);
  expect(a?.getAttribute("target")).toBe("_blank");
  expect(a?.getAttribute("rel")).toBe("noopener noreferrer");
});

it.each([
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "&#106;avascript:alert(1)",
  "data:text/html,x",
  "file:///etc/passwd",
  "vbscript:x",
  "/lab?x",
  "src/load.py",
  "#here",
])("shows a link to %s as text", (href) => {
  const el = drawn(`[text](<${href}>)`);
  expect(el.querySelector("a")).toBeNull();
  expect(el.textContent).toContain("text");
});

it("loads a remote image only after a click, and says from where", () => {
  const el = drawn("![chart](https://charts.example.org/a.png?secret=1)");
  expect(el.querySelector("img")).toBeNull();
  const button = el.querySelector("button");
  expect(button?.textContent).toContain("charts.example.org");
  button?.click();
  const img = el.querySelector("img");
  expect(img?.getAttribute("src")).toBe("https://charts.example.org/a.png?secret=1");
  expect(img?.getAttribute("referrerpolicy")).toBe("no-referrer");
});

it("remembers that an image was asked for while text still streams", () => {
  const markdown = new MarkdownStream();
  markdown.push("![c](https://x.example/a.png) and");
  markdown.el.querySelector("button")?.click();
  markdown.push(" more");
  expect(markdown.el.querySelector("img")).not.toBeNull();
});

it("shows an image that is in the text itself, unless it is a document", () => {
  expect(drawn("![a](data:image/png;base64,AAAA)").querySelector("img")).not.toBeNull();
  expect(drawn("![a](data:image/svg+xml;base64,AAAA)").querySelector("img, button")).toBeNull();
});

it("decodes entities without a parser", () => {
  expect(drawn("&lt;b&gt; &amp; &#x41;&#66; &nope;").textContent).toBe("<b> & AB &nope;");
});

it("labels code and offers to copy it", () => {
  const el = drawn('```python title="x"\ncode\n```');
  expect(el.querySelector(".goose-code-bar")?.textContent).toBe("pythonCopyTo next cell");
  expect(el.querySelector("button")?.getAttribute("aria-label")).toBe("Copy code");
});

it.each([
  ["$$\\int_0^1 x^2\\,dx$$"],
  ["Let $a_1 * b_2 * c$ and \\(\\{x\\_y\\}\\), so \\[a \\\\ b\\]."],
  ["$$\n\\begin{aligned}\n- x &= *y* \\\\\n# &lt; z\n\\end{aligned}\n$$"],
  ["\\[\n1. \\,x\n---\n\\]"],
])("shows maths as it was written until it is typeset: %s", (text) => {
  expect(drawn(text).textContent).toBe(text);
  expect(drawn(text).children).toHaveLength(1);
  expect(drawn(text).querySelector(".goose-math")).not.toBeNull();
  expect(drawn(text).querySelector("em, ul, ol, h1")).toBeNull();
});

it("draws what is around maths", () => {
  const el = drawn("*a $x*y$ b*\n$$\n*c*\n$$\n**d**");
  expect([...el.querySelectorAll("em, strong")].map((it) => it.textContent)).toEqual(["a $x*y$ b", "d"]);
  expect(el.textContent).toContain("$$\n*c*\n$$");
});

it("takes no prices, variables or code for maths", () => {
  const el = drawn("From $5 to **$10**, $ *x* $, `$a` and *b*`$`, a\\_b, \\$1 *c*$");
  expect([...el.querySelectorAll("em, strong, code")].map((it) => it.textContent)).toEqual([
    "$10",
    "x",
    "$a",
    "b",
    "$",
    "c",
  ]);
  expect(el.textContent).toContain("a_b, $1 c$");
});
