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
