/** The question inside a tool's card: what exactly would be run, where, and one button for each answer. */
import { useState } from "preact/hooks";
import { sorry } from "../chat";
import { lookUp } from "../guard";
import { revealed } from "../hidden";
import type { Surroundings } from "../view/context";
import { Revealed } from "../view/dom";
import { useUnique } from "../view/hooks";
import { Icon } from "../view/icons";
import type { Block, Permission, PermissionOption, ToolItem } from "../wire";
import { Args, changeOf } from "./args";
import { Changed } from "./change";

const NAMES: Record<string, string> = {
  allow_once: "Allow once",
  allow_always: "Allow always",
  reject_once: "Reject once",
  reject_always: "Reject always",
};
const ANSWERED: Record<string, string> = {
  allow_once: "Allowed once",
  allow_always: "Always allowed",
  reject_once: "Rejected once",
  reject_always: "Always rejected",
};
const BY: Record<string, string> = {
  user: "by you",
  code: "by code",
  policy: "by the chat's on_permission",
  recording: "in the recording",
};

interface Props {
  item: ToolItem;
  permission: Permission;
  around: Surroundings;
}

export function PermissionCard({ item, permission, around }: Props) {
  const [sent, setSent] = useState<string | null>(null);
  const [failure, setFailure] = useState("");
  const id = useUnique();
  if (permission.state !== "open") return <Answer permission={permission} />;
  const answer = async (option: string, button: HTMLElement) => {
    keepFocus(button);
    setSent(option);
    setFailure("");
    const outcome = await around.chat.do({ type: "answer", request: permission.request, option });
    if (outcome.state === "done") return;
    setSent(null);
    setFailure(sorry("Your answer was not delivered", outcome));
  };
  const change = changeOf(item.input);
  const diffs = item.content.filter((block): block is Block & { type: "diff" } => block.type === "diff");
  return (
    <section class="goose-permission" aria-label="Permission">
      <div class="goose-ask">
        <Icon name="question" />
        <span>
          goose asks to {change?.verb ?? (diffs.length > 0 || item.tool_kind === "edit" ? "change a file" : "run")}:{" "}
          <b>
            <Revealed text={toolName(item)} />
          </b>
        </span>
      </div>
      {item.content.map(
        (block) =>
          block.type === "text" && (
            <div class="goose-plain">
              <Revealed text={block.text} />
            </div>
          ),
      )}
      {diffs.map((block) => (
        <Changed path={block.path} before={block.old} after={block.new} whole />
      ))}
      <Args input={item.input} whole />
      <div class="goose-where">
        in folder{" "}
        <code>
          <Revealed text={permission.cwd} />
        </code>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings its own layout. */}
      <div class="goose-options" role="group" aria-label="Answer">
        {inOrder(permission.options).map((option) => (
          <button
            type="button"
            class={`goose-button ${look(option.kind)}`}
            disabled={sent !== null}
            title={revealed(option.name)}
            aria-describedby={isAlways(option) ? id : undefined}
            onClick={(event) => answer(option.id, event.currentTarget)}
          >
            {optionName(option)}
          </button>
        ))}
      </div>
      {permission.options.some(isAlways) && (
        <div id={id} class="goose-where">
          “Always” holds for every use of{" "}
          <b>
            <Revealed text={item.name || "this tool"} />
          </b>
          , whatever its arguments, {keptBy(around.chat.get("server"))}.
        </div>
      )}
      <div class="goose-failure" role="status">
        {failure}
      </div>
    </section>
  );
}

/** Where, and until when: each server keeps such an answer in its own way. */
function keptBy(server: string) {
  if (/^goose \S+-demo,/.test(server)) return "in this session of the demo, until its mode changes";
  if (!/^goose \d/.test(server)) return "for as long as the server keeps it";
  return (
    <>
      in all sessions of this goose, until you change it with <code>goose configure</code>
    </>
  );
}

/**
 * The buttons are about to go. With the focus on the page's body the keyboard would be the notebook's, where a key or two
 * delete a cell; so it stays in the card.
 */
function keepFocus(button: HTMLElement): void {
  button.closest(".goose-tool")?.querySelector<HTMLElement>(".goose-tool-head")?.focus({ preventScroll: true });
}

function Answer({ permission }: { permission: Permission }) {
  const option = permission.options.find(({ id }) => id === permission.option);
  const rejected = isRejected(permission);
  const isVoid = permission.state === "void";
  const what = isVoid ? "No longer asked" : option ? (lookUp(ANSWERED, option.kind) ?? `“${option.name}”`) : "Answered";
  return (
    <div class={`goose-answer${isVoid ? " goose-warning" : rejected ? " goose-rejected" : ""}`}>
      <Icon name={isVoid ? "warning" : rejected ? "cross" : "check"} />
      <span>
        {[what, lookUp(BY, permission.by)].filter(Boolean).join(" ")}
        {permission.note !== "" && `: ${permission.note}`}
      </span>
    </div>
  );
}

export function isRejected(permission: Permission | null): boolean {
  if (permission?.state !== "answered") return false;
  return permission.options.some(({ id, kind }) => id === permission.option && kind.startsWith("reject"));
}

/** The four kinds have the same name everywhere, whatever a server calls them. */
export function optionName(option: PermissionOption): string {
  return lookUp(NAMES, option.kind) ?? (revealed(option.name) || revealed(option.id));
}

/** The harmless first, whatever a server's order is; kinds that are not known last. */
function inOrder(options: PermissionOption[]): PermissionOption[] {
  const kinds = Object.keys(NAMES);
  const rank = ({ kind }: PermissionOption) => (kinds.includes(kind) ? kinds.indexOf(kind) : kinds.length);
  return [...options].sort((a, b) => rank(a) - rank(b));
}

function isAlways({ kind }: PermissionOption): boolean {
  return kind.endsWith("_always");
}

function look(kind: string): string {
  return kind.startsWith("reject") ? "goose-reject" : kind === "allow_once" ? "goose-primary" : "";
}

export function toolName(item: ToolItem): string {
  const name = item.name || item.title || "a tool";
  return item.extension === "" ? name : `${name} (${item.extension})`;
}
