/** Where the user writes. The text lives in the chat and not here, so that it outlives this view. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../chat";
import { useUnique } from "../view/hooks";
import { Icon } from "../view/icons";
import { useKeptFocus } from "../view/ways";
import type { Status } from "../wire";
import { AttachButton, Attachments } from "./attachments";
import { useCompletion } from "./completion";
import { canAttach } from "./drop";
import { attach, pasted, tooMuch } from "./files";
import { growToText } from "./grow";
import { leadsOut, recall } from "./history";
import { Waiting } from "./waiting";

interface Props {
  chat: Chat;
  onSent(): void;
}

export function Composer({ chat, onSent }: Props) {
  const [hint, setHint] = useState("");
  const area = useRef<HTMLTextAreaElement>(null);
  /** Where the caret was put in a prompt of the history. */
  const placed = useRef(-1);
  const reasonId = useUnique();
  const status = chat.get("status");
  const locked = chat.get("read_only") || status === "closed";
  const reason = whyNot(chat);
  const completion = useCompletion(chat, area);
  const verb = chat.isQueueing ? "Queue" : "Send";

  useLayoutEffect(() => growToText(area.current), [chat.draft]);
  useEffect(() => setHint(""), [status, chat.silent, chat.draft]);

  const send = (steer = false) => {
    completion.close();
    area.current?.focus();
    setHint(reason);
    if (reason !== "") return;
    const queued = chat.isQueueing;
    void chat.prompt(steer);
    if (!queued) onSent();
  };
  /** Up and Down in the first and last line. */
  const walk = (event: KeyboardEvent, step: 1 | -1) => {
    const field = area.current;
    const leads = field && leadsOut(field, step);
    if (!field || leads === "no") return;
    const { selectionStart, value } = field;
    const go = () => {
      if (!recall(chat, step)) return;
      const { length } = field.value;
      placed.current = step > 0 ? `${field.value}\n`.indexOf("\n") : length;
      field.setSelectionRange(placed.current, placed.current);
    };
    const untouched = chat.drafting.draft.recalled !== null && selectionStart === placed.current;
    if (leads === "yes" || untouched) {
      event.preventDefault();
      go();
    } else setTimeout(() => field.selectionStart === selectionStart && field.value === value && go());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // 229: some input methods end a composition with an Enter that says nothing else about it.
    if (event.isComposing || event.keyCode === 229 || completion.onKeyDown(event) || event.shiftKey) return;
    const combined = event.ctrlKey || event.metaKey;
    if (event.key === "Enter") {
      event.preventDefault();
      send(combined);
    } else if (!combined && !event.altKey && !locked) {
      if (event.key === "ArrowUp") walk(event, 1);
      if (event.key === "ArrowDown") walk(event, -1);
    }
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = canAttach(chat) ? pasted(event.clipboardData) : [];
    if (files.length === 0) return;
    event.preventDefault();
    void attach(chat, files);
  };
  return (
    <form
      class="goose-composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Said chat={chat} />
      <Waiting chat={chat} locked={locked || chat.silent} />
      <div class="goose-field">
        {completion.list}
        <Attachments chat={chat} />
        {canAttach(chat) && <AttachButton chat={chat} />}
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={chat.draft}
          placeholder={locked ? "" : "Message goose"}
          aria-label="Message goose"
          aria-describedby={reasonId}
          readOnly={locked}
          {...completion.attributes}
          onInput={(event) => {
            chat.type(event.currentTarget.value);
            completion.follow(true);
          }}
          onKeyDown={onKeyDown}
          onKeyUp={() => completion.follow()}
          onClick={() => completion.follow()}
          onBlur={completion.close}
          onPaste={onPaste}
        />
        {chat.isBusy && <Stop chat={chat} area={area.current} />}
        <button
          type="submit"
          class="goose-send"
          aria-label={verb}
          aria-disabled={reason !== ""}
          title={reason || `${verb} (Enter)`}
          aria-describedby={reasonId}
          onClick={(event) => {
            // The second half of a double click has nothing to send.
            if (event.detail > 1) event.preventDefault();
          }}
        >
          <Icon name={verb === "Queue" ? "clock" : "send"} />
          <span>{verb}</span>
        </button>
      </div>
      <div class="goose-hint">
        <span id={reasonId} class={hint ? "" : "goose-muted"} role="status">
          {hint || (locked || chat.silent ? reason : "")}
        </span>
        {!hint && !locked && !chat.silent && <Keys chat={chat} completes={completion.isOpen} />}
      </div>
    </form>
  );
}

/** What the chat has to say about what was just done. */
function Said({ chat }: { chat: Chat }) {
  if (!chat.remark) return null;
  const { level, text, undo } = chat.remark;
  return (
    <div class={`goose-remark goose-${level}`} role="status">
      <span class="goose-plain">{text}</span>
      {undo && (
        <button type="button" class="goose-button" onClick={undo}>
          Undo
        </button>
      )}
      <button type="button" class="goose-icon-button" aria-label="Dismiss" onClick={() => chat.say(null)}>
        <Icon name="cross" />
      </button>
    </div>
  );
}

function Stop({ chat, area }: { chat: Chat; area: HTMLElement | null }) {
  const [stopping, setStopping] = useState(false);
  const button = useKeptFocus<HTMLButtonElement>();
  const stop = async (event: MouseEvent) => {
    // The second half of a double click on Send, which this button has moved.
    if (event.detail > 1) return;
    area?.focus();
    setStopping(true);
    if (!(await chat.attempt({ type: "stop" }, "goose was not stopped"))) setStopping(false);
  };
  return (
    <button
      ref={button}
      type="button"
      class="goose-stop"
      aria-label="Stop"
      disabled={stopping || chat.silent}
      title={chat.silent ? SILENT : "Stop"}
      onClick={stop}
    >
      <Icon name="stop" />
      <span>Stop</span>
    </button>
  );
}

const COMBINED = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl";

function Keys({ chat, completes }: { chat: Chat; completes: boolean }) {
  if (completes) return <span class="goose-muted">↑ ↓ to choose · Enter or Tab to accept · Escape to close</span>;
  const enter = chat.isQueueing ? "Enter to queue" : "Enter to send";
  const steer = chat.isBusy && chat.get("can_steer") && `${COMBINED}+Enter to steer`;
  const more = ["Shift+Enter for a new line", chat.get("commands").length > 0 && "/ for commands", "@ for files"];
  return (
    <span class="goose-muted">
      {[enter, steer].filter(Boolean).join(" · ")}
      <span class="goose-wide"> · {more.filter(Boolean).join(" · ")}</span>
    </span>
  );
}

const SILENT = "The kernel does not answer: see above. Your text stays here.";

const WHY: Partial<Record<Status, string>> = {
  connecting: "goose is starting. Your text stays here.",
  reconnecting: "The connection to goose is lost. Your text stays here until it is back.",
  failed: "goose is not connected: see above. Your text stays here.",
  closed: "This chat is closed.",
};

/** Why the draft can't be sent now, "" if it can. */
function whyNot(chat: Chat): string {
  if (chat.get("read_only")) return "This session can be read here, but not continued.";
  if (chat.silent) return SILENT;
  const why = WHY[chat.get("status")];
  if (why) return why;
  if (chat.sending.length > 0) return "The last message is still on its way.";
  if (chat.reading > 0) return "An attachment is still being read.";
  const { attachments } = chat.drafting.draft;
  if (chat.draft.trim() === "" && attachments.length === 0) return "Write a message first.";
  return tooMuch(attachments);
}
