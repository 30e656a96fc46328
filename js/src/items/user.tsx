import type { UserItem } from "../wire";
import { Blocks } from "./blocks";

const STATES = {
  sent: "",
  failed: "Not accepted by goose",
  unsure: "The connection dropped while this was being sent: goose may not have it",
};

export function User({ item }: { item: UserItem }) {
  return (
    <div class="goose-bubble">
      <span class="goose-sr">You:</span>
      {item.text !== "" && <div class="goose-plain">{item.text}</div>}
      <Blocks blocks={item.content} plain />
      {item.state !== "sent" && <div class="goose-state">{STATES[item.state]}</div>}
    </div>
  );
}
