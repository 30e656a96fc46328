/** Why the chat can't go on, and the buttons that may help. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Chat, sorry } from "../chat";
import type { Action } from "../wire";
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
      <Ways chat={chat} ways={NOW} />
    </div>
  );
}

interface Way {
  label: string;
  action: Action;
}

const RETRY: Way = { label: "Retry", action: { type: "retry" } };
const NOW: Way[] = [{ ...RETRY, label: "Reconnect now" }];

/** A button for each way on. `first`: the first one leads on at once, the others after something else was done. */
function Ways({ chat, ways, first = false }: { chat: Chat; ways: Way[]; first?: boolean }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const el = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => keepFocus(el.current), []);
  const go = async ({ label, action }: Way) => {
    if (busy) return;
    setBusy(true);
    setFailure("");
    const outcome = await chat.do(action);
    setBusy(false);
    if (outcome.state !== "done") setFailure(sorry(`“${label}” did not work`, outcome));
  };
  if (ways.length === 0) return null;
  return (
    <div class="goose-ways" ref={el}>
      {ways.map((way, index) => (
        <button
          type="button"
          class={first && index === 0 ? "goose-button goose-primary" : "goose-button"}
          aria-disabled={busy}
          onClick={() => go(way)}
        >
          {way.label}
        </button>
      ))}
      <div class="goose-failure">{failure}</div>
    </div>
  );
}

/** The banner goes when a button has helped, and with the focus on the page's body the keyboard would be the notebook's. */
function keepFocus(el: HTMLElement | null): () => void {
  return () => {
    if (el?.querySelector(":focus")) {
      el.closest(".goose-widget")?.querySelector("textarea")?.focus({ preventScroll: true });
    }
  };
}
