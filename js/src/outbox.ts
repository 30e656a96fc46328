/**
 * Actions on their way to the kernel. Each goes over the widget's comm; without an answer soon it is repeated on the
 * control lane, which a busy kernel still reads (the kernel does each `aid` once); without any answer it is undelivered.
 */
import { randomId } from "./random";
import type { Action, Outbound } from "./wire";

export interface Lanes {
  comm(message: Outbound): void;
  /** False where this front end has no such lane. */
  control(message: Outbound): boolean;
}

export interface Timing {
  /** Milliseconds without an ack until the control lane is tried. */
  repeat: number;
  /** Milliseconds without an ack until the action counts as undelivered. */
  giveUp: number;
}

export const TIMING: Timing = { repeat: 150, giveUp: 3000 };

/** Characters of a message that take a millisecond on a slow line. */
const RATE = 500;

export type Outcome = { state: "done" } | { state: "refused"; error: string } | { state: "undelivered" };

interface Waiting {
  settle(outcome: Outcome): void;
  late: ((outcome: Outcome) => void) | undefined;
  timers: ReturnType<typeof setTimeout>[];
  undelivered: boolean;
}

export class Outbox {
  readonly #waiting = new Map<string, Waiting>();

  constructor(
    private readonly lanes: Lanes,
    private readonly timing: Timing = TIMING,
  ) {}

  /** Sends; `late` hears of an ack that came after the action had been given up. */
  send(action: Action, late?: (outcome: Outcome) => void): Promise<Outcome> {
    const message: Outbound = { ...action, aid: randomId() };
    const slack =
      action.type === "prompt" ? action.attachments.reduce((sum, { data }) => sum + data.length, 0) / RATE : 0;
    return new Promise((resolve) => {
      const waiting: Waiting = { settle: resolve, late, timers: [], undelivered: false };
      this.#waiting.set(message.aid, waiting);
      waiting.timers.push(
        setTimeout(() => attempt(() => this.lanes.control(message)), this.timing.repeat + slack),
        setTimeout(() => {
          waiting.undelivered = true;
          if (!late) this.#waiting.delete(message.aid);
          resolve({ state: "undelivered" });
        }, this.timing.giveUp + slack),
      );
      attempt(() => this.lanes.comm(message));
    });
  }

  acked(aid: string, error: string | null): void {
    const waiting = this.#waiting.get(aid);
    if (!waiting) return;
    this.#waiting.delete(aid);
    waiting.timers.forEach(clearTimeout);
    const outcome: Outcome = error === null ? { state: "done" } : { state: "refused", error };
    if (waiting.undelivered) waiting.late?.(outcome);
    else waiting.settle(outcome);
  }

  close(): void {
    for (const { timers, settle } of this.#waiting.values()) {
      timers.forEach(clearTimeout);
      settle({ state: "undelivered" });
    }
    this.#waiting.clear();
  }
}

/** A sentence about an action which did not get through. */
export function sorry(what: string, outcome: Outcome): string {
  return outcome.state === "refused"
    ? `${what}: ${outcome.error}`
    : `${what}: the kernel does not answer. It may be busy, or it was restarted.`;
}

/** A lane may throw when its comm is closed or its kernel is dead; the missing ack then tells the user. */
function attempt(send: () => unknown): void {
  try {
    send();
  } catch (error) {
    console.warn("goose-widget: could not send", error);
  }
}
