/** Why the chat can't go on, and the buttons that may help. */
import type { Chat } from "../chat";
import { Markdown } from "./dom";
import { now, useSeconds } from "./hooks";
import { Icon } from "./icons";
import { secondsToRetry } from "./state";
import { type Way, Ways } from "./ways";

export function Banners({ chat }: { chat: Chat }) {
  const unsaved = chat.get("unsaved");
  return (
    <div class="goose-banners">
      {unsaved !== "" && (
        <div class="goose-banner goose-error" role="alert">
          <Icon name="warning" />
          <div>
            <b>{unsaved}</b> It goes on in memory and is saved as soon as that works again.
          </div>
        </div>
      )}
      <div role="status">
        {chat.silent && (
          <div class="goose-banner goose-warning">
            <Icon name="warning" />
            <div>{whySilent(chat)}</div>
          </div>
        )}
        {chat.get("status") === "reconnecting" && <Reconnect chat={chat} />}
        <ProblemBanner chat={chat} />
      </div>
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
  const { offers } = problem;
  const ways = offers.map(({ id, label }): Way => ({ label, action: { type: "accept", offer: id } }));
  if (problem.retry) ways.push(RETRY);
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
      <Ways chat={chat} ways={ways} first={offers.length > 0} />
    </div>
  );
}

function Reconnect({ chat }: { chat: Chat }) {
  const reconnect = chat.get("reconnect");
  useSeconds(true);
  const seconds = secondsToRetry(chat, now());
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
      <Ways chat={chat} ways={NOW} />
    </div>
  );
}

const RETRY: Way = { label: "Retry", action: { type: "retry" } };
const NOW: Way[] = [{ ...RETRY, label: "Reconnect now" }];
