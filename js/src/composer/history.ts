/** Walking the prompts of the chat with Up and Down. What is unsent stays, and comes back on the way down. */
import type { Chat } from "../chat";

/** One prompt further back (1) or forth (-1); false if there is none. */
export function recall(chat: Chat, step: 1 | -1): boolean {
  const { draft } = chat.drafting;
  const back = draft.back + step;
  if (back < 0) return false;
  const recalled = back === 0 ? null : past(chat)[back - 1];
  if (recalled === undefined) {
    // They come too late for this key, but not for the next.
    if (chat.transcript.earlier > 0) void chat.earlier();
    return false;
  }
  Object.assign(draft, { recalled, back });
  chat.drafted();
  return true;
}

/** Newest first, and what was said twice in a row once. */
function past(chat: Chat): string[] {
  const { draft, transcript } = { draft: chat.drafting.draft, transcript: chat.transcript };
  const asked = [...transcript.items.values()].flatMap((item) => (item.kind === "user" ? [item.text] : []));
  const waiting = chat.get("queue").map(({ text }) => text);
  const all = [draft.text, ...draft.aside, ...[...asked, ...waiting].reverse()];
  return all.filter((text, index) => index > 0 && text.trim() !== "" && text !== all[index - 1]);
}

/**
 * Where a key leads out of the text: at once, perhaps (if it then leaves the caret where it was, for only the browser
 * knows where a line is wrapped), or not at all.
 */
export function leadsOut({ value, selectionStart, selectionEnd }: HTMLTextAreaElement, step: 1 | -1) {
  const beyond = step > 0 ? value.slice(0, selectionStart) : value.slice(selectionEnd);
  if (selectionStart !== selectionEnd || beyond.includes("\n")) return "no";
  return beyond === "" ? "yes" : "perhaps";
}
