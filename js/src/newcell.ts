/** Puts code into a new cell below the chat's. */
import type { Lab } from "./cells";
import type { Chat } from "./chat";
import { isRecord } from "./guard";

const VIEW = "application/vnd.jupyter.widget-view+json";

/** `place`: the cell on the page from which it was asked for. */
export async function insertCell(chat: Chat, lab: Lab, place: Element | null, source: string): Promise<void> {
  const index = await indexOf(lab, chat.get("uid"), place);
  if (index === null) {
    chat.say({ level: "error", text: "The code was not inserted: this chat's cell was not found in the notebook." });
    return;
  }
  lab.context.model.sharedModel.insertCell(index + 1, {
    cell_type: "code",
    source: source.replace(/\n$/, ""),
    metadata: {},
  });
  chat.say({ level: "info", text: "The code is in a new cell below." });
  // The notebook draws the cell later.
  setTimeout(() => place?.nextElementSibling?.scrollIntoView({ block: "nearest" }), 100);
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
