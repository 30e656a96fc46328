/** Documents in which one block is very long. */
import { random } from "./documents";

const WORDS =
  "the model reads *each* file and **writes down** what `it` found [in] the _notes_ for a reader $x$ ~~no~~ <b> &amp; 1. - > # | end.";

export function longDocuments(seed: number, size: number): Record<string, string> {
  const next = random(seed);
  const pool = WORDS.split(" ");
  const pick = (count: number) => Array.from({ length: count }, () => pool[Math.floor(next() * pool.length)]).join(" ");
  const text = (count: number) => `x ${pick(count)}`;
  const often = (chance: number, yes: string, no = "") => (next() < chance ? yes : no);
  const many = (block: (index: number) => string) => Array.from({ length: size }, (_, index) => block(index)).join("");
  const table = (indent: string) => `| a | b |\n${indent}|--|:-:|\n${many((i) => `${indent}| ${pick(2)} | ${i} |\n`)}`;
  return {
    list: `${many(() => `- ${text(5)}\n`)}\nend`,
    "list with lazy lines": many(() =>
      often(0.1, "\n", often(0.1, "lazy\n", often(0.2, "  more\n", `- ${pick(5)}\n`))),
    ),
    "loose list": many(() => `- ${text(5)}\n\n`),
    "list that becomes loose": `${many(() => `- ${text(3)}\n`)}\n- b\n`,
    "ordered list": `${many((i) => `${i + 3}. ${text(5)}\n`)}\n\nend`,
    tasks: many(() => `- [${often(0.5, "x", " ")}] ${text(5)}\n`),
    "nested list": many(() => `${"  ".repeat(Math.floor(next() * 4))}- ${pick(4)}\n`),
    "list in an item": `- a\n${many(() => `  - ${pick(4)}\n`)}\n  after\n- b`,
    "list in an item, indented by four": `1. a\n${many(() => `    - ${pick(4)}\n${often(0.3, "      more\n")}`)}2. b\n`,
    "list in a quotation in an item": `- a\n  1. b\n     > c\n     > - d\n${many(() => `     >   - ${pick(4)}\n`)}end`,
    "paragraphs in an item": `1. ${many(() => `${text(8)}\n\n   `)}\n2. b`,
    "fence in an item": `1. x\n\n   \`\`\`python\n${many(() => `   ${pick(4)}\n`)}   \`\`\`\n\n   after\n\n2. y`,
    "fence in a quotation": `> x\n> \`\`\`python\n${many(() => `> ${pick(4)}\n`)}> \`\`\`\n> z\n`,
    table: `${table("")}\nend`,
    "table after a line": `intro\n${table("")}end\n`,
    "table in an item": `- x\n\n  ${table("  ")}- y`,
    quotation: `${many(() => `> ${pick(6)}\n${often(0.2, ">\n")}`)}\n> other\n`,
    "quotation with lazy lines": many(() => `${often(0.8, "> ")}${text(6)}\n${often(0.2, ">\n")}`),
    paragraphs: many(() => `${pick(10)}\n\n`),
    "paragraphs in a quotation": many(() => `> ${pick(10)}\n>\n`),
    headings: many(() => `# ${pick(3)}\n${pick(3)}\n`),
    paragraph: many(() => `${pick(10)}. `),
    "paragraph of lines": many(() => `${text(10)}\n`),
    "paragraph in an item": `- ${many(() => `${text(10)}\n  `)}`,
    "paragraph in a quotation": many(() => `> ${text(10)}\n`),
    "paragraph that becomes a heading": `${many(() => `${text(10)}\n`)}===\n\nend`,
    "paragraph before a table": `${many(() => `${text(10)}\n`)}| a | b |\n|---|---|\n| c | d |\n`,
    fence: `\`\`\`js\n${many(() => `${pick(4)}\n`)}\`\`\`\n\nend`,
    "open fence": `\`\`\`\n${many(() => `${pick(4)}\n${often(0.1, "\n")}`)}`,
    html: `<div>\n${many(() => `${pick(4)}\n`)}</div>\n\nend`,
    comment: `x\n\n<!-- a\n${many(() => `${pick(4)}\n${often(0.1, "\n")}`)}-->\nend`,
    "html in an item": `- a\n\n  <b>\n${many(() => `  ${pick(4)}\n`)}\n  end\n`,
    "indented code": `${many(() => `    ${pick(4)}\n${often(0.1, "\n")}`)}\n\n\nend`,
    "indented code in an item": `- a\n\n${many(() => `      ${pick(4)}\n${often(0.1, "\n")}`)}\n\n\nend`,
    references:
      many((i) => `See [a${i % 7}] and [^n${i % 5}] and [x](y).\n\n`) +
      Array.from(
        { length: 4 },
        (_, i) => `[a${i}]: https://a${i}.example\n[^n${i}]: note ${i} [a1]\n\n    more\n`,
      ).join(""),
    "references in a table": `| a | b |\n|--|:-:|\n${many((i) => `| [a${i % 7}] | [^n] |\n`)}\n[a1]: https://a1.example\n[^n]: x\n`,
    noise: many(() => pick(1 + Math.floor(next() * 4)) + often(0.5, "\n", often(0.3, "\n\n", " "))),
    blocks: many(() => `${often(0.5, "  ")}${often(0.5, "- ", often(0.3, "> "))}${pick(3)}${often(0.8, "\n", "\n\n")}`),
  };
}
