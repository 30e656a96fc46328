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

const htmlOf = (text: string, language: string) => hljs.highlight(text, { language, ignoreIllegals: true }).value;

/** Colours the text that `code` shows, at once; one in boxes when that is done beside the page, while it `isShown`. */
export function colour(code: HTMLElement, text: string, language: string, isShown: () => boolean): void {
  if (!hljs.getLanguage(language)) return;
  if (!code.firstElementChild) code.innerHTML = htmlOf(text, language);
  else void beside(text, language).then((html) => colourBoxes(code, html, isShown));
}

/** Pixels beyond what is seen, so that nobody sees a box without its colours. */
const MARGIN = "600px";

/** Each box as it comes near to being seen: the browser lays out what changes anew. */
function colourBoxes(code: HTMLElement, html: string, isShown: () => boolean): void {
  const pieces = new Map<Element, string>();
  let rest = html;
  let open: string[] = [];
  for (const box of code.children) {
    const piece = cut(rest, box.textContent?.split("\n").length ?? 0, open);
    pieces.set(box, piece.html);
    ({ rest, open } = piece);
  }
  const tell = (entries: IntersectionObserverEntry[]) => {
    if (!isShown()) return observer.disconnect();
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      target.innerHTML = pieces.get(target) ?? "";
    }
  };
  const observer = new IntersectionObserver(tell, { rootMargin: MARGIN, scrollMargin: MARGIN });
  for (const box of pieces.keys()) observer.observe(box);
}

/** The first `lines` lines of HTML, and the rest; `open` are the tags that reach into it. */
function cut(html: string, lines: number, open: string[]): { html: string; rest: string; open: string[] } {
  const tags = [...open];
  const marks = /<span[^>]*>|<\/span>|\n/g;
  let left = lines;
  for (let mark = marks.exec(html); mark; mark = marks.exec(html)) {
    if (mark[0] === "</span>") tags.pop();
    else if (mark[0] !== "\n") tags.push(mark[0]);
    else if (--left === 0) break;
  }
  const end = left === 0 ? marks.lastIndex - 1 : html.length;
  const piece = open.join("") + html.slice(0, end) + "</span>".repeat(tags.length);
  return { html: piece, rest: html.slice(end + 1), open: tags };
}

/** The worker, with how many wait for it. It is this module once more. */
let worker: { it: Worker; jobs: number } | null = null;

/** Highlights beside the page: much code takes longer than a frame. */
async function beside(text: string, language: string): Promise<string> {
  if (typeof Worker === "undefined") return htmlOf(text, language);
  try {
    worker ??= { it: new Worker(import.meta.url, { type: "module" }), jobs: 0 };
    return await ask(worker, text, language);
  } catch {
    // The page's policy may allow no worker.
    return htmlOf(text, language);
  }
}

async function ask(used: { it: Worker; jobs: number }, text: string, language: string): Promise<string> {
  const { port1, port2 } = new MessageChannel();
  used.jobs += 1;
  try {
    return await new Promise((resolve, reject) => {
      port1.onmessage = ({ data }) => resolve(String(data));
      used.it.addEventListener("error", reject, { once: true });
      used.it.postMessage({ text, language }, [port2]);
    });
  } finally {
    port1.close();
    used.jobs -= 1;
    if (used.jobs === 0) {
      used.it.terminate();
      if (worker === used) worker = null;
    }
  }
}

if (typeof document === "undefined") {
  self.onmessage = ({ data, ports }) => ports[0]?.postMessage(htmlOf(data.text, data.language));
}
