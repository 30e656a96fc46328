import { describe, expect, it } from "vitest";
import { dataOf } from "../src/data";
import { dataView } from "../src/items/dataview";

const shown = (text: string, hint?: string) => {
  const data = dataOf(text, hint);
  if (!data) throw new Error("no data");
  const el = dataView(data);
  document.body.replaceChildren(el);
  const rows = () => [...el.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
  const button = () => [...el.querySelectorAll("button")].find((each) => !each.hidden);
  return { el, rows, button };
};

describe("tables", () => {
  it("are made of flat records", () => {
    const { el, rows } = shown('[{"name": "a", "n": 1}, {"name": "b", "n": 2.5, "ok": null}]');
    expect(rows()).toEqual([
      ["name", "n", "ok"],
      ["a", "1", ""],
      ["b", "2.5", "null"],
    ]);
    expect([...el.querySelectorAll(".goose-number")].map((cell) => cell.textContent)).toEqual(["n", "1", "2.5"]);
  });

  it("are made of lines of JSON", () => {
    expect(shown('{"a": 1}\n{"a": 2}\n').rows()).toEqual([["a"], ["1"], ["2"]]);
  });

  it.each([
    ["name,n\na,1\nb,2\n", ""],
    ["name\tn\r\na\t1\r\nb\t2", ""],
    ["name;n\na;1\nb;2", "text/csv"],
    ['name,n\n"a",1\n"b",2\n', "sales.csv"],
  ])("are made of %j", (text, hint) => {
    expect(shown(text, hint).rows()).toEqual([
      ["name", "n"],
      ["a", "1"],
      ["b", "2"],
    ]);
  });

  it("know quotes", () => {
    const text = 'name,said,n\nada,"a ""word"", and\nanother",1\nbob,,2\n';
    expect(shown(text).rows()).toEqual([
      ["name", "said", "n"],
      ["ada", 'a "word", and\nanother', "1"],
      ["bob", "", "2"],
    ]);
  });

  it("draw a few rows, and more on demand", () => {
    const { el, button } = shown(`n,m\n${Array.from({ length: 3000 }, (_, i) => `${i},x\n`).join("")}`);
    expect(el.querySelectorAll("tbody tr")).toHaveLength(20);
    expect(button()?.textContent).toBe("Show 1000 more (of 3,000 rows)");
    button()?.click();
    button()?.click();
    expect(el.querySelectorAll("tbody tr")).toHaveLength(2020);
    expect(button()?.textContent).toBe("Show all (3,000 rows)");
    button()?.click();
    expect(el.querySelectorAll("tbody tr")).toHaveLength(3000);
    expect(button()).toBeUndefined();
  });

  it("show hidden characters and cut long cells", () => {
    const cell = (value: string) =>
      shown(JSON.stringify([{ a: value }, { a: "" }])).el.querySelector("td")?.textContent;
    expect(cell("a\u202eb")).toBe("a⟦U+202E⟧b");
    expect(cell("x".repeat(9000))).toBe(`${"x".repeat(500)}… (9 KB)`);
  });
});

describe("text stays text", () => {
  it.each([
    "",
    "[INFO] starting",
    "{not json}",
    "[]",
    "{}",
    "Dear all, this is a letter\nwith commas, and more, 1\nand so on, 2\n",
    "hello,world\nfoo,bar\nx,y\n",
    "total 12\n-rw-r--r-- 1 ada ada 3\n",
    "a,b\n1,2,3\n4,5\n",
    "a,b\n1,2\n",
    "a,a\n1,2\n3,4\n",
    "4.0K\tsrc\n8.0K\ttest\n9.0K\tdev\n",
    "[".repeat(100_000) + "]".repeat(100_000),
    `["${"x".repeat(2_000_000)}"]`,
    `"${'"'.repeat(50_000)}`,
  ])("%.30j", (text) => expect(dataOf(text)).toBeNull());
});

describe("trees", () => {
  it("are open where they are small", () => {
    const { el } = shown('{"a": {"b": [1, {"c": "x\\n"}]}, "d": []}');
    expect(el.textContent).toBe('{"a": { 1 entries }"b": [ 2 items ]1{"c": "x\\n"}"d": []}');
    expect(el.querySelectorAll("details:not([open])")).toHaveLength(0);
  });

  it("are made as they are opened", () => {
    const { el } = shown(JSON.stringify({ big: Array.from({ length: 5000 }, (_, id) => ({ id, tags: [[id]] })) }));
    expect(el.textContent).toBe('{"big": [ 5000 items ]}');
    const details = el.querySelector("details") as HTMLDetailsElement;
    details.open = true;
    details.dispatchEvent(new Event("toggle"));
    expect(el.querySelectorAll("details")).toHaveLength(101);
    const more = [...el.querySelectorAll("button")].find((button) => !button.hidden);
    expect(more?.textContent).toBe("Show 1000 more (of 5,000 entries)");
    more?.click();
    expect(el.querySelectorAll("details")).toHaveLength(1101);
    details.dispatchEvent(new Event("toggle"));
    expect(el.querySelectorAll("details")).toHaveLength(1101);
  });

  it("escape strings, show hidden characters and cut long ones", () => {
    const value = { html: '<img src=x onerror="alert(1)">', hidden: "a\u202eb", long: "y".repeat(5000), __proto__: 1 };
    const { el } = shown(JSON.stringify(value).replace('"html"', '"__proto__": 1, "html"'));
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent).toContain('"<img src=x onerror=\\"alert(1)\\">"');
    expect(el.textContent).toContain("a⟦U+202E⟧b");
    expect(el.textContent).toContain('"__proto__": 1');
    expect(el.textContent?.length).toBeLessThan(2300);
  });
});
