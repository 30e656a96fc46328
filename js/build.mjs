/** Builds the widget's bundle into the Python package: `node build.mjs`. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// anywidget sends the bundle once per widget and goes deaf when loading it takes over 2 s.
const LIMIT = 150 * 1024;

/** Of marked only the lexer is used; the rest of its one minified file, behind the lexer, can't be shaken off. */
const onlyLexer = {
  name: "only-lexer",
  setup({ onLoad }) {
    onLoad({ filter: /marked\.esm\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const local = (name) => new RegExp(`[{,](\\w+) as ${name}[,}]`).exec(source)?.[1];
      const end = source.indexOf(`var ${local("Renderer")}=class`);
      if (end < source.indexOf(`var ${local("Lexer")}=class`)) throw new Error("marked is built in another way now");
      return { contents: `${source.slice(0, end)}export{${local("Lexer")} as Lexer};` };
    });
  },
};

const here = dirname(fileURLToPath(import.meta.url));
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
  plugins: [onlyLexer],
});

const size = (name) => statSync(join(out, name)).size;
for (const name of ["widget.js", "widget.css"]) {
  console.log(`${name}: ${(size(name) / 1024).toFixed(1)} KB`);
}
if (size("widget.js") > LIMIT) {
  console.error(`widget.js is over ${LIMIT / 1024} KB: load what is rarely needed later, or leave it out.`);
  process.exit(1);
}
