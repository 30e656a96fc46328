/**
 * Parts that not every chat needs: files of their own in the wheel, which the kernel sends when one is first met. All
 * chats of a page share them, so each is sent once.
 */
export interface Parts {
  highlight: typeof import("./parts/highlight");
  maths: typeof import("./parts/maths");
  diagrams: typeof import("./parts/diagrams");
  panels: typeof import("./parts/panels");
  streaming: typeof import("./parts/streaming");
}

export type PartName = keyof Parts;

/** Fetches a part's source from a kernel; rejects where that can't be done. */
export type PartSource = (name: PartName) => Promise<BlobPart>;

interface Entry {
  module?: unknown;
  loading: boolean;
  /** Not asked again before this time: what is drawn again and again asks each time. */
  notBefore: number;
  /** What is done when it comes, with what is done when it does not. */
  waiting: Map<(part: never) => void, (() => void) | undefined>;
}

/** From the build: widgets of another version on the same page have parts of their own. */
declare const SOURCES_DIGEST: string;
const KEY = Symbol.for(`goose-widget ${typeof SOURCES_DIGEST === "string" ? SOURCES_DIGEST : ""}`);
const PAUSE = 10_000;
/** What waits for one part at most: what streams is drawn again and again, and nobody says that it is gone. */
const MOST = 5000;

interface Page {
  entries: Map<PartName, Entry>;
  sources: Set<PartSource>;
  makeWidget?: () => unknown;
}

/** Of the page: the widget, and every part, evaluates this module anew. */
const pages = globalThis as { [KEY]?: Page };
pages[KEY] ??= { entries: new Map(), sources: new Set() };
export const page: Page = pages[KEY];
const { entries, sources } = page;

/** Where parts come from, until the returned function is called. */
export function addSource(source: PartSource): () => void {
  sources.add(source);
  return () => sources.delete(source);
}

/**
 * Calls `use` with the part: at once if it is there, else when it has come; or `fail`, if it can't be had now. Once the
 * returned function was called, neither.
 */
export function withPart<N extends PartName>(name: N, use: (part: Parts[N]) => void, fail?: () => void): () => void {
  const entry = entryOf(name);
  if (entry.module !== undefined) use(entry.module as Parts[N]);
  else {
    entry.waiting.set(use, fail);
    for (const oldest of entry.waiting.keys()) {
      if (entry.waiting.size <= MOST) break;
      entry.waiting.delete(oldest);
    }
    if (!entry.loading) void load(name, entry);
  }
  return () => entry.waiting.delete(use);
}

/** The part, if it is there. */
export function partAtHand<N extends PartName>(name: N): Parts[N] | undefined {
  return entryOf(name).module as Parts[N] | undefined;
}

/** The part is here. */
export function givePart<N extends PartName>(name: N, module: Parts[N]): void {
  const entry = entryOf(name);
  entry.module = module;
  const waiting = [...entry.waiting.keys()] as ((part: Parts[N]) => void)[];
  entry.waiting.clear();
  for (const use of waiting) use(module);
}

function entryOf(name: PartName): Entry {
  const known = entries.get(name) ?? { loading: false, notBefore: 0, waiting: new Map() };
  entries.set(name, known);
  return known;
}

async function load(name: PartName, entry: Entry): Promise<void> {
  if (performance.now() < entry.notBefore) {
    giveUp(entry);
    return;
  }
  entry.loading = true;
  for (const source of [...sources].reverse()) {
    try {
      // Not revoked: a part can run in a worker, too.
      const url = URL.createObjectURL(new Blob([await source(name)], { type: "text/javascript" }));
      const module = await import(/* @vite-ignore */ url);
      entry.loading = false;
      givePart(name, module);
      return;
    } catch (error) {
      console.warn(`goose-widget: the part ${name} did not come`, error);
    }
  }
  entry.loading = false;
  entry.notBefore = performance.now() + PAUSE;
  giveUp(entry);
}

function giveUp({ waiting }: Entry): void {
  const fails = [...waiting.values()];
  waiting.clear();
  for (const fail of fails) fail?.();
}
