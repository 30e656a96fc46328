/** One widget's connection to its kernel, shared by all of its views: transcript, actions, draft and heartbeat. */
import { giveBack, keepDraft, leaveDraft, readDraft, takeAgain, takeLeftDraft, writeDraft } from "./drafts";
import { readInbound } from "./guard";
import { watchKernel } from "./kernel";
import { lanesOf } from "./lanes";
import type { Model } from "./model";
import { Outbox, type Outcome, TIMING, type Timing } from "./outbox";
import { type Applied, apply, emptyTranscript } from "./transcript";
import type { Action, Item, Traits } from "./wire";

export type ChatEvent =
  | { type: "transcript"; applied: Applied }
  /** Traits, remarks, the heartbeat or what is being sent. */
  | { type: "state" }
  | { type: "draft" }
  | { type: "height" };

/** A line at the bottom of the chat, of this page only. */
export interface Remark {
  level: "info" | "error";
  text: string;
}

const TRAITS = [
  "status",
  "reconnect",
  "problem",
  "session_id",
  "title",
  "mode",
  "modes",
  "model",
  "models",
  "usage",
  "server",
  "cwd",
  "read_only",
] as const satisfies (keyof Traits)[];

const HEARTBEAT = 20_000;

export class Chat {
  readonly transcript = emptyTranscript();
  /** What the user opened or closed, by item: it outlives views. */
  readonly opened = new Map<string, boolean>();
  remark: Remark | null = null;
  /** The kernel did not answer the last hello. */
  silent = false;
  /** When the kernel was heard last. */
  heard = Date.now() / 1000;
  /** The kernel that had this widget is gone: another one runs in its place. */
  restarted = false;
  draft = "";
  /** Prompts on their way. */
  sending: string[] = [];
  /** The item that changed last, and when. */
  last: Item | null = null;
  lastChange = Date.now() / 1000;

  readonly #outbox: Outbox;
  readonly #listeners = new Set<(event: ChatEvent) => void>();
  readonly #lifetime = new AbortController();
  #views = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #helloing: number | null = null;
  #draftKey: string;

