/** Finished tool calls of one kind in a row are one line, which opens into their cards. */
import { render } from "preact";
import type { Chat } from "../chat";
import { h } from "../dom";
import { duration } from "../format";
import { changeOf, commandOf, pathOf } from "../items/args";
import { KINDS } from "../items/tool";
import type { Item, ToolItem } from "../wire";
import { Icon } from "./icons";

/** Fewer than this are no group. */
const FEW = 3;

const WORDS: Record<string, [verb: string, things: string]> = {
  execute: ["Ran", "commands"],
  read: ["Read", "files"],
  edit: ["Edited", "files"],
  search: ["Searched", "times"],
  fetch: ["Fetched", "pages"],
  move: ["Moved", "files"],
  delete: ["Deleted", "files"],
  other: ["Used", "tools"],
};

/** What a call does, also where the server does not say so, as goose. */
function kindOf({ tool_kind, name, input }: ToolItem): string {
  if (tool_kind !== "other" && Object.hasOwn(WORDS, tool_kind)) return tool_kind;
  if (changeOf(input) !== null) return "edit";
  const path = pathOf(input);
  if (path === null) return commandOf(input) === null ? "other" : "execute";
  return /read|view|cat/.test(`${name} ${commandOf(input)}`) ? "read" : "other";
}

/** The kind of a call that may be in a group. One with a picture is there to be seen. */
function groupable(item: Item | undefined): string | null {
  if (item?.kind !== "tool" || (item.status !== "completed" && item.status !== "failed")) return null;
  if (item.permission?.state === "open" || item.content.some(({ type }) => type === "image")) return null;
  return kindOf(item);
}

interface Group {
  el: HTMLElement;
  members: string[];
  kind: string;
  /** Cards that the reader was busy with when they joined; they stay until he closes the group. */
  kept: Set<string>;
}

export class Groups {
  #groups = new Map<string, Group>();

  constructor(private readonly chat: Chat) {}

  /** Groups the drawn items anew; `elOf` gives the element of one. */
  update(ids: string[], items: ReadonlyMap<string, Item>, elOf: (id: string) => HTMLElement | undefined): void {
    const old = this.#groups;
    this.#groups = new Map();
    for (let start = 0; start < ids.length; ) {
      const kind = groupable(items.get(ids[start] ?? ""));
      let end = start + 1;
      while (kind !== null && end < ids.length && groupable(items.get(ids[end] ?? "")) === kind) end += 1;
      if (kind !== null && end - start >= FEW) this.#put(ids.slice(start, end), kind, old, items, elOf);
      start = end;
    }
    const used = new Set(this.#groups.values());
    for (const [id, group] of old) {
      if (!this.#groups.has(id)) elOf(id)?.classList.remove("goose-member", "goose-folded");
      if (!used.has(group)) dispose(group);
    }
  }

  /** Opens the group of an item. */
  open(id: string): void {
    const group = this.#groups.get(id);
    if (group && !this.#isOpen(group)) group.el.querySelector("button")?.click();
  }

  clear(): void {
    new Set(this.#groups.values()).forEach(dispose);
    this.#groups.clear();
  }

  #put(
    members: string[],
    kind: string,
    old: ReadonlyMap<string, Group>,
    items: ReadonlyMap<string, Item>,
    elOf: (id: string) => HTMLElement | undefined,
  ): void {
    const known = members.map((id) => old.get(id)).find((group) => group && !this.#groups.has(group.members[0] ?? ""));
    const group = known ?? { el: h("div", { class: "goose-tool goose-group" }), members, kind, kept: new Set() };
    for (const id of members) {
      if (old.get(id) === group) continue;
      if (this.chat.opened.get(id) || elOf(id)?.querySelector(":focus")) group.kept.add(id);
    }
    Object.assign(group, { members, kind });
    for (const id of members) this.#groups.set(id, group);
    const first = elOf(members[0] ?? "");
    if (first && group.el.nextSibling !== first) first.before(group.el);
    this.#draw(group, items, elOf);
  }

  #isOpen({ members }: Group): boolean {
    return members.some((id) => this.chat.opened.get(`group ${id}`));
  }

  #draw(group: Group, items: ReadonlyMap<string, Item>, elOf: (id: string) => HTMLElement | undefined): void {
    const { el, members, kind, kept } = group;
    const open = this.#isOpen(group);
    const calls = members.map((id) => items.get(id)).filter((item) => item?.kind === "tool");
    for (const { id, status } of calls) {
      const classes = elOf(id)?.classList;
      classes?.add("goose-member");
      classes?.toggle("goose-folded", !open && status === "completed" && !kept.has(id));
    }
    const toggle = () => {
      // For each of them: the first and the last may be others next time.
      for (const id of members) this.chat.opened.set(`group ${id}`, !open);
      kept.clear();
      this.#draw(group, items, elOf);
    };
    const failed = calls.filter(({ status }) => status === "failed").length;
    const seconds = calls.reduce((sum, { started, ended }) => sum + ((ended ?? started) - started), 0);
    const [verb, things] = WORDS[kind] ?? [];
    render(
      <button type="button" class="goose-tool-head" aria-expanded={open} onClick={toggle}>
        <Icon name={KINDS[kind] ?? "tool"} />
        <span class="goose-tool-title">
          {verb} {calls.length} {things}
        </span>
        <span class="goose-tool-summary" />
        <span class="goose-tool-status">
          {failed > 0 ? <span class="goose-group-failed">{failed} failed</span> : <Icon name="check" />}
          {seconds >= 0.05 && <span class="goose-tool-time">{duration(seconds)}</span>}
        </span>
        <Icon name="chevron" />
      </button>,
      el,
    );
  }
}

function dispose({ el }: Group): void {
  render(null, el);
  el.remove();
}
