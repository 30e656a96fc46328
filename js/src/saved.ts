/**
 * The conversation in the saved notebook, which is the output after the chat's. The kernel updates it by its display id; but
 * after a reload JupyterLab no longer knows which output that is, so the page finds it and puts the update there.
 */
import { isRecord } from "./guard";
import type { Model } from "./model";

const VIEW = "application/vnd.jupyter.widget-view+json";

type Data = Record<string, unknown>;

/** What JupyterLab's widget manager, its kernel and its notebook are here used for. */
interface Lab {
  kernel: {
    iopubMessage: Record<"connect" | "disconnect", (slot: (kernel: unknown, message: unknown) => void) => void>;
  };
  context: { model: { cells: Iterable<{ outputs?: Outputs }> } };
  has_model(id: string): boolean;
  get_model(id: string): Promise<{ get(name: string): unknown }>;
}

interface Outputs {
  length: number;
  get(index: number): { data: Data };
  set(index: number, output: object): void;
}

/** Call the returned function to stop. */
export function keepSaved(model: Pick<Model, "get" | "widget_manager">): () => void {
  const manager = model.widget_manager;
  if (!isLab(manager)) return () => {};
  const uid = model.get("uid");
  const { iopubMessage } = manager.kernel;
  const slot = (_kernel: unknown, message: unknown) => {
    const data = updateOf(message, `goose-${uid}`);
    if (data) void put(manager, uid, data);
  };
  iopubMessage.connect(slot);
  return () => iopubMessage.disconnect(slot);
}

function isLab(manager: unknown): manager is Lab {
  if (!isRecord(manager) || !isRecord(manager.kernel) || !isRecord(manager.context)) return false;
  return isRecord(manager.kernel.iopubMessage) && isRecord(manager.context.model) && "cells" in manager.context.model;
}

function updateOf(message: unknown, displayId: string): Data | null {
  if (!isRecord(message) || !isRecord(message.header) || !isRecord(message.content)) return null;
  const { data, transient } = message.content;
  const isOurs = isRecord(transient) && transient.display_id === displayId;
  return isOurs && message.header.msg_type === "update_display_data" && isRecord(data) ? data : null;
}

async function put(lab: Lab, uid: string, data: Data): Promise<void> {
  for (const { outputs } of lab.context.model.cells) {
    for (let index = 1; outputs && index < outputs.length; index++) {
      const view = outputs.get(index - 1).data[VIEW];
      const html = outputs.get(index).data["text/html"];
      if (!isRecord(view) || !String(html).startsWith('<div class="goose-static">')) continue;
      if (String(html) === data["text/html"] || !lab.has_model(String(view.model_id))) continue;
      if ((await lab.get_model(String(view.model_id))).get("uid") !== uid) continue;
      outputs.set(index, { output_type: "display_data", data, metadata: {} });
    }
  }
}
