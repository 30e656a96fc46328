/** One widget's connection to its kernel, shared by all of its views: transcript, actions, draft and heartbeat. */
import { Drafting, type Sent } from "./drafting";
import { isNothing, keepDraft, leaveDraft, NOTHING, type Prompt, takeLeftDraft } from "./drafts";
import { Fetcher } from "./fetcher";
import { readInbound } from "./guard";
import { watchKernel } from "./kernel";
import { lanesOf } from "./lanes";
import type { Model } from "./model";
import { Outbox, type Outcome, sorry, TIMING, type Timing } from "./outbox";
import { addSource } from "./parts";
import { editLeft } from "./queue";
import { arrived, sendDraft } from "./sending";
import { type Applied, apply, drop, emptyTranscript, type News } from "./transcript";
import type { Action, Inbound, Item, Remark, SessionEntry, Traits } from "./wire";

export { sorry };

export type ChatEvent =
  | { type: "transcript"; applied: Applied }
  /** What one of the views, or of other pages, asked for. */
  | { type: "answer"; answer: Extract<Inbound, { type: "found" | "around" }> }
  /** Traits, remarks, the heartbeat or what is being sent. */
  | { type: "state" }
  | { type: "draft" }
  | { type: "height" };

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
  "resumed",
  "interrupted",
  "unsaved",
  "queue",
  "queue_paused",
  "commands",
  "accepts",
  "can_steer",
] as const satisfies (keyof Traits)[];

const HEARTBEAT = 20_000;

/** With more items than `MOST` the page lets go of the oldest, but for the newest `KEPT`. */
export const MOST = 2000;
export const KEPT = 1000;

export class Chat {
  readonly transcript = emptyTranscript();
  /** What the user opened or closed, by item: it outlives views. */
  readonly opened = new Map<string, boolean>();
  remark: (Remark & { undo?: (() => void) | undefined }) | null = null;
  /** The kernel did not answer the last hello. */
  silent = false;
  /** When the kernel was heard last. */
  heard = Date.now() / 1000;
  /** The kernel that had this widget is gone: another one runs in its place. */
  restarted = false;
  /** The sessions of the newest search. */
  sessions: { query: string; list: SessionEntry[] } | null = null;
  /** How many times files are being read for the draft. */
  reading = 0;
  /** The files that were asked for last. */
  files: { query: string; list: string[] } | null = null;
  /** The last prompts with attachments that went into the queue: the kernel does not send those back. */
  readonly queued: Prompt[] = [];
  /** The item that changed last, and when. */
  last: Item | null = null;
  lastChange = Date.now() / 1000;

  readonly #outbox: Outbox;
  readonly #listeners = new Set<(event: ChatEvent) => void>();
  readonly #lifetime = new AbortController();
  #views = 0;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #helloing = "";
  #query = "";
  readonly #readers = new Set<() => boolean>();
  readonly #fetcher = new Fetcher((name) => this.do({ type: "part", name }));
  readonly #removeSource = addSource((name) => this.#fetcher.fetch(name));
  #asked = "";
  #inQueue: Traits["queue"];
  readonly drafting: Drafting;

