/** Status, title and id of the session, mode, model and use of the context. */
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { type Chat, sorry } from "../chat";
import { money, tokens } from "../format";
import type { Choice, Traits } from "../wire";
import { CopyButton } from "./dom";
import { FindButton } from "./finding";
import { now, useSeconds } from "./hooks";
import { Sessions } from "./sessions";
import { asks, questions, stateOf } from "./state";

/** How the session came here: a word and its meaning. */
const RESUMED: Record<Traits["resumed"], [word: string, meaning: string] | null> = {
  "": null,
  attached: ["resumed", "The server still had this session; it goes on there."],
  restored: [
    "restored",
    "Brought back from the file beside the notebook into this server; the agent remembers the conversation.",
  ],
  "read-only": null, // the state says it
};

interface HeaderProps {
  chat: Chat;
  onShow(id: string): void;
}

export function Header({ chat, onShow }: HeaderProps) {
  useSeconds(chat.get("status") === "reconnecting");
  const [state, words] = stateOf(chat, now());
  const resumed = RESUMED[chat.get("resumed")];
  const session = chat.get("session_id");
  const title = chat.get("title") || "New chat";
  const modes = chat.get("modes");
  // A server with one mode, as goose web, leaves nothing to choose.
  const only = modes.length === 1 && modes[0]?.id === chat.get("mode") ? modes[0] : null;
  return (
    <header class="goose-header">
      <span class="goose-status" data-status={state} title={chat.get("server")}>
        <span class="goose-dot" aria-hidden="true" />
        {words}
      </span>
      {asks(chat) && <Questions chat={chat} onShow={onShow} />}
      <span class="goose-title" dir="auto" title={title}>
        {title}
      </span>
      {session !== null && (
        <span class="goose-session">
          <code title="Session id">{session}</code>
          <CopyButton text={session} label="Copy session id" />
          {resumed && (
            <span class="goose-tag" title={resumed[1]}>
              {resumed[0]}
            </span>
          )}
        </span>
      )}
      <span class="goose-spacer" />
      {only ? (
        <span class="goose-only" title={`Mode: ${only.description || only.name}`}>
          <span class="goose-sr">Mode: </span>
          {only.name || only.id}
        </span>
      ) : (
        <Picker chat={chat} label="Mode" value={chat.get("mode")} choices={modes} type="set_mode" />
      )}
      <Picker chat={chat} label="Model" value={chat.get("model")} choices={chat.get("models")} type="set_model" />
      <Usage usage={chat.get("usage")} />
      <FindButton />
      <Sessions chat={chat} />
    </header>
  );
}

/** How many questions wait; brings the first one into sight. */
function Questions({ chat, onShow }: HeaderProps) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => chat.subscribe(() => redraw(undefined)), [chat]);
  const [first, ...more] = questions(chat.transcript.items);
  return first ? <Badge count={1 + more.length} onClick={() => onShow(first.id)} /> : null;
}

function Badge({ count, onClick }: { count: number; onClick(): void }) {
  const button = useRef<HTMLButtonElement>(null);
  // It goes when the question is answered; the keyboard stays in the chat.
  useLayoutEffect(() => {
    const it = button.current;
    return () => {
      if (it?.matches(":focus")) it.closest(".goose-widget")?.querySelector<HTMLElement>(".goose-log")?.focus();
    };
  }, []);
  return (
    <button ref={button} type="button" class="goose-badge" title="Show the question" onClick={onClick}>
      {count === 1 ? "1 question" : `${count} questions`}
    </button>
  );
}

interface PickerProps {
  chat: Chat;
  label: string;
  value: string;
  choices: Choice[];
  type: "set_mode" | "set_model";
}

function Picker({ chat, label, value, choices, type }: PickerProps) {
  const [chosen, choose] = useState<string | null>(null);
  if (choices.length === 0 && value === "") return null;
  const change = async (next: string) => {
    choose(next);
    const outcome = await chat.do({ type, value: next });
    choose(null);
    if (outcome.state !== "done") {
      chat.say({ level: "error", text: sorry(`The ${label.toLowerCase()} was not changed`, outcome) });
    }
  };
  const known = choices.some((choice) => choice.id === value);
  const current = choices.find((choice) => choice.id === (chosen ?? value));
  return (
    <label class="goose-picker">
      <span class="goose-sr">{label}</span>
      <select
        value={chosen ?? value}
        title={[label, current?.description].filter(Boolean).join(": ")}
        disabled={chat.silent || chat.get("read_only") || choices.length === 0}
        onChange={(event) => change(event.currentTarget.value)}
      >
        {!known && <option value={value}>{value}</option>}
        {choices.map((choice) => (
          <option value={choice.id} title={choice.description}>
            {choice.name || choice.id}
          </option>
        ))}
      </select>
    </label>
  );
}

function Usage({ usage }: { usage: Traits["usage"] }) {
  const { used, size } = usage;
  if (used === undefined) return null;
  const exact = (count: number) => count.toLocaleString("en");
  const lines = [
    size ? `${exact(used)} of ${exact(size)} tokens in the context` : `${exact(used)} tokens in the context`,
    usage.input_tokens !== undefined &&
      `Last turn: ${exact(usage.input_tokens)} in, ${exact(usage.output_tokens ?? 0)} out`,
    usage.cost !== undefined && `Cost: ${money(usage.cost)}`,
  ];
  const share = size ? Math.min(1, used / size) : 0;
  return (
    <span class="goose-usage" title={lines.filter(Boolean).join("\n")}>
      {size ? (
        <span class="goose-meter" aria-hidden="true" data-full={share > 0.8}>
          <span style={{ width: `${share * 100}%` }} />
        </span>
      ) : null}
      {tokens(used)}
      {size ? ` / ${tokens(size)}` : " tokens"}
    </span>
  );
}
