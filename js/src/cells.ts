/** Puts code into a new cell below the chat's, where the front end is JupyterLab or Notebook. */
import type { Chat } from "./chat";
import { isRecord } from "./guard";

const VIEW = "application/vnd.jupyter.widget-view+json";

/** What JupyterLab's widget manager and its notebook are here used for. */
interface Lab {
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
  const insert = async (event: Event) => {
    const button = event.target instanceof Element ? event.target.closest(".goose-to-cell") : null;
    const source = button?.closest(".goose-code")?.querySelector("code")?.textContent;
    if (typeof source !== "string") return;
    const place = root.closest(".jp-Cell");
    const index = await indexOf(manager, chat.get("uid"), place);
    if (index === null) {
      chat.say({ level: "error", text: "The code was not inserted: this chat's cell was not found in the notebook." });
      return;
    }
    manager.context.model.sharedModel.insertCell(index + 1, {
      cell_type: "code",
      source: source.replace(/\n$/, ""),
      metadata: {},
    });
    chat.say({ level: "info", text: "The code is in a new cell below." });
    // The notebook draws the cell later.
    setTimeout(() => place?.nextElementSibling?.scrollIntoView({ block: "nearest" }), 100);
  };
  root.addEventListener("click", (event) => void insert(event), { signal });
}

function isLab(manager: unknown): manager is Lab {
  if (!isRecord(manager) || !isRecord(manager.context) || typeof manager.get_model !== "function") return false;
  const { model } = manager.context;
  return isRecord(model) && isRecord(model.sharedModel) && typeof model.sharedModel.insertCell === "function";
}

/** Where the chat's cell is. Of several cells that show the chat it is the one on the page, if that says which it is. */
async function indexOf(lab: Lab, uid: string, place: Element | null): Promise<number | null> {
  const shown = Number.parseInt(place?.getAttribute("data-windowed-list-index") ?? "", 10);
  let found: number | null = null;
  let index = -1;
  for (const { outputs } of lab.context.model.cells) {
    index += 1;
    for (let at = 0; outputs && at < outputs.length; at++) {
      const view = outputs.get(at).data[VIEW];
      if (!isRecord(view) || !lab.has_model(String(view.model_id))) continue;
      if ((await lab.get_model(String(view.model_id))).get("uid") !== uid) continue;
      if (index === shown) return index;
      found ??= index;
    }
  }
  return found;
}
