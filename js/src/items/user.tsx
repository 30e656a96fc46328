import type { Chat } from "../chat";
import type { UserItem } from "../wire";
import { Blocks } from "./blocks";
import { ForkButton } from "./fork";

const STATES = {
  sent: "",
  failed: "Not accepted by goose",
  unsure: "The connection dropped while this was being sent: goose may not have it",
};

export function User({ item, chat }: { item: UserItem; chat: Chat }) {
  return (
    <div class="goose-bubble">
      <span class="goose-sr">You:</span>
      {item.text !== "" && (
        <div class="goose-plain" dir="auto">
          {item.text}
        </div>
      )}
      <Blocks blocks={item.content} plain />
      {item.state !== "sent" && <div class="goose-state">{STATES[item.state]}</div>}
      <ForkButton item={item} chat={chat} />
    </div>
  );
}
