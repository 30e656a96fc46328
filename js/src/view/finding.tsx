/** Offers to find in the chat; what does it comes when somebody wants to. */
import type { Chat } from "../chat";
import { withPart } from "../parts";
import type { Find } from "./find";
import { Icon } from "./icons";
import type { Log } from "./log";

const OPEN = "goose-find";

/** Asks the view it is in to show the field. */
export function FindButton() {
  return (
    <button
      type="button"
      class="goose-icon-button goose-find-open"
      aria-label="Find in the chat"
      title="Find in the chat (Ctrl+F, ⌘F)"
      onClick={({ currentTarget }) => currentTarget.dispatchEvent(new Event(OPEN, { bubbles: true }))}
    >
      <Icon name="search" />
    </button>
  );
}

/** Returns what was opened, if it was. */
export function offerFind(chat: Chat, log: Log, root: HTMLElement, signal: AbortSignal): () => Find | null {
  let find: Find | null = null;
  const open = () =>
    withPart("panels", ({ Find }) => {
      if (signal.aborted) return;
      if (!find) {
        find = new Find(chat, log, root, signal);
        log.el.prepend(find.el);
      }
      find.open();
    });
  root.addEventListener(OPEN, open, { signal });
  const pressed = (event: KeyboardEvent) => {
    const isCtrlF = event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey);
    // Pressed again in the field it is the browser's own.
    if (!isCtrlF || event.shiftKey || event.altKey || find?.el.contains(event.target as Node)) return;
    event.preventDefault();
    event.stopPropagation();
    open();
  };
  root.addEventListener("keydown", pressed, { signal });
  return () => find;
}
