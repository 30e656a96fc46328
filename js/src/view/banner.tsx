/** Why the chat can't go on, and the button that may help. */
import { useState } from "preact/hooks";
import { type Chat, sorry } from "../chat";
import { Markdown } from "./dom";
import { now, useSeconds } from "./hooks";
import { Icon } from "./icons";

export function Banners({ chat }: { chat: Chat }) {
  return (
    <div class="goose-banners" role="status">
      {chat.silent && (
        <div class="goose-banner goose-warning">
          <Icon name="warning" />
          <div>{whySilent(chat)}</div>
        </div>
      )}
      {chat.get("status") === "reconnecting" && <Reconnect chat={chat} />}
      <ProblemBanner chat={chat} />
    </div>
  );
}

function whySilent(chat: Chat): string {
  if (!chat.restarted) {
    return "The kernel does not answer. It may be busy, or it was restarted; if it was, run the cell again.";
  }
  const session = chat.get("session_id");
  const back = session === null ? "" : `; GooseChat("${session}") brings this conversation back`;
  return `The kernel was restarted. Run the cell again${back}.`;
}

function ProblemBanner({ chat }: { chat: Chat }) {
  const problem = chat.get("problem");
  if (!problem) return null;
  return (
    <div class="goose-banner goose-error" data-problem={problem.code}>
      <Icon name="warning" />
      <div>
        <b>{problem.title}</b>
        <Markdown text={problem.text} />
        {problem.detail !== "" && (
          <details>
            <summary>Details</summary>
            <pre>{problem.detail}</pre>
          </details>
        )}
      </div>
      {problem.retry && <RetryButton chat={chat} label="Retry" />}
    </div>
  );
}

function Reconnect({ chat }: { chat: Chat }) {
  const reconnect = chat.get("reconnect");
  useSeconds(true);
  const seconds = reconnect ? Math.ceil(reconnect.retry_at - now()) : 0;
  return (
    <div class="goose-banner goose-warning">
      <Icon name="clock" />
      <div>
        <b>The connection to goose was lost.</b>{" "}
        {reconnect && (
          <>
            {reconnect.reason !== "" && <span>{reconnect.reason} </span>}
            <span aria-live="off">
              Attempt {reconnect.attempt}
              {seconds > 0 ? ` in ${seconds} s.` : "…"}
            </span>
          </>
        )}
      </div>
      <RetryButton chat={chat} label="Reconnect now" />
    </div>
  );
}

function RetryButton({ chat, label }: { chat: Chat; label: string }) {
  const [busy, setBusy] = useState(false);
  const retry = async () => {
    setBusy(true);
    const outcome = await chat.do({ type: "retry" });
    setBusy(false);
    if (outcome.state !== "done") chat.say({ level: "error", text: sorry("goose was not reached", outcome) });
  };
  return (
    <button type="button" class="goose-button" disabled={busy} onClick={retry}>
      {label}
    </button>
  );
}
