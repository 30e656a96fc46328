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
