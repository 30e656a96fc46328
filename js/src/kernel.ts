/** Jupyter's connection to the kernel, where the front end gives access to it. */
import { isRecord } from "./guard";

/** What `@jupyterlab/services` calls IKernelConnection, as far as it is used here. */
export interface Kernel {
  clientId: string;
  username: string;
  sendControlMessage(message: object, expectReply?: boolean, disposeOnDone?: boolean): unknown;
}

/** To be looked up each time: the manager's kernel changes when the notebook gets another one. */
export function kernelOf(manager: unknown): Kernel | null {
  const kernel = isRecord(manager) ? manager.kernel : null;
  return isRecord(kernel) && typeof kernel.sendControlMessage === "function" ? (kernel as unknown as Kernel) : null;
}

const GONE = ["restarting", "autorestarting", "dead"];

/** Calls `gone` when the kernel restarts or dies; call the returned function to stop. */
export function watchKernel(manager: unknown, gone: (restarted: boolean) => void): () => void {
  const kernel = isRecord(manager) ? manager.kernel : null;
  const changed = isRecord(kernel) ? kernel.statusChanged : null;
  if (!isRecord(changed) || typeof changed.connect !== "function") return () => {};
  const slot = (_kernel: unknown, status: unknown) => {
    if (GONE.includes(status as string)) gone(status !== "dead");
  };
  changed.connect(slot);
  return () => {
    if (typeof changed.disconnect === "function") changed.disconnect(slot);
  };
}
