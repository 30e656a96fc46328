/** The chat's state in a word or two. */
import type { Chat } from "../chat";
import type { Item, Status } from "../wire";

const WORDS: Record<Status, string> = {
  connecting: "Connecting…",
  ready: "Ready",
  running: "Working…",
  waiting: "Waiting for you",
  reconnecting: "Reconnecting…",
  failed: "Not connected",
  closed: "Closed",
};

/** Whether goose waits for an answer that can be given here. */
export function asks(chat: Pick<Chat, "get" | "silent">): boolean {
  return chat.get("status") === "waiting" && !chat.silent;
}

/** The items in which goose asks, oldest first. */
export function questions(items: Map<string, Item>): Item[] {
  return [...items.values()].filter((item) => item.kind === "tool" && item.permission?.state === "open");
}

/** Problems with a server that is set up and does not answer. */
const OFFLINE = ["refused", "crashed"];

/** The state's name, for its colour, and its words; `now` in seconds since the epoch. */
export function stateOf(
  chat: Pick<Chat, "get" | "silent">,
  now: number,
): [name: Status | "silent" | "interrupted", words: string] {
  const status = chat.get("status");
  if (chat.silent) return ["silent", "Kernel not answering"];
  if (chat.get("read_only")) return [status, "Read only"];
  if (status === "ready" && chat.get("interrupted")) return ["interrupted", "Interrupted"];
  if (status === "failed" && OFFLINE.includes(chat.get("problem")?.code ?? "")) return [status, "Offline"];
  const seconds = secondsToRetry(chat, now);
  return [status, seconds > 0 ? `Reconnecting in ${seconds} s` : WORDS[status]];
}

/** Seconds until the next attempt to reconnect; 0 when it is being made, or none is to come. */
export function secondsToRetry(chat: Pick<Chat, "get">, now: number): number {
  const reconnect = chat.get("status") === "reconnecting" ? chat.get("reconnect") : null;
  return reconnect ? Math.max(0, Math.ceil(reconnect.retry_at - now)) : 0;
}
