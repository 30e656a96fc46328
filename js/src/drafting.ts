/**
 * Whose unsent text is in the composer. A widget can show one session after another, and the page hears of the next one
 * in pieces: its log, its id and its folder, in any order.
 */
import { giveBack, readDraft, writeDraft } from "./drafts";

/** The unsent text of one session. */
export class Draft {
  text: string;
  /** Prompts on their way. */
  sending: string[] = [];

  constructor(public key: string) {
    this.text = readDraft(key);
  }

  write(text: string): void {
    this.text = text;
    this.save();
  }

  /** What is on its way stays in storage until it has arrived. */
  save(): void {
    writeDraft(this.key, [...this.sending, this.text].filter((text) => text !== "").join("\n\n"));
  }
}

export class Drafting {
  draft: Draft;
  /** How it was before the key changed, with what was stored under the new keys: it may be another session's key. */
  #moved: { key: string; text: string; had: Map<string, string> } | null = null;
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
    if (key === draft.key) return;
    if (this.#another) {
      this.#another = false;
      this.#leave(key);
      return;
    }
    const had = readDraft(key);
    this.#moved ??= { key: draft.key, text: draft.text, had: new Map() };
    if (!this.#moved.had.has(key)) this.#moved.had.set(key, had);
    writeDraft(draft.key, "");
    draft.key = key;
    draft.write(had === "" || had === draft.text ? draft.text : giveBack(had, draft.text));
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
    for (const [each, text] of moved.had) writeDraft(each, text);
    draft.key = moved.key;
    draft.write(moved.text);
    this.#leave(key);
  }

  /** The key is that of the conversation which is shown. */
  settle(): void {
    this.#moved = null;
    this.#another = false;
  }

  type(text: string): void {
    this.#moved = null;
    this.draft.write(text);
  }

  /** Puts a text of the kernel before what is there. */
  give(text: string): void {
    if (this.#another) {
      // It is for the next session, whose key is not known yet.
      this.#another = false;
      this.#leave(`${this.uid} next`);
    }
    this.type(giveBack(text, this.draft.text));
  }

  #leave(key: string): void {
    this.#left = [...this.#left, this.draft].filter(({ sending }) => sending.length > 0);
    this.draft = this.#left.find((draft) => draft.key === key) ?? new Draft(key);
  }
}
