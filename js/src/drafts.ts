/**
 * Unsent text outside of any view, by session: a view is made anew when its cell is moved or run again, and a page is
 * reloaded. On the page as well as in localStorage, because the latter may be forbidden.
 */
const PREFIX = "goose-widget:draft:";

/** The bundle is evaluated once per widget, so a variable of this module would not be shared. */
const SHARED = Symbol.for("goose-widget.drafts");
const page = globalThis as { [SHARED]?: Map<string, string> };
page[SHARED] ??= new Map();
const memory: Map<string, string> = page[SHARED];

export function readDraft(key: string): string {
  return memory.get(key) ?? storage((store) => store.getItem(PREFIX + key)) ?? "";
}

export function writeDraft(key: string, text: string): void {
  if (text === "") {
    memory.delete(key);
    storage((store) => store.removeItem(PREFIX + key));
  } else {
    memory.set(key, text);
    storage((store) => store.setItem(PREFIX + key, text));
  }
}

/** Text whose last view went away. Its cell may be run again, and then another chat stands where it was. */
interface Left {
  key: string;
  time: number;
  /** The notebook it was in; null where that is not known. */
  place: Element | null;
  take(): string;
}

/** Milliseconds in which a chat takes over what was left. */
const FRESH = 60_000;

const LEFT = Symbol.for("goose-widget.left");
const shared = globalThis as { [LEFT]?: Left | undefined };

export function leaveDraft(key: string, place: Element | null, take: () => string): void {
  shared[LEFT] = { key, time: Date.now(), place, take };
}

/** Its own chat is shown again. */
export function keepDraft(key: string): void {
  if (shared[LEFT]?.key === key) shared[LEFT] = undefined;
}

/** What another chat left, "" if nothing. In a notebook that was closed it waits for its own chat to be opened again. */
export function takeLeftDraft(): string {
  const left = shared[LEFT];
  shared[LEFT] = undefined;
  if (!left || Date.now() - left.time > FRESH || left.place?.isConnected === false) return "";
  return left.take();
}

function storage<T>(use: (store: Storage) => T): T | null {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

/** Puts `given` back before what was typed meanwhile. */
export function giveBack(given: string, typed: string): string {
  return typed === "" ? given : `${given}\n\n${typed}`;
}

/** Undoes `giveBack`, if the user has not touched that part. */
export function takeAgain(given: string, typed: string): string {
  if (typed === given) return "";
  return typed.startsWith(`${given}\n\n`) ? typed.slice(given.length + 2) : typed;
}