  constructor(
    readonly model: Model,
    timing: Timing = TIMING,
  ) {
    this.#outbox = new Outbox(lanesOf(model), timing);
    this.#draftKey = this.#keyNow();
    this.draft = readDraft(this.#draftKey);
    this.#listen("msg:custom", (content) => this.#receive(content));
    for (const name of TRAITS) this.#listen(`change:${name}`, () => this.#emit({ type: "state" }));
    this.#listen("change:height", () => this.#emit({ type: "height" }));
    this.#listen("change:session_id", () => this.#moveDraft());
    this.#listen("change:cwd", () => this.#moveDraft());
    this.#receive({ type: "snapshot", ...model.get("transcript") });
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.model.get(name);
  }

  subscribe(listener: (event: ChatEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A view is shown; call the returned function when it is gone, with the notebook it was in. */
  attach(): (place?: Element | null) => void {
    this.#views += 1;
    if (this.#views === 1) {
      this.#startHeartbeat();
      this.#takeOver();
    } else this.hello();
    return (place = null) => {
      this.#views -= 1;
      if (this.#views > 0) return;
      this.#stopHeartbeat();
      if (this.draft !== "" && this.sending.length === 0) leaveDraft(this.#draftKey, place, () => this.#handOver());
    };
  }

  do(action: Action, late?: (outcome: Outcome) => void): Promise<Outcome> {
    return this.#outbox.send(action, late);
  }

  /** Asks for what is missing, and whether anyone is there. */
  async hello(): Promise<void> {
    const have = this.transcript.seq;
    if (this.#helloing === have) return;
    this.#helloing = have;
    const outcome = await this.do({ type: "hello", have });
    if (this.#helloing === have) this.#helloing = null;
    if (outcome.state === "undelivered") this.#heard(false);
  }

  type(text: string): void {
    this.draft = text;
    this.#saveDraft();
    this.#emit({ type: "draft" });
  }

  say(remark: Remark | null): void {
    this.remark = remark;
    this.#emit({ type: "state" });
  }

  /** Sends the draft. Whatever becomes of it, the text is with the kernel or back in the draft. */
  async prompt(): Promise<void> {
    const text = this.draft;
    this.sending = [...this.sending, text];
    this.draft = "";
    this.#emit({ type: "draft" });
    this.say(null);
    const outcome = await this.do({ type: "prompt", text }, (late) => this.#deliveredLate(text, late));
    const at = this.sending.indexOf(text);
    this.sending = this.sending.filter((_, index) => index !== at);
    if (outcome.state === "done") {
      this.#saveDraft();
      this.#emit({ type: "state" });
      return;
    }
    this.type(giveBack(text, this.draft));
    this.say({ level: "error", text: sorry("Your message was not delivered", outcome) });
  }

  close(): void {
    this.#stopHeartbeat();
    this.#lifetime.abort();
    this.#outbox.close();
    this.#listeners.clear();
  }

  #receive(content: unknown): void {
    const { message, refused } = readInbound(content);
    if (refused > 0) this.#refuse(refused, content);
    if (!message) return;
    this.heard = Date.now() / 1000;
    this.#heard(true);
    if (message.type === "ack") {
      this.#outbox.acked(message.aid, message.error);
      return;
    }
    const applied = apply(this.transcript, message);
    if (applied.kind === "gap") void this.hello();
    if (applied.kind === "changed" && applied.refused > 0) this.#refuse(applied.refused, content);
    if (applied.kind === "changed" || applied.kind === "replaced") this.#remember(applied);
    if (applied.kind !== "nothing") this.#emit({ type: "transcript", applied });
  }

  #remember(applied: Extract<Applied, { kind: "changed" | "replaced" }>): void {
    const ids = applied.kind === "changed" ? applied.touched.keys() : this.transcript.items.keys();
    this.last = this.transcript.items.get([...ids].at(-1) ?? "") ?? this.last;
    this.lastChange = Date.now() / 1000;
  }

  #refuse(count: number, content: unknown): void {
    console.warn("goose-widget: not understood", content);
    const what = count === 1 ? "A piece" : `${count} pieces`;
    this.say({
      level: "error",
      text: `${what} of what the kernel sent could not be shown: reload the page; if it happens again, the versions of the widget and this page differ.`,
    });
  }

  #heard(heard: boolean): void {
    if (this.silent !== heard) return;
    this.silent = !heard;
    this.#emit({ type: "state" });
  }

  #deliveredLate(text: string, outcome: Outcome): void {
    if (outcome.state !== "done") return;
    this.type(takeAgain(text, this.draft));
    this.say({ level: "info", text: "The kernel was busy; your message has been delivered now." });
  }

  #keyNow(): string {
    const session = this.model.get("session_id");
    // Every computer and every folder's demo counts its sessions for itself: an id alone may be another chat's too.
    return session === null ? this.model.get("uid") : `${session} ${this.model.get("cwd")}`;
  }

  #moveDraft(): void {
    const before = this.#draftKey;
    this.#draftKey = this.#keyNow();
    if (this.#draftKey === before) return;
    writeDraft(before, "");
    if (this.draft === "" && this.sending.length === 0) {
      this.draft = readDraft(this.#draftKey);
      this.#emit({ type: "draft" });
    }
    this.#saveDraft();
  }

  #takeOver(): void {
    keepDraft(this.#draftKey);
    const isNew = this.transcript.items.size === 0 && this.sending.length === 0 && !this.get("read_only");
    if (!isNew || this.draft !== "") return;
    const text = takeLeftDraft();
    if (text !== "") this.type(text);
  }

  #handOver(): string {
    const text = this.draft;
    this.type("");
    return text;
  }

  /** What is on its way stays in storage until it has arrived. */
  #saveDraft(): void {
    writeDraft(this.#draftKey, [...this.sending, this.draft].filter((text) => text !== "").join("\n\n"));
  }

  #startHeartbeat(): void {
    const beat = () => {
      if (document.visibilityState === "visible") void this.hello();
    };
    this.#heartbeat = setInterval(beat, HEARTBEAT);
    document.addEventListener("visibilitychange", beat);
    window.addEventListener("online", beat);
    const stopWatching = watchKernel(this.model.widget_manager, (restarted) => {
      this.restarted ||= restarted;
      void this.hello();
    });
    this.#stopListening = () => {
      stopWatching();
      document.removeEventListener("visibilitychange", beat);
      window.removeEventListener("online", beat);
    };
    void this.hello();
  }

  #stopListening = (): void => {};

  #stopHeartbeat(): void {
    clearInterval(this.#heartbeat);
    this.#stopListening();
  }

  #listen(event: string, callback: (...args: unknown[]) => void): void {
    this.model.on(event, callback);
    this.#lifetime.signal.addEventListener("abort", () => this.model.off(event, callback));
  }

  #emit(event: ChatEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** A sentence about an action which did not get through. */
export function sorry(what: string, outcome: Outcome): string {
  return outcome.state === "refused"
    ? `${what}: ${outcome.error}`
    : `${what}: the kernel does not answer. It may be busy, or it was restarted.`;
}
