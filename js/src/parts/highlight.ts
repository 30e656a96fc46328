/**
 * Colours code. The only file that sets `innerHTML`: highlight.js returns HTML in which all of the code is escaped, and it
 * goes into a <code> element.
 */
import hljs from "highlight.js/lib/common";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import julia from "highlight.js/lib/languages/julia";
import latex from "highlight.js/lib/languages/latex";
import scala from "highlight.js/lib/languages/scala";

for (const [name, language] of Object.entries({ dockerfile, julia, latex, scala })) {
  hljs.registerLanguage(name, language);
}
hljs.registerAliases(["ipython", "python3"], { languageName: "python" });
hljs.registerAliases(["terminal"], { languageName: "shell" });

export function colour(code: HTMLElement, text: string, language: string): void {
  if (hljs.getLanguage(language)) code.innerHTML = hljs.highlight(text, { language, ignoreIllegals: true }).value;
}
