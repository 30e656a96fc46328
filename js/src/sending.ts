/** The draft's way to the kernel. Whatever becomes of it, it is there or back in the draft. */
import type { Chat } from "./chat";
import type { Draft } from "./drafting";
import { giveBack, type Prompt, takeAgain } from "./drafts";
import { type Outcome, sorry } from "./outbox";

/** How many prompts with attachments are kept while they may be in the queue. */
const KEPT = 5;

export async function sendDraft(chat: Chat, steer: boolean): Promise<void> {
  const { draft } = chat.drafting;
  const { attachments, recalled } = draft;
  const steers = steer && chat.isBusy && chat.get("can_steer") && attachments.length === 0;
  const prompt = { text: chat.draft, attachments, queued: !steers && chat.isQueueing };
  const { text, queued } = prompt;
  draft.sending = [...draft.sending, prompt];
  // A draft that was left for a prompt of the history comes back now.
  if (recalled === null) draft.text = "";
  Object.assign(draft, { attachments: [], recalled: null, back: 0 });
  draft.save();
  chat.drafted();
  chat.say(null);
  if (queued && attachments.length > 0) {
    chat.queued.unshift(prompt);
    chat.queued.splice(KEPT);
  }
  const outcome = await chat.do(steers ? { type: "steer", text } : { type: "prompt", text, attachments }, (late) =>
    deliveredLate(chat, draft, prompt, late),
  );
  draft.sending = draft.sending.filter((each) => each !== prompt);
  if (outcome.state === "done") {
    draft.save();
    // The same again draws what was on its way.
    chat.say(steer && queued ? { level: "info", text: whyNotSteered(chat, prompt) } : chat.remark);
    return;
  }
  draft.write(giveBack(prompt, draft));
  chat.drafted();
  chat.say({ level: "error", text: sorry("Your message was not delivered", outcome) });
}

/** The kernel tells of a prompt before it acknowledges it: what was sent is shown once. */
export function arrived(chat: Chat, text: string): void {
  const sent = chat.sending.find((each) => each.text === text);
  if (sent) sent.arrived = true;
}

function whyNotSteered(chat: Chat, { attachments }: Prompt): string {
  const why =
    chat.get("can_steer") && attachments.length > 0
      ? "attachments can't go into a running turn"
      : "this goose takes nothing into a running turn";
  return `The message is in the queue: ${why}.`;
}

function deliveredLate(chat: Chat, draft: Draft, prompt: Prompt, outcome: Outcome): void {
  if (outcome.state !== "done") return;
  draft.write(takeAgain(prompt, draft));
  chat.drafted();
  chat.say({ level: "info", text: "The kernel was busy; your message has been delivered now." });
}
