/** Fetches parts of the front end from one chat's kernel. */
import type { Outcome } from "./outbox";
import type { PartName } from "./parts";

/** Milliseconds from the kernel's promise to send a part until it counts as lost. */
const PATIENCE = 30_000;

export class Fetcher {
  readonly #waiting = new Map<string, (source?: BlobPart) => void>();

  constructor(private readonly ask: (name: PartName) => Promise<Outcome>) {}

  fetch(name: PartName): Promise<BlobPart> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.came(name), PATIENCE);
      this.#waiting.set(name, (source) => {
        clearTimeout(timer);
        if (source) resolve(source);
        else reject(new Error("The kernel did not send it."));
      });
      void this.ask(name).then(({ state }) => state !== "done" && this.came(name));
    });
  }

  /** A part has come, in the first buffer of its message; or it will not. */
  came(name: string, buffers?: unknown): void {
    const settle = this.#waiting.get(name);
    this.#waiting.delete(name);
    settle?.(Array.isArray(buffers) ? buffers[0] : undefined);
  }

  close(): void {
    for (const name of this.#waiting.keys()) this.came(name);
  }
}
