import { expect, it, vi } from "vitest";
import { typeset } from "../src/parts/maths";

// KaTeX refuses pages in quirks mode; this one does not say that it is none.
vi.hoisted(() => Object.defineProperty(document, "compatMode", { value: "CSS1Compat" }));

function drawn(tex: string, display = false): HTMLElement {
  const el = document.createElement("span");
  el.textContent = "as written";
  typeset(el, tex, display);
  return el;
}

it("typesets a formula, for eyes and for screen readers", () => {
  const el = drawn("\\frac{a}{b}");
  expect(el.querySelector("math mfrac")).not.toBeNull();
  expect(el.querySelector(".katex-html")?.getAttribute("aria-hidden")).toBe("true");
});

it("sets a displayed one apart", () => expect(drawn("x", true).querySelector(".katex-display")).not.toBeNull());

it("gives each its own nodes", () => {
  const [one, other] = [drawn("x^2"), drawn("x^2")];
  expect(one.firstChild?.isEqualNode(other.firstChild)).toBe(true);
  expect(one.firstChild).not.toBe(other.firstChild);
});

it.each(["\\frac{", "\\nonsense", "x".repeat(20_000), "\\def\\a{\\a\\a}\\a"])(
  "leaves %.20s as it was written",
  (tex) => {
    expect(drawn(tex).innerHTML).toBe("as written");
  },
);

it.each([
  "\\href{javascript:alert(1)}{x}",
  "\\href{https://example.org}{x}",
  "\\url{javascript:alert(1)}",
  "\\includegraphics{https://example.org/x.png}",
  "\\htmlStyle{background: url(https://example.org)}{x}",
  "\\htmlData{x=y}{x}",
  "\\htmlId{x}{x}",
  "\\htmlClass{x}{x}",
  "\\text{<img src=x onerror=alert(1)>}",
])("makes no link, image or attribute of %s", (tex) => {
  const el = drawn(tex);
  expect(el.querySelector("a, img, [id], [data-x], script, [href], [src]")).toBeNull();
  expect(el.querySelector("[style*=url]")).toBeNull();
});

it("brings its style, once", () => {
  drawn("x");
  drawn("y");
  expect(document.head.querySelectorAll("#goose-maths-style")).toHaveLength(1);
});
