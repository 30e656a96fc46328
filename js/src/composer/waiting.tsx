/** The prompts that wait, as text until the part is there with which one can do something about them. */
import type { Chat } from "../chat";
import { Late } from "../view/late";

export function Waiting({ chat, locked }: { chat: Chat; locked: boolean }) {
  const { drafting, sending, silent } = chat;
  const queue = chat.get("queue");
  const paused = chat.get("queue_paused");
  const all = [...queue, ...sending.filter(({ queued }) => queued)];
  if (all.length === 0) return null;
  return (
    <Late
      draw={({ drawQueue }, el) => drawQueue(el, { chat, locked })}
      inputs={[queue, paused, drafting.draft.edit, chat.get("status"), silent, locked, ...sending]}
    >
      <section class="goose-queue" aria-label="Queue">
        <div class="goose-queue-head">
          <b>{all.length} queued</b>
          <span class="goose-muted">{queue.length > 0 && paused && `Paused: ${paused}`}</span>
        </div>
        <ol>
          {all.map((each) => (
            <li class="goose-queued">
              <span>{each.text.trim().split("\n", 1)[0] || each.attachments.map(({ name }) => name).join(", ")}</span>
              {"queued" in each && "Sending…"}
            </li>
          ))}
        </ol>
      </section>
    </Late>
  );
}
