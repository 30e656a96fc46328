/** What goes with the next message, and the button that adds to it. */
import { useMemo, useRef } from "preact/hooks";
import type { Chat } from "../chat";
import { sizeOf } from "../drafts";
import { bytes } from "../format";
import { Icon } from "../view/icons";
import { useKeptFocus } from "../view/ways";
import type { Attachment } from "../wire";
import { attach, detach, IMAGES } from "./files";

export function Attachments({ chat }: { chat: Chat }) {
  const { attachments } = chat.drafting.draft;
  if (attachments.length === 0) return null;
  return (
    <ul class="goose-chips" aria-label="Attachments">
      {attachments.map((attachment) => (
        <Chip attachment={attachment} remove={() => detach(chat, attachment)} />
      ))}
    </ul>
  );
}

function Chip({ attachment, remove }: { attachment: Attachment; remove(): void }) {
  const { name, mime, data } = attachment;
  const chip = useKeptFocus<HTMLLIElement>();
  // Made once: it is as long as the picture.
  const source = useMemo(() => (IMAGES.includes(mime) ? `data:${mime};base64,${data}` : ""), [mime, data]);
  return (
    <li ref={chip} class="goose-chip" title={name}>
      {source ? <img src={source} alt="" /> : <Icon name="file" />}
      <span class="goose-chip-name">{name}</span>
      <span class="goose-muted">{bytes(sizeOf(attachment))}</span>
      <button type="button" class="goose-icon-button" aria-label={`Remove ${name}`} title="Remove" onClick={remove}>
        <Icon name="cross" />
      </button>
    </li>
  );
}

export function AttachButton({ chat }: { chat: Chat }) {
  const input = useRef<HTMLInputElement>(null);
  const accepts = chat.get("accepts");
  const label = accepts.includes("file") ? "Attach files" : "Attach images";
  return (
    <>
      <button
        type="button"
        class="goose-icon-button goose-attach"
        aria-label={label}
        title={`${label}: choose them here, paste them, or drop them on the chat`}
        onClick={() => input.current?.click()}
      >
        <Icon name="attach" />
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={accepts.includes("file") ? undefined : IMAGES.join()}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          // The same file can be chosen again.
          currentTarget.value = "";
          void attach(chat, files);
        }}
      />
    </>
  );
}
