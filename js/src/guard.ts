/** The wire's border: what is not in `wire.ts` is refused here, so nothing behind it checks again. */
import type { Block, Change, Inbound, Item } from "./wire";

type Check = (x: unknown) => boolean;

const str: Check = (x) => typeof x === "string";
const num: Check = (x) => typeof x === "number" && Number.isFinite(x);
const bool: Check = (x) => typeof x === "boolean";
const any: Check = (x) => x !== undefined;
const orNull =
  (check: Check): Check =>
  (x) =>
    x === null || check(x);
const list =
  (check: Check): Check =>
  (x) =>
    Array.isArray(x) && x.every(check);
const oneOf =
  (...values: string[]): Check =>
  (x) =>
    values.includes(x as string);

export function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

/** What a table has under a server's word; words such as "constructor" and "__proto__" are in none. */
export function lookUp<T>(table: Record<string, T>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

const shape =
  (fields: Record<string, Check>): Check =>
  (x) =>
    isRecord(x) && Object.entries(fields).every(([name, check]) => check(x[name]));

const BLOCKS: Record<Block["type"], Check> = {
  text: shape({ text: str }),
  image: shape({ mime: str, data: str }),
  audio: shape({ mime: str, data: str }),
  diff: shape({ path: str, old: orNull(str), new: str }),
  resource: shape({ uri: str, mime: str, text: str }),
  link: shape({ uri: str, name: str }),
};

const tagged = (table: Record<string, Check>, tag: string, x: unknown): boolean => {
  if (!isRecord(x)) return false;
  const name = x[tag];
  return typeof name === "string" && Object.hasOwn(table, name) && table[name]?.(x) === true;
};

const blocks = list((x) => tagged(BLOCKS, "type", x));

const permission = shape({
  request: str,
  cwd: str,
  options: list(shape({ id: str, name: str, kind: str })),
  state: oneOf("open", "answered", "void"),
  option: orNull(str),
  by: str,
  note: str,
});

const TURN = shape({ duration: num, first: orNull(num), rate: orNull(num), cost: orNull(str) });

const ITEMS: Record<Item["kind"], Check> = {
  user: shape({ id: str, text: str, content: blocks, time: num, state: oneOf("sent", "failed", "unsure") }),
  agent: shape({
    id: str,
    text: str,
    content: blocks,
    time: num,
    state: oneOf("streaming", "done", "cancelled", "interrupted"),
    turn: orNull(TURN),
  }),
  thought: shape({ id: str, text: str, started: num, ended: orNull(num) }),
  tool: shape({
    id: str,
    title: str,
    name: str,
    extension: str,
    tool_kind: str,
    status: oneOf("pending", "in_progress", "completed", "failed", "cancelled", "interrupted"),
    input: any,
    output: str,
    truncated: bool,
    content: blocks,
    result: any,
    locations: list(shape({ path: str, line: orNull(num) })),
    started: num,
    ended: orNull(num),
    permission: orNull(permission),
  }),
  plan: shape({ id: str, entries: list(shape({ content: str, status: str, priority: str })), time: num }),
  notice: shape({ id: str, level: oneOf("info", "warning", "error"), text: str, detail: str, time: num }),
};

const CHANGES: Record<Change["op"], Check> = {
  add: shape({ item: isItem }),
  append: shape({ id: str, field: oneOf("text", "output"), text: str }),
  patch: shape({ id: str, set: isRecord }),
  remove: shape({ id: str }),
};

const SESSION = shape({
  key: str,
  id: str,
  title: str,
  updated: num,
  messages: num,
  server: str,
  notebook: str,
  current: bool,
  snippet: str,
});

/** The messages without what they list. */
const MESSAGES: Record<Inbound["type"], Check> = {
  changes: shape({ log: str, from: num, seq: num }),
  snapshot: shape({ log: str, seq: num, earlier: num }),
  earlier: shape({ log: str, earlier: num }),
  found: shape({ log: str, query: str, whole: bool }),
  around: shape({ log: str, item: str, earlier: num, later: num }),
  sessions: shape({ query: str }),
  part: shape({ name: str }),
  files: shape({ query: str }),
  remark: shape({ level: oneOf("info", "error"), text: str }),
  draft: shape({ text: str }),
  ack: shape({ aid: str, error: orNull(str) }),
};

/** The list in a message of each type, and what may be in it. */
const LISTS: Partial<Record<Inbound["type"], [name: string, piece: Check]>> = {
  changes: ["changes", isChange],
  snapshot: ["items", isItem],
  earlier: ["items", isItem],
  found: ["hits", shape({ id: str, count: num, snippet: str })],
  around: ["items", isItem],
  sessions: ["sessions", SESSION],
  files: ["files", str],
};

export function isItem(x: unknown): x is Item {
  return tagged(ITEMS, "kind", x);
}

function isChange(x: unknown): x is Change {
  return tagged(CHANGES, "op", x);
}

/** What of a message can be used, and how many pieces of it can't. */
export interface Read {
  message: Inbound | null;
  refused: number;
}

/**
 * Reads a message. A bad piece does not take the rest of its message with it: refusing the whole would leave a gap which
 * no resending could ever fill.
 */
export function readInbound(x: unknown): Read {
  if (!isRecord(x) || !tagged(MESSAGES, "type", x)) return { message: null, refused: 1 };
  const message = x as unknown as Inbound;
  const [name, piece] = LISTS[message.type] ?? [];
  if (!name || !piece) return { message, refused: 0 };
  const all = x[name];
  if (!Array.isArray(all)) return { message: null, refused: 1 };
  const good = all.filter(piece);
  return { message: { ...x, [name]: good } as unknown as Inbound, refused: all.length - good.length };
}
