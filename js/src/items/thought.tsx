/** What goose thinks: closed until opened, plain text. */
import { render } from "preact";
import { h } from "../dom";
import { duration } from "../format";
import { TextStream } from "../textstream";
import type { Update } from "../transcript";
import { Icon, Spinner } from "../view/icons";
import type { ThoughtItem } from "../wire";
import type { ItemView } from "./view";

export class ThoughtView implements ItemView<ThoughtItem> {
  readonly #text = new TextStream();
  readonly #summary = h("summary");

  constructor(
    item: ThoughtItem,
    readonly el: HTMLElement,
  ) {
    el.append(h("details", {}, this.#summary, h("div", { class: "goose-thinking" }, this.#text.el)));
    this.#text.append(item.text);
    this.#draw(item);
  }

  update(item: ThoughtItem, touch: Update): void {
    if (touch.rewritten) {
      this.#text.clear();
      this.#text.append(item.text);
    } else this.#text.append(touch.text);
    this.#draw(item);
  }

  dispose(): void {
    render(null, this.#summary);
  }

  #draw({ started, ended }: ThoughtItem): void {
    const seconds = (ended ?? started) - started;
    // In a history that was fetched nothing takes any time.
    const label =
      ended === null ? "goose is thinking…" : seconds < 0.05 ? "Thought" : `Thought for ${duration(seconds)}`;
    render(
      <>
        {ended === null ? <Spinner /> : <Icon name="thought" />}
        <span>{label}</span>
        <Icon name="chevron" />
      </>,
      this.#summary,
    );
  }
}
