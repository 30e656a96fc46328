/** Markdown to stream in tests. */
export const documents: Record<string, string> = {
  prose:
    "# Title\n\nSome *text* with **bold**, `code` and a [link](https://example.org/a?b=1&c=2).\n\nMore  \nlines.\n",
  "nested lists":
    "1. one\n   - a\n   - b\n\n     para\n2. two\n\n3. three\n\n   ```py\n   x = 1\n   ```\n\n- [ ] todo\n- [x] done\n\ntext\n",
  "ordered list, loose": "1. a\n\n2. b\n\n10. c\n\nnot a list\n",
  tables: "intro\n| a | b |\n|---|:-:|\n| 1 | `x|y` |\n| 2 | **z** |\n\nafter\n",
  fences: "```python\ndef f():\n    return '```'\n```\ntext\n~~~\n```\n~~~\n\n````md\n```js\nx\n```\n````\nend",
  "open fence": "text\n\n```js\nconst a = 1;\n\n``` not closed\nlet b",
  "indented code": "para\n\n    code\n\n    more\n\n  no code\n",
  html: "<div>\n<b>x</b>\n</div>\n\ntext <span onclick='x'>y</span>\n\n<!-- a\n\nb -->\n\n<script>\nalert(1)\n\n</script>\nend\n",
  setext: "Title\n=====\n\nSub\ntitle\n---\n\npara\n***\npara\n- x\n",
  references:
    "See [one] and [two][1] and ![pic][1].\n\n[one]: https://one.example\n\nMiddle [one].\n\n[1]: <https://two.example> 'T'\n",
  quotes: "> a\n> > b\n> - c\nlazy\n\n> d\n\ntext\n",
  breaks: "a\r\nb\r\n\r\n- c\r\n- d\r\n\r\n```\r\nx\r\n```\r\n",
  entities: "&lt;b&gt; &amp;amp; &#x41; &unknown; `&lt;`\n\n\\*no\\* &nbsp;\n",
  headings: "para\n#nohash\npara\n# hash\n####### seven\n## two ##\n",
  images: "![a](https://x.example/a.png) ![b](data:image/png;base64,AAAA) ![c](javascript:1)\n",
  autolinks: "https://example.org/path. <https://a.example> www.example.org me@example.org\n",
  "half markup": "**bold *it `code [link](http://",
  maths:
    "An $a_1*b$ and *em $x*y$ em*, \\(\\alpha_1\\) and $$\\int_0^1 x^2\\,dx$$.\n\nSo:\n$$\n- x \\\\\n= *y*\n# z\n$$\nwhere\n\n" +
    "- in a list\n  \\[\n  a \\, b\n  \\]\n\n\\[\nnever closed *a*\n\nIt costs $5 or $10, in `$HOME` or **$PATH**.\n",
  footnotes:
    "A[^1] and B[^note] and again[^1], none[^x], `[^1]`, a [link][^1].\n\n[^1]: First, *em* [one]\nlazy\n[^note]: Second.\n\n    More of it[^1].\n\n    - item\n\n" +
    "text\n[^late]: interrupts\n\n- item[^late]\n\n  [^in]: in an item\n\n[one]: https://one.example\n[^1]: ignored\n",
  "definitions that come late":
    "[a] and *[b][c]*\n\n- [a]\n  - [c]\n\n> [d]: https://d.example\n\n[d] ![a]\n\n[A]: https://a.example 'x\n\n[c]: <https://c.example>\n\n[a]: https://no.example\n",
  "task lists": "- [ ] a\n- [x] b\n\n  c\n1. [X] d\n2. [ ]\n3. [ ]e\n",
  strikethrough: "~~a~~ ~b~ ~~~c~~~ **~~d~~** \\~e~ a~~b~~c\n",
  "right to left": "# שלום\n\n- مرحبا *x*\n- abc\n\n> שלום\n\n| א | b |\n|---|---|\n| c | ד |\n",
  unicode: "Grüße 🪿 **日本語**\n\n- é\n",
};

export function random(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822507) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 4294967296;
  };
}

const PIECES = [
  "text",
  " ",
  "\n",
  "\n",
  "\n\n",
  "\n\n",
  "- ",
  "* ",
  "1. ",
  "2. ",
  "10) ",
  "# ",
  "## ",
  "> ",
  "```",
  "```py\n",
  "\n```\n",
  "~~~\n",
  "    ",
  "  ",
  "| a | b |\n",
  "|---|---|\n",
  "---\n",
  "===\n",
  "***",
  "`x`",
  "**b**",
  "_i_",
  "<div>",
  "</div>",
  "<!--",
  "-->",
  "[a](http://b.c)",
  "[r]",
  "[r]: http://d.e\n",
  "[^r]",
  "[^r]: ",
  "~~",
  "\\",
  "&amp;",
  "![i](http://x.y/z)",
  "[ ] ",
  "$",
  "$$\n",
  "$$",
  "\\[",
  "\\]\n",
  "\t",
  "<pre>",
  "</pre>",
  "2",
  "-",
  "#",
  "+",
]; // prettier-ignore

export function fuzz(seed: number): string {
  const next = random(seed);
  let text = "";
  for (let i = 0; i < 30; i++) text += PIECES[Math.floor(next() * PIECES.length)] ?? "";
  return text;
}
