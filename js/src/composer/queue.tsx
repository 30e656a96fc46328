/** The prompts that wait, of which there are some, above the field in which the next one is written. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Chat } from "../chat";
import type { Edit } from "../drafting";
import { remove, saveEdit, setEdit } from "../queue";
import { Icon } from "../view/icons";
import { useKeptFocus } from "../view/ways";
import type { Queued } from "../wire";
import { growToText } from "./grow";

export interface QueueProps {
  chat: Chat;
  locked: boolean;
}

export function Queue({ chat, locked }: QueueProps) {
  const queue = chat.get("queue");
  const sending = chat.sending.filter(({ queued }) => queued);
  const paused = queue.length > 0 ? chat.get("queue_paused") : "";
  const { edit } = chat.drafting.draft;
  return (
    <section class="goose-queue" aria-label="Queue">
      <div class="goose-queue-head">
        <Icon name="clock" />
        <b>{queue.length + sending.length} queued</b>
        <span class="goose-muted" role="status">
          {paused && `Paused: ${paused}`}
        </span>
        {paused && !locked && <SendNow chat={chat} id={queue[0]?.id ?? ""} />}
      </div>
      <ol>
        {queue.map((queued) => (
          <li key={queued.id}>
            {edit?.id === queued.id ? (
              <Editor chat={chat} edit={edit} />
            ) : (
              <Row chat={chat} queued={queued} locked={locked || queued.steers} />
            )}
          </li>
        ))}
        {sending.map(({ text }) => (
          <li class="goose-queued goose-muted">
            <span class="goose-queued-text">
              <span>{firstLine(text)}</span>
            </span>
            Sending…
          </li>
        ))}
      </ol>
    </section>
  );
}

function SendNow({ chat, id }: { chat: Chat; id: string }) {
  const button = useKeptFocus<HTMLButtonElement>();
  const ready = chat.get("status") === "ready" && !chat.silent;
  return (
    <button
      ref={button}
      type="button"
      class="goose-button"
      disabled={!ready}
      onClick={() => chat.attempt({ type: "send_queued", id }, "The message was not sent")}
    >
      Send now
    </button>
  );
}

function Row({ chat, queued, locked }: { chat: Chat; queued: Queued; locked: boolean }) {
  const { id, text, attachments, steers } = queued;
  const row = useKeptFocus<HTMLDivElement>();
  const names = attachments.map(({ name }) => name).join(", ");
  const edit = () => setEdit(chat, { id, before: text, text, saving: false });
  const line = firstLine(text) || names;
  return (
    <div ref={row} class="goose-queued">
      {locked ? (
        <span class="goose-queued-text">
          <span>{line}</span>
        </span>
      ) : (
        <button type="button" class="goose-queued-text" title="Edit" aria-label={`Edit: ${line}`} onClick={edit}>
          <span>{line}</span>
          <Icon name="edit" />
        </button>
      )}
      {names !== "" && (
        <span class="goose-muted" title={names}>
          <Icon name="attach" />
          <span class="goose-sr">Attachments: </span>
          {attachments.length}
        </span>
      )}
      {steers && <span class="goose-tag">goes into the turn</span>}
      {!locked && (
        <button
          type="button"
          class="goose-icon-button"
          aria-label={`Remove from the queue: ${line}`}
          title="Remove"
          onClick={() => remove(chat, queued)}
        >
          <Icon name="cross" />
        </button>
      )}
    </div>
  );
}

function Editor({ chat, edit }: { chat: Chat; edit: Edit }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const form = useKeptFocus<HTMLFormElement>();
  useLayoutEffect(() => {
    area.current?.focus({ preventScroll: true });
    area.current?.setSelectionRange(edit.text.length, edit.text.length);
  }, []);
  useLayoutEffect(() => growToText(area.current), [edit.text]);
  const cancel = () => setEdit(chat, null);
  return (
    <form
      ref={form}
      class="goose-queue-edit"
      onSubmit={(event) => {
        event.preventDefault();
        void saveEdit(chat);
      }}
    >
      <textarea
        ref={area}
        rows={1}
        value={edit.text}
        aria-label="Queued message; Enter to save, Escape to leave it as it was"
        readOnly={edit.saving}
        onInput={(event) => setEdit(chat, { ...edit, text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.isComposing || event.keyCode === 229) return;
          if (event.key === "Escape") cancel();
          else if (event.key === "Enter" && !event.shiftKey) void saveEdit(chat);
          else return;
          event.preventDefault();
        }}
      />
      <button type="submit" class="goose-button goose-primary">
        Save
      </button>
      <button type="button" class="goose-button" onClick={cancel}>
        Cancel
      </button>
    </form>
  );
}

function firstLine(text: string): string {
  const [line = "", more] = text.trim().split("\n", 2);
  return more === undefined ? line : `${line} …`;
}
