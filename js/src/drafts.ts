/**
 * What is unsent, outside of any view, by session: a view is made anew when its cell is moved or run again, and a page is
 * reloaded. On the page as well as in localStorage, because the latter may be forbidden, and takes names of files only.
 */
import type { Attachment } from "./wire";

/** What is in the composer. An attachment without data went with its page. */
export interface Prompt {
  text: string;
  attachments: Attachment[];
}

export const NOTHING: Prompt = { text: "", attachments: [] };

/** In bytes. */
export function sizeOf({ data }: Attachment): number {
  return (data.length * 3) / 4 - (data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0);
}

export function isNothing({ text, attachments }: Prompt): boolean {
  return text === "" && attachments.length === 0;
}

const TEXT = "goose-widget:draft:";
const FILES = "goose-widget:files:";

/** What was unsent when its last view went away. Its cell may be run again, and then another chat stands where it was. */
interface Left {
  key: string;
  time: number;
  /** The notebook it was in; null where that is not known. */
  place: Element | null;
  take(): Prompt;
}

/** Of the page: after an upgrade another version of the widget goes on in it. */
const SHARED = Symbol.for("goose-widget.unsent");
const pages = globalThis as { [SHARED]?: { memory: Map<string, Prompt>; left?: Left | undefined } };
pages[SHARED] ??= { memory: new Map() };
const page = pages[SHARED];
const { memory } = page;

export function readDraft(key: string): Prompt {
  const stored = (prefix: string) => storage((store) => store.getItem(prefix + key)) ?? "";
  return memory.get(key) ?? { text: stored(TEXT), attachments: lost(stored(FILES).split("/")) };
}

export function writeDraft(key: string, { text, attachments }: Prompt): void {
  if (isNothing({ text, attachments })) memory.delete(key);
  else memory.set(key, { text, attachments });
  store(TEXT + key, text);
  // No file's name has a slash.
  store(FILES + key, attachments.map(({ name }) => name).join("/"));
}

/** Attachments of which nothing but the name is left. */
export function lost(names: string[]): Attachment[] {
  return names.filter((name) => name !== "").map((name) => ({ name, mime: "", data: "" }));
}

/** Milliseconds in which a chat takes over what was left. */
const FRESH = 60_000;

export function leaveDraft(key: string, place: Element | null, take: () => Prompt): void {
  page.left = { key, time: Date.now(), place, take };
}

/** Its own chat is shown again. */
export function keepDraft(key: string): void {
  if (page.left?.key === key) page.left = undefined;
}

/** What another chat left. In a notebook that was closed it waits for its own chat to be opened again. */
export function takeLeftDraft(): Prompt {
  const left = page.left;
  page.left = undefined;
  if (!left || Date.now() - left.time > FRESH || left.place?.isConnected === false) return NOTHING;
  return left.take();
}

function store(name: string, value: string): void {
  storage((store) => (value === "" ? store.removeItem(name) : store.setItem(name, value)));
}

function storage<T>(use: (store: Storage) => T): T | null {
  try {
    return use(localStorage);
  } catch {
    return null;
  }
}

/** Puts `given` back before what was typed meanwhile. */
export function giveBack(given: Prompt, typed: Prompt): Prompt {
  const text = [given.text, typed.text].filter((each) => each !== "").join("\n\n");
  return { text, attachments: [...new Set([...given.attachments, ...typed.attachments])] };
}

/** Undoes `giveBack`, if the user has not touched that part. */
export function takeAgain({ text, attachments }: Prompt, typed: Prompt): Prompt {
  const [whole, start] = [typed.text === text, `${text}\n\n`];
  const rest = typed.text.startsWith(start) ? typed.text.slice(start.length) : typed.text;
  return {
    text: whole ? "" : rest,
    attachments: typed.attachments.filter((each) => !attachments.includes(each)),
  };
}
