// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are code in other languages.
import { expect, it } from "vitest";
import { fillCode } from "../src/markdown/highlight";

/** The coloured pieces of a text, as scope:text. */
function coloured(text: string, language: string): string[] {
  const code = document.createElement("code");
  fillCode(code, text, language);
  expect(code.textContent).toBe(text);
  return [...code.querySelectorAll("span")].map(
    (span) => `${span.className.replace("hljs-", "").replace(" language_", "")}:${span.textContent}`,
  );
}

it.each(["bash", "diff", "javascript", "json", "jsx", "python", "r", "sh", "sql", "ts", "tsx", "typescript", "yaml"])(
  "knows %s",
  (language) => {
    const text = "--- a\n- 'x': 1 # y\n\"if\": [true]\nSELECT NULL\n";
    expect(coloured(text, language).length).toBeGreaterThan(0);
  },
);

it("leaves what it does not know as it is", () => expect(coloured("<b>if</b>", "brainf")).toEqual([]));

it.each([
  ["const a = 'b\\'c' + \"d\";", ["keyword:const", "string:'b\\'c'", 'string:"d"']],
  ["// it's\nx /* 'y' */", ["comment:// it's", "comment:/* 'y' */"]],
  [
    "`a ${b('c', {d: `${e}`})} f`",
    [
      "string:`a ${b('c', {d: `${e}`})} f`",
      "subst:${b('c', {d: `${e}`})}",
      "title:b",
      "string:'c'",
      "attr:d",
      "string:`${e}`",
      "subst:${e}",
    ],
  ],
  ["x = a / b / c; y = /[/'\"]\\//g.test(z)", ["regexp:/[/'\"]\\//g", "title:test"]],
  ["return /x'/ ; s.split(/,/)", ["keyword:return", "regexp:/x'/", "title:split", "regexp:/,/"]],
  ["0x1f 1_000.5e-3 10n .5 a1 $2", ["number:0x1f", "number:1_000.5e-3", "number:10n", "number:.5"]],
  ["class A extends Base {}", ["keyword:class", "title:A", "keyword:extends", "title:Base"]],
  ["const f = async (x) => x", ["keyword:const", "title:f", "keyword:async"]],
  ["type T = Record<string, null>", ["keyword:type", "title:T", "title:Record", "type:string", "literal:null"]],
  ["@a.b.if ({c: this}).d()", ["meta:@a", "property:b", "property:if", "attr:c", "variable:this", "title:d"]],
  ["if (x) for (;;) f(...g)", ["keyword:if", "keyword:for", "title:f"]],
  ["<p className='a'>Don't do it, if</p>;\n'b'", ["string:'a'", "string:'b'"]],
  ["<i a={b} /><i />\nit's\nif", ["string:'s", "keyword:if"]],
])("colours %j", (text, pieces) => {
  expect(coloured(text, "tsx")).toEqual(pieces);
  expect(coloured(text, "js")).toEqual(pieces);
});

it.each(["\n", " ", "/", "'", "`${", "(", "<a>", "get ", "a:", "= (a", "const a:", "class ", "/[", "_", "9", "a"])(
  "is soon done with 50,000 characters of %j",
  (piece) => {
    const start = performance.now();
    coloured(piece.repeat(50_000 / piece.length), "ts");
    expect(performance.now() - start).toBeLessThan(5000);
  },
  20_000,
);
