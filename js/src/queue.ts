/** What a user does with the prompts that wait: nothing that was typed is lost by it. */
import type { Chat } from "./chat";
import type { Edit } from "./drafting";
import { giveBack, lost, type Prompt, sizeOf } from "./drafts";
import { sorry } from "./outbox";
import type { Queued } from "./wire";

export function setEdit(chat: Chat, edit: Edit | null): void {
  const { draft } = chat.drafting;
  draft.edit = edit;
  draft.save();
  chat.drafted();
}

export async function saveEdit(chat: Chat): Promise<void> {
  const { draft } = chat.drafting;
  const { edit } = draft;
  if (!edit || edit.saving) return;
  const { id, text } = edit;
  if (text === edit.before) return setEdit(chat, null);
  setEdit(chat, { ...edit, saving: true });
  const outcome = await chat.do({ type: "edit_queued", id, text });
  const isThere = chat.get("queue").some((queued) => queued.id === id);
  // It may be tried again, if nobody has answered.
  draft.edit = outcome.state === "undelivered" && isThere ? edit : null;
  if (outcome.state !== "done") {
    if (!draft.edit) draft.write(giveBack({ text, attachments: [] }, draft));
    chat.say({ level: "error", text: sorry("The queued message was not changed", outcome) });
  }
  draft.save();
  chat.drafted();
}

/** The queue has changed: what is being edited may have been sent. */
export function editLeft(chat: Chat): void {
  const { draft } = chat.drafting;
  const { edit } = draft;
  if (!edit || edit.saving || chat.get("queue").some(({ id }) => id === edit.id)) return;
  draft.edit = null;
  if (edit.text !== edit.before) {
    draft.write(giveBack({ text: edit.text, attachments: [] }, draft));
    chat.say({ level: "info", text: "The queued message has left the queue; your changed text is here, below." });
  }
  chat.drafted();
}

/** Takes it out of the queue, and offers it back. */
export async function remove(chat: Chat, queued: Queued): Promise<void> {
  const { draft } = chat.drafting;
  if (!(await chat.attempt({ type: "remove_queued", id: queued.id }, "The message is still in the queue"))) return;
  const undo = () => {
    draft.write(giveBack(sentAs(chat, queued), draft));
    chat.say(null);
    chat.drafted();
  };
  chat.say({ level: "info", text: "The message was removed from the queue.", undo });
}

/** What was put into the queue, as it was. */
function sentAs(chat: Chat, { text, attachments }: Queued): Prompt {
  const mark = (all: Queued["attachments"]) => all.map(({ name, size }) => `${name}/${size}`).join();
  const wanted = mark(attachments);
  const sent = chat.queued.find(
    (prompt) => mark(prompt.attachments.map((each) => ({ ...each, size: sizeOf(each) }))) === wanted,
  );
  return { text, attachments: sent?.attachments ?? lost(attachments.map(({ name }) => name)) };
}
