/** Builds the widget's bundle into the Python package: `node build.mjs`. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// anywidget sends the bundle once per widget and goes deaf when loading it takes over 2 s.
const LIMIT = 150 * 1024;

const MARKED = /marked[\\/]lib[\\/]marked\.esm\.js$/;

/**
 * The lexer alone, for GitHub's Markdown alone: no option asks for another. The library is one file, of which a bundler
 * can take nothing away; `test/build.test.ts` compares what is left with the whole. A version built in another way stops
 * the build.
 */
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
  lexer = swap(lexer, /(?<=[{,])pedanticHeadingBeginRegex:\w+\(\w+=>new RegExp\(`[^`]*`\)\),/, "");
  // GitHub's rule takes its place.
  const [heading, name] = find(lexer, /lheading:(\w+),(?=list:)/);
  lexer = swap(lexer.replace(heading, ""), new RegExp(`,${name}=[^;]*?\\.getRegex\\(\\)`), "");
  const rule = find(lexer, /function (\w+)\(\w+,\w+=""\)\{let \w+=typeof/)[1];
  return `${lexer.replaceAll(`=${rule}(`, `=/* @__PURE__ */${rule}(`)}export{${local("Lexer")} as Lexer};`;
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
    onLoad({ filter: MARKED }, ({ path }) => ({ contents: trimMarked(readFileSync(path, "utf8")) }));
  },
};

const here = dirname(fileURLToPath(import.meta.url));
const library = (name) => join(dirname(fileURLToPath(import.meta.resolve(name))), "..");

/** KaTeX's style sheet with its fonts in it, in the one format that browsers with modules know. */
function mathsStyle() {
  const dist = join(library("katex"), "dist");
  const css = readFileSync(join(dist, "katex.min.css"), "utf8");
  const font = (_, name) => `src:url(data:font/woff2;base64,${readFileSync(join(dist, name), "base64")})`;
  const fonts = css.lastIndexOf("}", css.indexOf(".katex{")) + 1;
  return `${css.slice(0, fonts).replace(/src:url\((fonts\/[\w-]+\.woff2)\)[^;}]*/g, font)}.goose-widget{${css.slice(fonts)}}`;
}

/** Texts that a module imports by a name of ours. */
const texts = {
  name: "texts",
  setup({ onResolve, onLoad }) {
    const TEXTS = {
      "text:maths.css": mathsStyle,
      "text:mermaid": () => readFileSync(join(library("mermaid"), "dist", "mermaid.min.js"), "utf8"),
    };
    onResolve({ filter: /^text:/ }, ({ path }) => ({ path, namespace: "text" }));
    onLoad({ filter: /.*/, namespace: "text" }, ({ path }) => ({ contents: TEXTS[path](), loader: "text" }));
  },
};

const OPTIONS = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  // The page keeps the text, and takes two bytes for each character once any is beyond Latin-1.
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
  plugins: [trim, texts],
};

/** What is built from the same sources belongs together. */
function digestOfSources() {
  const digest = createHash("sha256");
  const files = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true }).filter((file) =>
    file.isFile(),
  );
  const sources = files.map((file) => join(file.parentPath, file.name)).sort();
  for (const path of [...sources, join(here, "package-lock.json")]) digest.update(readFileSync(path));
  return digest.digest("hex").slice(0, 16);
}

/**
 * Every widget brings the bundle, as a module that the browser then keeps, with what it compiled of it, as long as the
 * page is there. So only the first one of a version is evaluated; each then makes its own widget of that: a notebook that
 * is opened again has another model of the same chat while the first one is still there.
 */
export function oncePerPage(digest) {
  const page = `globalThis[Symbol.for("goose-widget ${digest}")]`;
  return {
    banner: { js: "function evaluate(){" },
    footer: { js: `}${page}?.makeWidget||evaluate();export default ${page}.makeWidget()` },
  };
}

async function main() {
  const out = join(here, "..", "goose_widget", "static");
  const parts = join(out, "parts");
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });
  const names = ["highlight.ts", "maths.ts", "diagrams.ts", "panels.tsx", "streaming.ts"];
  const entryPoints = names.map((name) => `src/parts/${name}`);
  const digest = digestOfSources();
  const options = { ...OPTIONS, define: { SOURCES_DIGEST: JSON.stringify(digest) } };
  await build({ ...options, entryPoints, outdir: parts });
  await build({ ...options, ...oncePerPage(digest), entryPoints: { widget: "src/page.ts" }, outdir: out });
  const size = (name) => statSync(join(out, name)).size;
  for (const name of ["widget.js", "widget.css", ...readdirSync(parts).map((part) => `parts/${part}`)]) {
    console.log(`${name}: ${(size(name) / 1024).toFixed(1)} KB`);
  }
  if (size("widget.js") > LIMIT) {
    console.error(`widget.js is over ${LIMIT / 1024} KB: move what is rarely needed into a part, or leave it out.`);
    process.exit(1);
  }
}

// Tests import the functions above.
if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) await main();
