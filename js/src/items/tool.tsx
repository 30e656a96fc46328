/** A tool's card: one line that opens into arguments, live output and result. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { duration } from "../format";
import { lookUp } from "../guard";
import { partAtHand, withPart } from "../parts";
import type { Update } from "../transcript";
import type { Surroundings } from "../view/context";
import { Foreign, Revealed } from "../view/dom";
import { now, useSeconds, useSilence } from "../view/hooks";
import { Icon, type IconName, Spinner } from "../view/icons";
import type { ToolItem } from "../wire";
import { Args, changeOf, commandOf, pathOf } from "./args";
import { LateOutput, plain } from "./lateoutput";
import { isRejected, PermissionCard } from "./permission";
import { Result, wholeOutput } from "./result";
import type { ItemView } from "./view";

/** The same each time: it waits once. */
const WITHOUT_USE = () => {};

export class ToolView implements ItemView<ToolItem> {
  #output: LateOutput | null = null;
  #item: ToolItem;
  /** Its output when it has ended. */
  #all = "";

  constructor(
    item: ToolItem,
    readonly el: HTMLElement,
    private readonly around: Surroundings,
  ) {
    this.#item = item;
    // Its output, or a change of a file, is soon to be shown.
    withPart("panels", WITHOUT_USE);
    this.#draw();
  }

  update(item: ToolItem, touch: Update): void {
    const [before, shown] = [this.#item, this.#all];
    this.#item = item;
    if (item.ended !== null) this.#all = this.#whole();
    if (touch.rewritten) this.#output?.rewrite();
    else this.#output?.append(touch.output);
    if (item.ended !== null) this.#output?.settle();
    if (this.#all !== shown && this.#all !== item.output) this.#output?.rewrite();
    // The card itself need not know of more output, only of the first.
    if (touch.patched || before.output === "") this.#draw();
  }

  dispose(): void {
    this.#output?.dispose();
    render(null, this.el);
  }

  #draw(): void {
    render(<Card item={this.#item} around={this.around} output={this.#outputView} />, this.el);
  }

  #whole(): string {
    const whole = wholeOutput(this.#item, partAtHand("panels")?.terminalText ?? plain);
    return whole?.type === "text" ? whole.text : this.#item.output;
  }

  /** Made when the card is first opened: most cards never are. */
  readonly #outputView = (): LateOutput => {
    const settled = this.#item.ended !== null;
    if (!this.#output && settled) this.#all = this.#whole();
    this.#output ??= new LateOutput(() => (this.#item.ended === null ? this.#item.output : this.#all), { settled });
    return this.#output;
  };
}

const STATUS: Record<ToolItem["status"], string> = {
  pending: "Pending",
  in_progress: "Running",
  completed: "Done",
  failed: "Failed",
  cancelled: "Stopped",
  interrupted: "Interrupted",
};

export const KINDS: Record<string, IconName> = {
  execute: "terminal",
  edit: "edit",
  read: "file",
  search: "search",
  fetch: "globe",
  think: "thought",
  move: "move",
  delete: "trash",
};

/** Seconds a tool runs before its card opens by itself: short ones would only make the page jump. */
const PATIENCE = 1;

interface CardProps {
  item: ToolItem;
  around: Surroundings;
  output(): LateOutput;
}

function Card({ item, around, output }: CardProps) {
  const { opened } = around.chat;
  const [, redraw] = useState(0);
  const asking = item.permission?.state === "open";
  const running = item.status === "pending" || item.status === "in_progress";
  const silent = useSilence(around.chat, running);
  useSeconds(running && !silent);
  const open = asking || (opened.get(item.id) ?? opensItself(item, running));
  const toggle = () => {
    if (asking) return;
    opened.set(item.id, !open);
    redraw((count) => count + 1);
  };
  return (
    <>
      <button type="button" class="goose-tool-head" aria-expanded={open} aria-disabled={asking} onClick={toggle}>
        <Icon name={lookUp(KINDS, item.tool_kind) ?? (commandOf(item.input) === null ? "tool" : "terminal")} />
        <span class="goose-tool-title">
          <Revealed text={item.title || item.name || "Tool"} />
        </span>
        <Summary item={item} />
        <StatusWord item={item} asking={asking} until={item.ended ?? (silent ? around.chat.heard : now())} />
        <Icon name="chevron" />
      </button>
      {open && <Body item={item} around={around} output={output} asking={asking} />}
    </>
  );
}

function opensItself(item: ToolItem, running: boolean): boolean {
  if (running) return item.output !== "" || now() - item.started > PATIENCE;
  if (isTurnedDown(item)) return false;
  if (item.status === "failed" || item.status === "interrupted") return true;
  return changeOf(item.input) !== null || item.content.some(({ type }) => type === "image" || type === "diff");
}

/** It failed because it was not allowed to run, which is nothing to be alarmed at. */
function isTurnedDown(item: ToolItem): boolean {
  return item.status === "failed" && isRejected(item.permission);
}

/** What the tool works on, if its title does not say so. */
function Summary({ item }: { item: ToolItem }) {
  const line = (commandOf(item.input) ?? pathOf(item.input) ?? item.locations[0]?.path ?? "").split("\n", 1)[0] ?? "";
  if (line === "" || saysSo(item.title, line.trim())) return <span class="goose-tool-summary" />;
  return (
    <code class="goose-tool-summary">
      <Revealed text={line.slice(0, 200)} />
    </code>
  );
}

/** goose cuts a long command off in its title: "shell · mkdir…". The build leaves patterns as they are written. */
function saysSo(title: string, line: string): boolean {
  const start = /^[^\xb7]+ \xb7 (.+)\u2026$/.exec(title)?.[1];
  return title.includes(line) || (start !== undefined && line.startsWith(start));
}

function StatusWord({ item, asking, until }: { item: ToolItem; asking: boolean; until: number }) {
  const seconds = until - item.started;
  const rejected = isTurnedDown(item);
  return (
    <span class={rejected ? "goose-tool-status goose-neutral" : "goose-tool-status"}>
      {asking ? <Icon name="question" /> : <Mark status={item.status} />}
      <span class="goose-tool-word">{asking ? "Waiting for you" : rejected ? "Rejected" : STATUS[item.status]}</span>
      {!asking && seconds >= 0.05 && <span class="goose-tool-time">{duration(seconds)}</span>}
    </span>
  );
}

function Mark({ status }: { status: ToolItem["status"] }) {
  if (status === "in_progress" || status === "pending") return <Spinner />;
  return <Icon name={status === "completed" ? "check" : status === "failed" ? "cross" : "stop"} />;
}

function Body({ item, around, output, asking }: CardProps & { asking: boolean }) {
  return (
    <div class="goose-tool-body">
      {item.permission && <PermissionCard item={item} permission={item.permission} around={around} />}
      {!asking && (
        <>
          {!item.content.some((block) => block.type === "diff") && <Args input={item.input} />}
          {item.output !== "" && <Output output={output()} />}
          {item.truncated && <div class="goose-muted">goose left out some of the output.</div>}
          <Result item={item} />
        </>
      )}
    </div>
  );
}

function Output({ output }: { output: LateOutput }) {
  useEffect(() => output.ask());
  // A new card gets its height only when it is in the document.
  useEffect(() => output.toBottom(), [output]);
  return <Foreign node={output.el} />;
}
