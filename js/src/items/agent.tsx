/** The agent's Markdown, streamed beside a small Preact root for what does not stream. */
import { render } from "preact";
import { h } from "../dom";
import { duration, money } from "../format";
import { MarkdownStream } from "../markdown/stream";
import type { Update } from "../transcript";
import type { Surroundings } from "../view/context";
import { CopyButton } from "../view/dom";
import type { AgentItem, Turn } from "../wire";
import { Blocks } from "./blocks";
import { ForkButton } from "./fork";
import type { ItemView } from "./view";

// That it was stopped, the notice below it says.
const ENDS = { streaming: "", done: "", cancelled: "", interrupted: "Interrupted: the rest did not arrive" };

export class AgentView implements ItemView<AgentItem> {
  readonly #markdown: MarkdownStream;
  readonly #rest = h("div");

  constructor(
    item: AgentItem,
    readonly el: HTMLElement,
    private readonly around: Surroundings,
  ) {
    this.#markdown = new MarkdownStream(around);
    el.append(this.#markdown.el, this.#rest);
    if (item.text !== "") this.#markdown.push(item.text);
    this.#draw(item);
  }

  update(item: AgentItem, touch: Update): void {
    if (touch.rewritten) this.#markdown.reset(item.text);
    else if (touch.text !== "") this.#markdown.push(touch.text);
    this.#draw(item);
  }

  dispose(): void {
    this.#markdown.close();
    render(null, this.#rest);
  }

  #draw(item: AgentItem): void {
    if (item.state !== "streaming") this.#markdown.finish();
    const end = ENDS[item.state];
    render(
      <>
        <Blocks blocks={item.content} />
        {end !== "" && <div class="goose-state">{end}</div>}
        {item.state !== "streaming" && (
          <div class="goose-foot">
            {item.turn && <span class="goose-took" data-took={took(item.turn)} />}
            {item.text !== "" && <CopyButton text={item.text} label="Copy this reply, as Markdown" />}
            <ForkButton item={item} chat={this.around.chat} />
          </div>
        )}
      </>,
      this.#rest,
    );
  }
}

function took({ duration: seconds, first, rate, cost }: Turn): string {
  return [
    duration(seconds),
    first !== null && `first token ${duration(first)}`,
    rate !== null && `${rate < 10 ? rate : Math.round(rate)} tokens/s`,
    cost !== null && money(cost),
  ]
    .filter(Boolean)
    .join(" · ");
}
