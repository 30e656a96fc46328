/** The view for an item, by its kind. */
import type { ComponentType } from "preact";
import { render } from "preact";
import { h } from "../dom";
import type { Surroundings } from "../view/context";
import type { Item, NoticeItem, PlanItem, UserItem } from "../wire";
import { AgentView } from "./agent";
import { Notice } from "./notice";
import { Plan } from "./plan";
import { ThoughtView } from "./thought";
import { ToolView } from "./tool";
import { User } from "./user";
import type { ItemView } from "./view";

export function createView(item: Item, around: Surroundings): ItemView {
  const el = h("div", { class: `goose-item goose-${item.kind}`, "aria-live": "off" });
  const view = viewFor(item, el, around) as ItemView;
  label(el, item);
  return {
    el,
    update: (next, touch) => {
      label(el, next);
      view.update(next, touch);
    },
    dispose: () => view.dispose(),
  };
}

/** What tests and users' styles find an item by. */
function label(el: HTMLElement, item: Item): void {
  el.dataset.id = item.id;
  el.dataset.kind = item.kind;
  if ("status" in item) el.dataset.status = item.status;
  if ("state" in item) el.dataset.state = item.state;
}

function viewFor(item: Item, el: HTMLElement, around: Surroundings) {
  switch (item.kind) {
    case "user":
      return simple<UserItem>((props) => <User {...props} chat={around.chat} />, item, el);
    case "plan":
      return simple<PlanItem>(Plan, item, el);
    case "notice":
      return simple<NoticeItem>(Notice, item, el);
    case "agent":
      return new AgentView(item, el, around);
    case "thought":
      return new ThoughtView(item, el);
    case "tool":
      return new ToolView(item, el, around);
  }
}

/** An item without streamed parts: a Preact root of its own, so that a change draws only this item. */
function simple<I extends Item>(Body: ComponentType<{ item: I }>, item: I, el: HTMLElement): ItemView<I> {
  const draw = (next: I) => render(<Body item={next} />, el);
  draw(item);
  return { el, update: draw, dispose: () => render(null, el) };
}
