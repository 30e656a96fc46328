/** Builds the widget's bundle into the Python package: `node build.mjs`. */
import { mkdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// anywidget sends the bundle once per widget and goes deaf when loading it takes over 2 s.
const LIMIT = 150 * 1024;

/**
 * Two libraries are one file each, of which a bundler can take nothing away. This does it: what is cut here is never
 * reached, and `test/build.test.ts` compares the rest with the whole. A version built in another way stops the build.
 */
const TRIMMED = [
  [/marked[\\/]lib[\\/]marked\.esm\.js$/, trimMarked],
  [/highlight\.js[\\/]lib[\\/]core\.js$/, trimHighlighter],
];

/** The lexer alone, for GitHub's Markdown alone: no option asks for another. */
export function trimMarked(source) {
  const local = (name) => find(source, new RegExp(`[{,](\\w+) as ${name}[,}]`))[1];
  const end = source.indexOf(`var ${local("Renderer")}=class`);
  if (end < source.indexOf(`var ${local("Lexer")}=class`)) throw new Error("marked is built in another way now");
  let lexer = source.slice(0, end).replaceAll("this.options.gfm", "!0");
  for (const option of ["pedantic", "breaks", "silent"]) lexer = lexer.replaceAll(`this.options.${option}`, "!1");
  // The rules of other kinds of Markdown; what only they use then falls to the bundler, by the annotation.
  const blocks = /\{normal:\w+,(gfm:\w+),pedantic:(\w+)\}/;
  const inlines = /\{normal:\w+,(gfm:\w+),breaks:(\w+),pedantic:(\w+)\}/;
  const [, , ...unused] = [...find(lexer, blocks), ...find(lexer, inlines).slice(2)];
  lexer = swap(swap(lexer, blocks, "{$1}"), inlines, "{$1}");
  for (const rules of unused) lexer = swap(lexer, new RegExp(`,${rules}=\\{\\.\\.\\.[^;]*?(?=,\\w+=)`), "");
  // Rules that only a renderer or another kind of Markdown needs.
  const rest =
    "outputLinkReplace listReplaceNesting pedanticHrefTitle escapeTest escapeReplace escapeTestNoEncode " +
    "escapeReplaceNoEncode percentDecode spaceLine notSpaceStart endingNewline";
  const literal = String.raw`/(?:[^/\\\n[]|\\.|\[(?:[^\]\\]|\\.)*\])+/[a-z]*`;
  for (const name of rest.split(" ")) lexer = swap(lexer, new RegExp(`(?<=[{,])${name}:${literal},`), "");
  const rule = find(lexer, /function (\w+)\(\w+,\w+=""\)\{let \w+=typeof/)[1];
  return `${lexer.replaceAll(`=${rule}(`, `=/* @__PURE__ */${rule}(`)}export{${local("Lexer")} as Lexer};`;
}

/** Colouring of text in a language that is named: nothing for pages, plug-ins and guesses. */
export function trimHighlighter(source) {
  const unused =
    "shouldNotHighlight blockLanguage justTextHighlightResult highlightAuto updateClassName highlightElement configure " +
    "initHighlightingOnLoad highlightAll unregisterLanguage listLanguages autoDetection upgradePluginAPI addPlugin " +
    "removePlugin fire deprecateHighlightBlock";
  let core = source;
  for (const name of unused.split(" "))
    core = swap(core, new RegExp(`\\n  function ${name}\\([\\s\\S]*?\\n  }(?=\\n)`), "");
  core = swap(core, /\n {2}const initHighlighting = [\s\S]*?\n {2}};/, "");
  core = swap(core, /\n {4}fire\("before:highlight", context\);/, "");
  core = swap(core, /\n {4}fire\("after:highlight", result\);/, "");
  core = swap(core, /highlightAuto\(modeBuffer, .*\)/, "null");
  // Checks of languages, which ours pass; deprecated ways to call; what only a developer of a language needs.
  for (const pattern of [
    /\n {2}if \(mode\.skip \|\| mode\.exclude(Begin|End)[\s\S]*?\n {2}}\n\n {2}if [\s\S]*?\n {2}}(?=\n)/,
    /\n {2}if \(mode\.skip \|\| mode\.exclude(Begin|End)[\s\S]*?\n {2}}\n\n {2}if [\s\S]*?\n {2}}(?=\n)/,
    /\n {2}if \(mode\.begin \|\| mode\.end\) throw .*/,
    /\n {2}if \(mode\.starts\) throw .*/,
    /\n {2}if \(language\.contains && [\s\S]*?\n {2}}(?=\n)/,
    /\n {2}toJSON\(\) {[\s\S]*?\n {2}}(?=\n)/,
    /\n {2}static _collapse[\s\S]*?\n {2}}(?=\n)/,
    /\n {8}if \(!SAFE_MODE\) {[\s\S]*?\n {8}}(?=\n)/,
    / else if \(match\.type === "illegal" && !ignoreIllegals\) {[\s\S]*?\n {6}}(?= else)/,
    /if \(err\.message && [\s\S]*?\n {6}} else (?=if \(SAFE_MODE\))/,
    /\n {4}if \(!language\) {[\s\S]*?\n {4}}(?=\n)/,
    /ignoreUnescapedHTML: false,[\s\S]*?(?=classPrefix)/,
    /cssSelector: [\s\S]*?languages: null,/,
    /\n {2}hljs\.debugMode = .*\n {2}hljs\.safeMode = .*\n.*/,
  ])
    core = swap(core, pattern, "");
  core = swap(core, /if \(typeof optionsOrCode === "object"\) ({[\s\S]*?\n {4}}) else {[\s\S]*?\n {4}}(?=\n)/, "$1");
  core = swap(core, /if \(SAFE_MODE\) ({[\s\S]*?\n {6}}) else {\n {8}throw err;\n {6}}/, "$1");
  core = swap(core, /try {\n {6}(lang = languageDefinition\(hljs\);)\n {4}} catch [\s\S]*?\n {4}}(?=\n)/, "$1");
  const modes =
    "BINARY_NUMBER_MODE BINARY_NUMBER_RE C_NUMBER_MODE IDENT_RE MATCH_NOTHING_RE METHOD_GUARD NUMBER_RE " +
    "PHRASAL_WORDS_MODE REGEXP_MODE RE_STARTERS_RE UNDERSCORE_TITLE_MODE";
  for (const name of modes.split(" ")) core = swap(core, new RegExp(`\\n {2}${name}: ${name},?(?=\\n)`), "");
  core = swap(
    core,
    /\{\n {4}highlight,[\s\S]*?\n {2}\}/,
    "{ highlight, registerLanguage, getLanguage, registerAliases, inherit }",
  );
  return swap(core, /\nhighlight\.newInstance = [\s\S]*$/, "\nexport default highlight;");
}

function find(source, pattern) {
  const found = pattern.exec(source);
  if (!found) throw new Error(`a library is built in another way now: no ${pattern}`);
  return found;
}

function swap(source, pattern, by) {
  find(source, pattern);
  return source.replace(pattern, by);
}

const trim = {
  name: "trim",
  setup({ onLoad }) {
    for (const [filter, change] of TRIMMED) {
      onLoad({ filter }, ({ path }) => ({ contents: change(readFileSync(path, "utf8")) }));
    }
  },
};

const here = dirname(fileURLToPath(import.meta.url));

async function main() {
  const out = join(here, "..", "goose_widget", "static");
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: here,
    entryPoints: { widget: "src/widget.ts" },
    outdir: out,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    plugins: [trim],
  });
  const size = (name) => statSync(join(out, name)).size;
  for (const name of ["widget.js", "widget.css"]) {
    console.log(`${name}: ${(size(name) / 1024).toFixed(1)} KB`);
  }
  if (size("widget.js") > LIMIT) {
    console.error(`widget.js is over ${LIMIT / 1024} KB: load what is rarely needed later, or leave it out.`);
    process.exit(1);
  }
}

// Tests import the functions above.
if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) await main();
