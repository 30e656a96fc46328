/** The two ways to the kernel: the widget's comm, and Jupyter's control channel. */
import { isRecord } from "./guard";
import { type Kernel, kernelOf } from "./kernel";
import type { Model } from "./model";
import type { Lanes } from "./outbox";
import { randomId } from "./random";

export function lanesOf(model: Model): Lanes {
  return {
    comm: (message) => model.send(message),
    control: (message) => {
      const kernel = kernelOf(model.widget_manager);
      if (!kernel) return false;
      const content = { uid: model.get("uid"), data: message };
      release(kernel.sendControlMessage(controlMessage(kernel, content), false, true));
      return true;
    },
  };
}

/** As `KernelMessage.createMessage` builds it; that module is not reachable from a widget. */
function controlMessage(kernel: Kernel, content: object): object {
  return {
    header: {
      msg_id: randomId(),
      msg_type: "goose_msg",
      session: kernel.clientId,
      username: kernel.username,
      date: new Date().toISOString(),
      version: "5.3",
    },
    parent_header: {},
    metadata: {},
    channel: "control",
    content,
    buffers: [],
  };
}

/** The ack comes over the comm, so the future is of no use; disposing it rejects its promise. */
function release(future: unknown): void {
  if (!isRecord(future)) return;
  if (future.done instanceof Promise) future.done.catch(() => {});
  if (typeof future.dispose === "function") future.dispose();
}