  constructor(
    readonly model: Model,
    timing: Timing = TIMING,
  ) {
    this.#outbox = new Outbox(lanesOf(model), timing);
    this.drafting = new Drafting(this.#keyNow(), model.get("uid"));
    this.#inQueue = model.get("queue");
    this.#listen("msg:custom", (content, buffers) => this.#receive(content, buffers));
    this.#listen("change:queue", () => this.#queueChanged());
    for (const name of TRAITS) this.#listen(`change:${name}`, () => this.#emit({ type: "state" }));
    this.#listen("change:height", () => this.#emit({ type: "height" }));
    this.#listen("change:session_id", () => this.#rekey());
    this.#listen("change:cwd", () => this.#rekey());
    this.#receive({ type: "snapshot", ...model.get("transcript") });
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.model.get(name);
  }

  /** The text in the composer. */
  get draft(): string {
    const { recalled, text } = this.drafting.draft;
    return recalled ?? text;
  }

  /** Prompts on their way, as far as they are shown nowhere else. */
  get sending(): Sent[] {
    return this.drafting.draft.sending.filter((sent) => !sent.arrived);
  }

  /** A turn runs. */
  get isBusy(): boolean {
    return ["running", "waiting"].includes(this.get("status"));
  }

  /** Whether a prompt would have to wait. */
  get isQueueing(): boolean {
    return this.isBusy || (this.get("queue").length > 0 && this.get("queue_paused") === "");
  }

  /** Whether nothing was said yet. */
  get isEmpty(): boolean {
    return this.transcript.items.size + this.transcript.earlier === 0;
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
      const { draft } = this.drafting;
      if (!isNothing(draft) && draft.sending.length === 0) leaveDraft(draft.key, place, () => this.#handOver());
    };
  }

  /** A view of the transcript, which says whether the oldest items may go. */
  addReader(isDone: () => boolean): () => void {
    this.#readers.add(isDone);
    return () => this.#readers.delete(isDone);
  }

  do(action: Action, late?: (outcome: Outcome) => void): Promise<Outcome> {
    // What a user does is done with what he sees; what follows from it is news.
    if (action.type !== "hello") this.drafting.settle();
    return this.#outbox.send(action, late);
  }

  /** Does it, or says that `what` and why. */
  async attempt(action: Action, what: string): Promise<boolean> {
    const outcome = await this.do(action);
    const done = outcome.state === "done";
    if (!done) this.say({ level: "error", text: sorry(what, outcome) });
    return done;
  }

  /** Asks for what is missing, and whether anyone is there. */
  async hello(): Promise<void> {
    const { log, seq } = this.transcript;
    const asked = `${log} ${seq}`;
    if (this.#helloing === asked) return;
    this.#helloing = asked;
    const outcome = await this.do({ type: "hello", have: seq, log });
    if (this.#helloing === asked) this.#helloing = "";
    if (outcome.state === "undelivered") this.#heard(false);
  }

  /** Asks for the items before the ones that are here. */
  earlier(): Promise<Outcome> {
    const [before = ""] = this.transcript.items.keys();
    return this.do({ type: "earlier", before });
  }

  /** Asks for the sessions in which `query` occurs. */
  search(query: string): Promise<Outcome> {
    this.#query = query;
    return this.do({ type: "sessions", query });
  }

  /** Asks for files of the folder whose paths are like `query`. */
  lookFor(query: string): Promise<Outcome> {
    this.#asked = query;
    return this.do({ type: "files", query });
  }

  type(text: string): void {
    this.drafting.type(text);
    this.drafted();
  }

  /** What is unsent has changed. */
  drafted(): void {
    const text = this.drafting.draft.forget();
    if (text !== "") this.say({ level: "info", text });
    this.#emit({ type: "draft" });
  }

  say(remark: Chat["remark"]): void {
    this.remark = remark;
    this.#emit({ type: "state" });
  }

  /** Sends the draft, or puts it into the queue; `steer`: into the running turn, where that can be. */
  prompt(steer = false): Promise<void> {
    return sendDraft(this, steer);
  }

  close(): void {
    this.#stopHeartbeat();
    this.#removeSource();
    this.#fetcher.close();
    this.#lifetime.abort();
    this.#outbox.close();
    this.#listeners.clear();
  }

  #receive(content: unknown, buffers?: unknown): void {
    const { message, refused } = readInbound(content);
    if (refused > 0) this.#refuse(refused, content);
    if (!message) return;
    this.heard = Date.now() / 1000;
    this.#heard(true);
    switch (message.type) {
      case "ack":
        this.#outbox.acked(message.aid, message.error);
        break;
      case "sessions":
        // Another page of this widget may have asked for others.
        if (message.query !== this.#query) break;
        this.sessions = { query: message.query, list: message.sessions };
        this.#emit({ type: "state" });
        break;
      case "files":
        if (message.query !== this.#asked) break;
        this.files = { query: message.query, list: message.files };
        this.#emit({ type: "draft" });
        break;
      case "found":
      case "around":
        if (message.log === this.transcript.log) this.#emit({ type: "answer", answer: message });
        break;
      case "remark":
        this.say({ level: message.level, text: message.text });
        break;
      case "part":
        this.#fetcher.came(message.name, buffers);
        break;
      case "draft":
        this.drafting.give(message.text);
        this.drafted();
        break;
      default:
        this.#apply(message, refused, content);
    }
  }

  #apply(message: News, refused: number, content: unknown): void {
    const { log } = this.transcript;
    const applied = apply(this.transcript, message, refused);
    if (applied.kind === "nothing") return;
    if (applied.kind === "gap") void this.hello();
    if (applied.kind === "changed" && applied.refused > 0) this.#refuse(applied.refused, content);
    if (applied.kind === "changed") {
      this.drafting.settle();
      for (const [id, { op }] of applied.touched) {
        const item = this.transcript.items.get(id);
        if (op === "add" && item?.kind === "user") arrived(this, item.text);
      }
    }
    if (applied.kind === "replaced" && applied.another) {
      this.opened.clear();
      this.last = null;
      this.sessions = null;
      this.files = null;
      if (log !== "") this.drafting.another();
      this.drafted();
      this.#emit({ type: "state" });
    }
    if (applied.kind === "changed" || applied.kind === "replaced") this.#remember(applied);
    this.#emit({ type: "transcript", applied });
    if (applied.kind === "earlier" || this.transcript.items.size <= MOST) return;
    if ([...this.#readers].every((isDone) => isDone())) {
      this.#emit({ type: "transcript", applied: drop(this.transcript, KEPT) });
    }
  }

  #queueChanged(): void {
    const queue = this.get("queue");
    for (const { id, text } of queue) if (this.#inQueue.every((each) => each.id !== id)) arrived(this, text);
    this.#inQueue = queue;
    editLeft(this);
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

  #keyNow(): string {
    const session = this.model.get("session_id");
    // Every computer and every folder's demo counts its sessions for itself: an id alone may be another chat's too.
    return session === null ? this.model.get("uid") : `${session} ${this.model.get("cwd")}`;
  }

  #rekey(): void {
    this.drafting.rekey(this.#keyNow());
    this.drafted();
  }

  #takeOver(): void {
    const { draft } = this.drafting;
    keepDraft(draft.key);
    const isNew = this.isEmpty && this.sending.length === 0 && !this.get("read_only");
    if (isNew && isNothing(draft)) draft.write(takeLeftDraft());
    this.drafted();
  }

  #handOver(): Prompt {
    const { text, attachments } = this.drafting.draft;
    this.drafting.write(NOTHING);
    this.drafted();
    return { text, attachments };
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
