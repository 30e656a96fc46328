/** Offers to put code into a new cell, where the front end is JupyterLab or Notebook; what does it comes with a part. */
import type { Chat } from "./chat";
import { isRecord } from "./guard";
import { sorry } from "./outbox";
import { withPart } from "./parts";

/** What JupyterLab's widget manager and its notebook are used for here. */
export interface Lab {
  context: { model: { cells: Iterable<Cell>; sharedModel: { insertCell(index: number, cell: object): unknown } } };
  has_model(id: string): boolean;
  get_model(id: string): Promise<{ get(name: string): unknown }>;
}

interface Cell {
  outputs?: { length: number; get(index: number): { data: Record<string, unknown> } };
}

/** Lets the buttons of code blocks in `root` work; without a notebook they are not shown. */
export function offerCells(chat: Chat, root: HTMLElement, signal: AbortSignal): void {
  const manager = chat.model.widget_manager;
  if (!isLab(manager)) return;
  root.dataset.cells = "";
  const insert = ({ target }: Event) => {
    const button = target instanceof Element ? target.closest(".goose-to-cell") : null;
    const source = button?.closest(".goose-code")?.querySelector("code")?.textContent;
    if (typeof source !== "string") return;
    const failed = () =>
      chat.say({ level: "error", text: sorry("The code was not inserted", { state: "undelivered" }) });
    withPart("panels", ({ insertCell }) => void insertCell(chat, manager, root.closest(".jp-Cell"), source), failed);
  };
  root.addEventListener("click", insert, { signal });
}

function isLab(manager: unknown): manager is Lab {
  if (!isRecord(manager) || !isRecord(manager.context) || typeof manager.get_model !== "function") return false;
  const { model } = manager.context;
  return isRecord(model) && isRecord(model.sharedModel) && typeof model.sharedModel.insertCell === "function";
}
