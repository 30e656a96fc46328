/**
 * Draws mermaid's diagrams. What the agent wrote is read in a frame of its own, which has no origin, may load nothing and is
 * gone afterwards; what comes out of it is shown as an image, in which nothing runs.
 */
import mermaid from "text:mermaid";

/** One diagram for light pages and one for dark ones, as addresses of images. */
export interface Diagram {
  light: string;
  dark: string;
}

/** Milliseconds for one diagram, the start of the frame included. */
const PATIENCE = 20_000;
const LONGEST = 20_000;
const REMEMBERED = 50;

const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; font-src data:; img-src data:";

/** Runs in the frame, for each message with a diagram's source. */
const DRAW = `
addEventListener("message", async ({ data: { library, source } }) => {
  const answer = {};
  try {
    if (library) document.head.append(Object.assign(document.createElement("script"), { textContent: library }));
    for (const [name, theme] of [["light", "default"], ["dark", "dark"]]) {
      mermaid.initialize({
        startOnLoad: false, securityLevel: "strict", theme, fontFamily: "system-ui, sans-serif",
        suppressErrorRendering: true, secure: ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges",
        "suppressErrorRendering", "theme", "fontFamily"],
      });
      const { svg } = await mermaid.render("d" + name, source);
      const root = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
      const [, , width, height] = root.getAttribute("viewBox").split(/[ ,]+/);
      root.setAttribute("width", width);
      root.setAttribute("height", height);
      answer[name] = new XMLSerializer().serializeToString(root);
    }
  } catch (error) {
    answer.error = String(error?.message ?? error);
  }
  parent.postMessage(answer, "*");
});
`;

const known = new Map<string, Promise<Diagram>>();
let last: Promise<unknown> = Promise.resolve();
let frame: { el: HTMLIFrameElement; isFresh: boolean } | null = null;
let waiting = 0;

/** Rejects with what is wrong with the source, or that it takes too long. */
export function draw(source: string): Promise<Diagram> {
  const before = known.get(source);
  if (before) return before;
  const drawing = source.length > LONGEST ? Promise.reject(new Error("It is too long.")) : inTurn(() => render(source));
  if (known.size >= REMEMBERED) known.delete(known.keys().next().value ?? "");
  known.set(source, drawing);
  return drawing;
}

function inTurn(task: () => Promise<Diagram>): Promise<Diagram> {
  waiting += 1;
  const turn = last.then(task).finally(() => {
    waiting -= 1;
    if (waiting === 0) closeFrame();
  });
  last = turn.catch(() => {});
  return turn;
}

async function render(source: string): Promise<Diagram> {
  frame ??= { el: await openFrame(), isFresh: true };
  const { el, isFresh } = frame;
  frame.isFresh = false;
  return new Promise((resolve, reject) => {
    const end = (act: () => void) => {
      clearTimeout(timer);
      removeEventListener("message", hear);
      act();
    };
    const hear = ({ source: from, data }: MessageEvent) => {
      if (from !== el.contentWindow) return;
      const { light, dark, error } = data;
      if (isDrawing(light) && isDrawing(dark)) end(() => resolve({ light: address(light), dark: address(dark) }));
      else end(() => reject(new Error(String(error))));
    };
    const timer = setTimeout(() => {
      closeFrame();
      end(() => reject(new Error("It takes too long.")));
    }, PATIENCE);
    addEventListener("message", hear);
    el.contentWindow?.postMessage({ library: isFresh ? mermaid : null, source }, "*");
  });
}

function isDrawing(x: unknown): x is string {
  return typeof x === "string" && x.startsWith("<svg") && x.length < 5_000_000;
}

function address(svg: string): string {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

async function openFrame(): Promise<HTMLIFrameElement> {
  const el = document.createElement("iframe");
  el.setAttribute("sandbox", "allow-scripts");
  el.setAttribute("aria-hidden", "true");
  el.tabIndex = -1;
  // Out of sight, but with room: what is not laid out can't be measured.
  el.style.cssText = "position:fixed;left:-10000px;top:0;width:1200px;height:800px;border:0";
  el.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><script>${DRAW}</script>`;
  const loaded = new Promise((resolve) => el.addEventListener("load", resolve, { once: true }));
  document.body.append(el);
  await loaded;
  return el;
}

function closeFrame(): void {
  frame?.el.remove();
  frame = null;
}
