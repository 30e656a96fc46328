/**
 * Whose unsent text is in the composer. A widget can show one session after another, and the page hears of the next one
 * in pieces: its log, its id and its folder, in any order.
 */
import { giveBack, NOTHING, type Prompt, readDraft, writeDraft } from "./drafts";
import type { Attachment } from "./wire";

/** A prompt on its way. `queued`: it goes into the queue, and not into the conversation at once. */
export interface Sent extends Prompt {
  queued: boolean;
  /** It is shown where it went, and the ack is still to come. */
  arrived?: boolean;
}

/** A prompt of the queue with another text, which is not saved yet. */
export interface Edit {
  id: string;
  before: string;
  text: string;
  /** It is on its way. */
  saving: boolean;
}

/** What is unsent in one session. */
export class Draft implements Prompt {
  text = "";
  attachments: Attachment[] = [];
  sending: Sent[] = [];
  edit: Edit | null = null;
  /** The prompt of the history that is shown in place of the text. */
  recalled: string | null = null;
  /** How far back that is. */
  back = 0;
  /** Texts that were left for a prompt of the history which was then changed, newest first. */
  aside: string[] = [];

  constructor(public key: string) {
    Object.assign(this, readDraft(key));
  }

  write({ text, attachments }: Prompt): void {
    Object.assign(this, { text, attachments });
    this.save();
  }

  /** Lets go of attachments that are lost, and returns a sentence about them, "" if there are none. */
  forget(): string {
    const { text, attachments } = this;
    const gone = attachments.filter(({ data }) => data === "").map(({ name }) => name);
    if (gone.length === 0) return "";
    this.write({ text, attachments: attachments.filter(({ data }) => data !== "") });
    const [were, are, them] = gone.length === 1 ? ["was", "is", "it"] : ["were", "are", "them"];
    return `${gone.join(", ")} ${were} attached to your draft and ${are} no longer here: attach ${them} again.`;
  }

  /** What is on its way stays in storage until it has arrived. */
  save(): void {
    const { edit } = this;
    const edited = edit && edit.text !== edit.before ? edit.text : "";
    const all = [...this.sending, { text: edited, attachments: [] }, this];
    writeDraft(
      this.key,
      all.reduceRight((rest, each) => giveBack(each, rest), NOTHING),
    );
  }
}

export class Drafting {
  draft: Draft;
  /** How it was before the key changed, with what was stored under the new keys: it may be another session's key. */
  #moved: (Prompt & { key: string; had: Map<string, Prompt> }) | null = null;
  /** Another conversation is shown, and the key is still that of the one before. */
  #another = false;
  #left: Draft[] = [];

  constructor(
    key: string,
    private readonly uid: string,
  ) {
    this.draft = new Draft(key);
  }

  /** The session's id or folder changed: the same session has got its own, unless another one is shown. */
  rekey(key: string): void {
    const { draft } = this;
    const { text, attachments } = draft;
    if (key === draft.key) return;
    if (this.#another) {
      this.#another = false;
      this.#leave(key);
      return;
    }
    const had = readDraft(key);
    this.#moved ??= { key: draft.key, text, attachments, had: new Map() };
    if (!this.#moved.had.has(key)) this.#moved.had.set(key, had);
    writeDraft(draft.key, NOTHING);
    draft.key = key;
    draft.write(giveBack(had.text === text ? { ...had, text: "" } : had, draft));
  }

  /** The log is that of another conversation; its key was heard of before, or comes next. */
  another(): void {
    const { draft } = this;
    const moved = this.#moved;
    this.#moved = null;
    if (!moved) {
      this.#another = true;
      return;
    }
    const { key } = draft;
    for (const [each, prompt] of moved.had) writeDraft(each, prompt);
    draft.key = moved.key;
    draft.write(moved);
    this.#leave(key);
  }

  /** The key is that of the conversation which is shown. */
  settle(): void {
    this.#moved = null;
    this.#another = false;
  }

  /** Changes what is unsent. */
  write(prompt: Prompt): void {
    this.#moved = null;
    this.draft.write(prompt);
  }

  /** A text of the history that is changed becomes the unsent text, and the one before it is in the history then. */
  type(text: string): void {
    const { draft } = this;
    if (draft.recalled !== null && draft.text !== "") draft.aside = [draft.text, ...draft.aside];
    Object.assign(draft, { recalled: null, back: 0 });
    this.write({ text, attachments: draft.attachments });
  }

  /** Puts a text of the kernel before what is there. */
  give(text: string): void {
    if (this.#another) {
      // It is for the next session, whose key is not known yet.
      this.#another = false;
      this.#leave(`${this.uid} next`);
    }
    Object.assign(this.draft, { recalled: null, back: 0 });
    this.write(giveBack({ text, attachments: [] }, this.draft));
  }

  #leave(key: string): void {
    this.#left = [...this.#left, this.draft].filter(({ sending }) => sending.length > 0);
    this.draft = this.#left.find((draft) => draft.key === key) ?? new Draft(key);
  }
}
