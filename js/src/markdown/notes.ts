/** Footnotes at the end of a message, numbered in the order in which the text refers to them, with ways back. */
import { h } from "../dom";
import type { Footnote } from "./footnotes";
import { morph } from "./morph";
import { type RenderOptions, renderBlocks } from "./render";

interface Note {
  item: HTMLElement;
  content: HTMLElement;
  back: HTMLElement;
  /** Its text is final, and so is that it is the first with this label. */
  isSettled: boolean;
}

export class Notes {
  readonly #list = h("ol");
  readonly el = h("section", { class: "goose-notes", "aria-label": "Footnotes" }, this.#list);
  readonly #notes = new Map<string, Note>();
  #numbers = new Map<string, number>();
  #drawn = new Set<string>();
  /** What was drawn refers to a footnote, or is one; or did so before. */
  #isTouched = false;
  #wasTouched = false;

  constructor(private readonly message: HTMLElement) {
    message.addEventListener("click", ({ target }) => {
      const button = (target as Element).closest<HTMLElement>("[data-note], [data-back]");
      if (!button || !message.contains(button)) return;
      const { note, back } = button.dataset;
      const item = this.#notes.get(note ?? "")?.item;
      const shown = item ?? this.#references()[Number(back)];
      // Its own address would be the notebook's.
      shown?.scrollIntoView({ block: "nearest" });
      shown?.focus({ preventScroll: true });
    });
  }

  /** Draws, with all footnotes that the text has now. */
  around(draw: () => void): void {
    this.#drawn = new Set();
    draw();
    for (const [label, note] of this.#notes) {
      if (note.isSettled || this.#drawn.has(label)) continue;
      note.item.remove();
      this.#notes.delete(label);
      this.#isTouched = true;
    }
    if (this.#isTouched || this.#wasTouched) this.#arrange();
    this.#wasTouched = this.#isTouched;
    this.#isTouched = false;
  }

  show({ label, tokens }: Footnote, options: RenderOptions): void {
    const note = this.#notes.get(label) ?? createNote();
    if (note.isSettled || this.#drawn.has(label)) return;
    this.#notes.set(label, note);
    this.#drawn.add(label);
    this.#isTouched = true;
    morph(note.content, null, renderBlocks(tokens, options));
  }

  settle(label: string): void {
    const note = this.#notes.get(label);
    if (note) note.isSettled = true;
  }

  /** Those that nothing refers to so far. */
  hidden(): HTMLElement[] {
    return Array.from(this.#notes.values(), ({ item }) => item).filter((item) => !this.message.contains(item));
  }

  clear(): void {
    this.#notes.clear();
    this.#numbers.clear();
    this.#list.replaceChildren();
  }

  number(label: string): number | undefined {
    this.#isTouched = true;
    return this.#numbers.get(label);
  }

  /** All mentions: those in the text, then those in the footnotes that are mentioned. */
  #references(): HTMLElement[] {
    const within = (el: HTMLElement) => Array.from(el.querySelectorAll<HTMLElement>("[data-note]"));
    const found = within(this.message).filter((reference) => !this.el.contains(reference));
    const labels = new Set<string>();
    for (const { dataset } of found) {
      const label = dataset.note ?? "";
      const note = labels.has(label) ? undefined : this.#notes.get(label);
      labels.add(label);
      if (note) found.push(...within(note.content));
    }
    return found;
  }

  #arrange(): void {
    this.#numbers = new Map();
    const back = new Map<string, HTMLElement[]>();
    for (const [index, reference] of this.#references().entries()) {
      const label = reference.dataset.note ?? "";
      const number = this.#numbers.get(label) ?? this.#numbers.size + 1;
      this.#numbers.set(label, number);
      const text = String(number);
      if (reference.textContent !== text) reference.textContent = text;
      const name = { "data-back": String(index), "aria-label": `Back to where footnote ${text} is mentioned` };
      back.set(label, [...(back.get(label) ?? []), h("button", { type: "button", ...name }, "↩")]);
    }
    const notes: HTMLElement[] = [];
    for (const label of this.#numbers.keys()) {
      const note = this.#notes.get(label);
      if (!note) continue;
      morph(note.back, null, back.get(label) ?? []);
      notes.push(note.item);
    }
    if (notes.some((note, index) => this.#list.children[index] !== note) || notes.length < this.#list.children.length) {
      this.#list.replaceChildren(...notes);
    }
    if (notes.length === 0) this.el.remove();
    else if (!this.el.parentNode) this.message.append(this.el);
  }
}

function createNote(): Note {
  const content = h("div");
  const back = h("span", { class: "goose-back" });
  return { item: h("li", { tabindex: "-1" }, content, back), content, back, isSettled: false };
}
