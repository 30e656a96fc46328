/** The end of the log: what goose is doing when nothing streams, what was asked, and prompts on their way. */
import type { Chat } from "../chat";
import { clock, duration } from "../format";
import type { Item } from "../wire";
import { now, useSeconds } from "./hooks";
import { Icon, Spinner } from "./icons";
import { asks, questions } from "./state";
import { type Way, Ways } from "./ways";

interface Props {
  chat: Chat;
  onShow(id: string): void;
}

export function Tail({ chat, onShow }: Props) {
  const { items } = chat.transcript;
  const status = chat.get("status");
  const sending = chat.sending.filter(({ queued }) => !queued);
  return (
    <>
      {chat.isEmpty && sending.length === 0 && status === "ready" && <Welcome cwd={chat.get("cwd")} />}
      {sending.map(({ text, attachments }) => (
        <div class="goose-item goose-user goose-sending">
          <div class="goose-bubble">
            <div class="goose-plain" dir="auto">
              {text}
            </div>
            {attachments.length > 0 && <div class="goose-muted">{attachments.map(({ name }) => name).join(", ")}</div>}
            <div class="goose-state">Sending…</div>
          </div>
        </div>
      ))}
      {status === "ready" && <Interrupted chat={chat} />}
      {asks(chat) && <Asking items={items} onShow={onShow} />}
      {status === "running" && !chat.silent && <Activity last={chat.last} since={chat.lastChange} />}
    </>
  );
}

function Welcome({ cwd }: { cwd: string }) {
  return (
    <div class="goose-welcome">
      <p>Ask goose to look at data, write code or run commands.</p>
      {cwd !== "" && (
        <p class="goose-muted">
          It works in <code>{cwd}</code>.
        </p>
      )}
    </div>
  );
}

const CONTINUE: Way = { label: "Continue", action: { type: "continue" } };
const AGAIN: Way = { label: "Retry", action: { type: "again" } };

function Interrupted({ chat }: { chat: Chat }) {
  const interrupted = chat.get("interrupted");
  if (!interrupted || chat.sending.length > 0) return null;
  const { time, cause, partial } = interrupted;
  return (
    <section class="goose-interrupted" aria-label="Interrupted reply">
      <Icon name="warning" />
      {/* The notice above tells the cause. */}
      <div title={cause}>
        <b>The reply was interrupted at {clock(time, now())}.</b>
      </div>
      {!chat.silent && !chat.get("read_only") && (
        <Ways chat={chat} ways={partial ? [CONTINUE, AGAIN] : [AGAIN]} first />
      )}
    </section>
  );
}

function Asking({ items, onShow }: { items: Map<string, Item>; onShow(id: string): void }) {
  const show = () => {
    const [asking] = questions(items);
    if (asking) onShow(asking.id);
  };
  return (
    <div class="goose-activity">
      <Icon name="question" />
      <span>goose waits for your answer.</span>
      <button type="button" class="goose-link-button" onClick={show}>
        Show the question
      </button>
    </div>
  );
}

/** Seconds without text after which a streaming answer counts as silent. */
const QUIET = 3;

function Activity({ last, since }: { last: Item | null; since: number }) {
  useSeconds(true);
  const quiet = now() - since;
  if (quiet < QUIET && isStreaming(last)) return null;
  if (last?.kind === "tool" && last.ended === null) return null;
  const what = last?.kind === "user" || last?.kind === "tool" ? "Waiting for the model…" : "goose is working…";
  return (
    <div class="goose-activity">
      <Spinner />
      <span>{what}</span>
      {quiet >= QUIET && <span class="goose-muted">{duration(Math.round(quiet))}</span>}
    </div>
  );
}

function isStreaming(item: Item | null): boolean {
  return (item?.kind === "agent" && item.state === "streaming") || (item?.kind === "thought" && item.ended === null);
}
