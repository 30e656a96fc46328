/**
 * Colours code. The only file that sets `innerHTML`: highlight.js returns HTML in which all of the code is escaped, and it
 * goes into a detached <code> element.
 */
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import yaml from "highlight.js/lib/languages/yaml";
import sql from "./sql";
import typescript from "./typescript";

const LANGUAGES = { bash, diff, json, python, r, sql, typescript, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);
hljs.registerAliases(["ipython", "python3"], { languageName: "python" });
hljs.registerAliases(["shell", "console", "terminal"], { languageName: "bash" });

/** Past this many characters colouring would be felt while scrolling and streaming. */
const LIMIT = 100_000;

export function fillCode(code: HTMLElement, text: string, language: string): void {
  const known = language !== "" && text.length <= LIMIT && hljs.getLanguage(language) !== undefined;
  if (known) code.innerHTML = hljs.highlight(text, { language, ignoreIllegals: true }).value;
  else code.textContent = text;
}

const BY_SUFFIX: Record<string, string> = { ipynb: "json", yml: "yaml", md: "markdown", sh: "bash", rs: "", txt: "" };

/** A language name for a file; one that is not known is shown without colours. */
export function languageOf(path: string): string {
  const suffix = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return BY_SUFFIX[suffix] ?? suffix;
}
