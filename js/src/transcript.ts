/**
 * The browser's replica of the transcript. `apply` does no I/O and returns what has to be drawn again; its cost depends on
 * the size of the message only, never on the length of an item or of the chat.
 */
import { isItem } from "./guard";
import type { Change, Inbound, Item } from "./wire";

export interface Transcript {
  seq: number;
  /** In the order in which they are shown. */
  items: Map<string, Item>;
}

/** What happened to one item. */
export type Touch = { op: "add" } | { op: "remove" } | Update;

/** The texts that were appended; whether fields were replaced, and whether such a text was among them. */
export interface Update {
  op: "change";
  text: string;
  output: string;
  patched: boolean;
  rewritten: boolean;
}

export type Applied =
  | { kind: "nothing" }
  /** Something is missing: say hello with the transcript's seq. */
  | { kind: "gap" }
  | { kind: "changed"; touched: Map<string, Touch>; refused: number }
  | { kind: "replaced" };

export function emptyTranscript(): Transcript {
  return { seq: 0, items: new Map() };
}

export function apply(transcript: Transcript, message: Exclude<Inbound, { type: "ack" }>): Applied {
  if (message.type === "snapshot") {
    transcript.seq = message.seq;
    transcript.items = new Map(message.items.map((item) => [item.id, item]));
    return { kind: "replaced" };
  }
  if (message.seq <= transcript.seq) return { kind: "nothing" };
  // Batches that overlap what is known can't be cut at an item's middle, so they count as a gap too.
  if (message.from !== transcript.seq) return { kind: "gap" };
  transcript.seq = message.seq;
  const touched = new Map<string, Touch>();
  let refused = 0;
  for (const change of message.changes) {
    if (!step(transcript.items, touched, change)) refused += 1;
  }
  return { kind: "changed", touched, refused };
}

function step(items: Map<string, Item>, touched: Map<string, Touch>, change: Change): boolean {
  if (change.op === "add") {
    items.delete(change.item.id);
    items.set(change.item.id, change.item);
    touched.delete(change.item.id);
    touched.set(change.item.id, { op: "add" });
    return true;
  }
  const item = items.get(change.id);
  if (!item) return false;
  if (change.op === "remove") {
    items.delete(change.id);
    touched.delete(change.id);
    touched.set(change.id, { op: "remove" });
    return true;
  }
  const next = change.op === "append" ? appended(item, change.field, change.text) : patched(item, change.set);
  if (!next) return false;
  items.set(change.id, next);
  const touch = touched.get(change.id) ?? { op: "change", text: "", output: "", patched: false, rewritten: false };
  touched.set(change.id, touch);
  if (touch.op === "change") note(touch, change);
  return true;
}

function note(touch: Update, change: Exclude<Change, { op: "add" | "remove" }>): void {
  if (change.op === "append") touch[change.field] += change.text;
  else {
    touch.patched = true;
    touch.rewritten ||= "text" in change.set || "output" in change.set;
  }
}

function appended(item: Item, field: "text" | "output", text: string): Item | null {
  if (field === "output") return item.kind === "tool" ? { ...item, output: item.output + text } : null;
  return "text" in item ? { ...item, text: item.text + text } : null;
}

function patched(item: Item, set: Record<string, unknown>): Item | null {
  const next: unknown = { ...item, ...set, id: item.id, kind: item.kind };
  return isItem(next) ? next : null;
}
