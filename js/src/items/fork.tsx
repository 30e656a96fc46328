/** Begins a new session with the conversation up to a message. */
import { type Chat, sorry } from "../chat";
import { Icon } from "../view/icons";
import type { AgentItem, UserItem } from "../wire";

const WHAT = {
  user: "Fork from here: a new session with what is before this message, to ask it in another way",
  agent: "Fork from here: a new session with everything up to the end of this turn",
};

export function ForkButton({ chat, item: { id, kind } }: { chat: Chat; item: UserItem | AgentItem }) {
  const fork = async () => {
    const outcome = await chat.do({ type: "fork", item: id });
    if (outcome.state !== "done") chat.say({ level: "error", text: sorry("“Fork from here” did not work", outcome) });
  };
  return (
    <button
      type="button"
      class="goose-icon-button goose-fork"
      aria-label="Fork from here"
      title={WHAT[kind]}
      onClick={fork}
    >
      <Icon name="fork" />
    </button>
  );
}
