/**
 * The browser's replica of the transcript: the newest items of it. `apply` does no I/O and returns what has to be drawn
 * again; its cost depends on the size of the message only, never on the length of an item or of the chat.
 */
import { isItem } from "./guard";
import type { Change, Inbound, Item } from "./wire";

export interface Transcript {
  /** Which conversation it is. */
  log: string;
  seq: number;
  /** In the order in which they are shown. */
  items: Map<string, Item>;
  /** How many items are before these, with the kernel. */
  earlier: number;
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
  /** Something is missing: say hello with the transcript's seq and log. */
  | { kind: "gap" }
  /** `before`: what is touched as it was, without what is new. */
  | { kind: "changed"; touched: Map<string, Touch>; before: Map<string, Item>; refused: number }
  /** `another`: it is another conversation now. */
  | { kind: "replaced"; another: boolean }
  /** These are now before all others, in this order. */
  | { kind: "earlier"; ids: string[] }
  /** These are not held any more. */
  | { kind: "dropped"; ids: string[] };

/** The messages that make the transcript. */
export type News = Extract<Inbound, { type: "changes" | "snapshot" | "earlier" }>;

export function emptyTranscript(): Transcript {
  return { log: "", seq: 0, items: new Map(), earlier: 0 };
}

/** `refused`: pieces that the guard took out of the message. */
export function apply(transcript: Transcript, message: News, refused = 0): Exclude<Applied, { kind: "dropped" }> {
  const had = transcript.log;
  if (message.type === "snapshot") {
    const { log, seq, items, earlier } = message;
    Object.assign(transcript, { log, seq, earlier, items: new Map(items.map((item) => [item.id, item])) });
    // One conversation has another log when the beginning of its file has been read, too.
    return { kind: "replaced", another: log.split("/")[0] !== had.split("/")[0] };
  }
  if (message.log !== had) return { kind: "gap" };
  if (message.type === "earlier") return putBefore(transcript, message.items, message.earlier, refused);
  if (message.seq <= transcript.seq) return { kind: "nothing" };
  // Batches that overlap what is known can't be cut at an item's middle, so they count as a gap too.
  if (message.from !== transcript.seq) return { kind: "gap" };
  transcript.seq = message.seq;
  const touched = new Map<string, Touch>();
  const before = new Map<string, Item>();
  let failed = 0;
  for (const change of message.changes) {
    const id = change.op === "add" ? change.item.id : change.id;
    const item = touched.has(id) ? undefined : transcript.items.get(id);
    if (item) before.set(id, item);
    if (!step(transcript, touched, change)) failed += 1;
  }
  return { kind: "changed", touched, before, refused: failed };
}

/** What does not end where ours begins was asked for by another page, or before something was dropped here. */
function putBefore(
  transcript: Transcript,
  items: Item[],
  earlier: number,
  refused: number,
): Applied & { kind: "earlier" | "nothing" } {
  if (earlier + items.length + refused !== transcript.earlier) return { kind: "nothing" };
  transcript.items = new Map([...items.map((item): [string, Item] => [item.id, item]), ...transcript.items]);
  transcript.earlier = earlier;
  return { kind: "earlier", ids: items.map(({ id }) => id) };
}

/** Lets go of the oldest items, but for the newest `keep`: the kernel has them. */
export function drop(transcript: Transcript, keep: number): Extract<Applied, { kind: "dropped" }> {
  const ids = [...transcript.items.keys()].slice(0, -keep);
  for (const id of ids) transcript.items.delete(id);
  transcript.earlier += ids.length;
  return { kind: "dropped", ids };
}

function step(transcript: Transcript, touched: Map<string, Touch>, change: Change): boolean {
  const { items } = transcript;
  if (change.op === "add") {
    items.delete(change.item.id);
    items.set(change.item.id, change.item);
    touched.delete(change.item.id);
    touched.set(change.item.id, { op: "add" });
    return true;
  }
  const item = items.get(change.id);
  // It may be an older one, and comes as it is by then when it is asked for.
  if (!item) {
    const isEarlier = transcript.earlier > 0;
    if (isEarlier && change.op === "remove") transcript.earlier -= 1;
    return isEarlier;
  }
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
