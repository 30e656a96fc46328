/** Files may be dropped anywhere on a chat; neither Jupyter nor the browser opens them then. */
import type { Chat } from "../chat";
import { h } from "../dom";
import { attach } from "./files";

export function takeDrops(chat: Chat, root: HTMLElement, signal: AbortSignal): void {
  const target = h("div", { class: "goose-drop", "aria-hidden": "true" });
  const over = (event: DragEvent) => {
    const data = event.dataTransfer;
    if (!data?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    const takes = canAttach(chat);
    data.dropEffect = takes ? "copy" : "none";
    target.textContent = takes ? "Drop to attach" : "Nothing can be attached here";
    root.append(target);
  };
  const on = (type: "dragenter" | "dragover" | "dragleave" | "drop", listener: (event: DragEvent) => void) =>
    root.addEventListener(type, listener, { signal });
  on("dragenter", over);
  on("dragover", over);
  on("dragleave", ({ relatedTarget }) => {
    if (!root.contains(relatedTarget as Node | null)) target.remove();
  });
  on("drop", (event) => {
    if (!target.isConnected) return;
    event.preventDefault();
    event.stopPropagation();
    target.remove();
    if (canAttach(chat)) void attach(chat, [...(event.dataTransfer?.files ?? [])]);
  });
}

export function canAttach(chat: Chat): boolean {
  return chat.get("accepts").length > 0 && !chat.get("read_only") && chat.get("status") !== "closed";
}
