/** Where the user writes. The text lives in the chat and not here, so that it outlives this view. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Chat, sorry } from "../chat";
import type { Status } from "../wire";
import { useUnique } from "./hooks";
import { Icon } from "./icons";

interface Props {
  chat: Chat;
  onSent(): void;
}

export function Composer({ chat, onSent }: Props) {
  const [hint, setHint] = useState("");
  const [stopping, setStopping] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const reasonId = useUnique();
  const status = chat.get("status");
  const busy = status === "running" || status === "waiting";
  const locked = chat.get("read_only") || status === "closed";
  const reason = whyNot(chat);

  useLayoutEffect(() => growToText(area.current), [chat.draft]);
  useEffect(() => setHint(""), [status, chat.silent]);
  useEffect(() => {
    if (!busy) setStopping(false);
  }, [busy]);

  const send = () => {
    if (reason !== "") {
      setHint(reason);
      area.current?.focus();
      return;
    }
    setHint("");
    area.current?.focus();
    void chat.prompt();
    onSent();
  };
  const stop = async (event: MouseEvent) => {
    // The second half of a double click on Send, in whose place this button came.
    if (event.detail > 1) return;
    area.current?.focus();
    setStopping(true);
    const outcome = await chat.do({ type: "stop" });
    if (outcome.state === "done") return;
    setStopping(false);
    chat.say({ level: "error", text: sorry("goose was not stopped", outcome) });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // 229: some input methods end a composition with an Enter that says nothing else about it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="goose-composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {chat.remark && (
        <div class={`goose-remark goose-${chat.remark.level}`} role="status">
          <span>{chat.remark.text}</span>
          <button type="button" class="goose-icon-button" aria-label="Dismiss" onClick={() => chat.say(null)}>
            <Icon name="cross" />
          </button>
        </div>
      )}
      <div class="goose-field">
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={chat.draft}
          placeholder={locked ? "" : "Message goose"}
          aria-label="Message goose"
          aria-describedby={reasonId}
          readOnly={locked}
          onInput={(event) => chat.type(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {busy ? (
          <button
            key="stop"
            type="button"
            class="goose-stop"
            disabled={stopping || chat.silent}
            title={chat.silent ? SILENT : undefined}
            onClick={stop}
          >
            <Icon name="stop" />
            Stop
          </button>
        ) : (
          <button
            key="send"
            type="submit"
            class="goose-send"
            aria-disabled={reason !== ""}
            title={reason || "Send (Enter)"}
            aria-describedby={reasonId}
          >
            <Icon name="send" />
            Send
          </button>
        )}
      </div>
      <div class="goose-hint">
        <span id={reasonId} class={hint ? "" : "goose-muted"} role="status">
          {hint || (locked || chat.silent ? reason : "")}
        </span>
        {!hint && !locked && !chat.silent && (
          <span class="goose-muted">Enter to send · Shift+Enter for a new line</span>
        )}
      </div>
    </form>
  );
}

const SILENT = "The kernel does not answer: see above. Your text stays here.";

const WHY: Partial<Record<Status, string>> = {
  connecting: "goose is starting. Your text stays here.",
  reconnecting: "The connection to goose is lost. Your text stays here until it is back.",
  failed: "goose is not connected: see above. Your text stays here.",
  closed: "This chat is closed.",
  running: "goose is still working: Stop it first, or wait.",
  waiting: "goose waits for your answer above: answer or Stop it first.",
};

/** Why the draft can't be sent now, "" if it can. */
function whyNot(chat: Chat): string {
  if (chat.get("read_only")) return "This session can be read here, but not continued.";
  if (chat.silent) return SILENT;
  const why = WHY[chat.get("status")];
  if (why) return why;
  if (chat.sending.length > 0) return "The last message is still on its way.";
  return chat.draft.trim() === "" ? "Write a message first." : "";
}

/** As high as its text, up to what CSS allows. */
function growToText(area: HTMLTextAreaElement | null): void {
  if (!area) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}
