import type { Chat } from "../chat";
import { bytes } from "../format";
import { Icon } from "../view/icons";
import type { Block, UserItem } from "../wire";
import { Blocks } from "./blocks";
import { ForkButton } from "./fork";
import { LongText } from "./longtext";

const STATES = {
  sent: "",
  failed: "Not accepted by goose",
  unsure: "The connection dropped while this was being sent: goose may not have it",
};

export function User({ item, chat }: { item: UserItem; chat: Chat }) {
  const images = item.content.filter(({ type }) => type === "image");
  const files = item.content.filter((block) => block.type === "resource");
  const rest = item.content.filter((block) => ![...images, ...files].includes(block));
  return (
    <div class="goose-bubble">
      <span class="goose-sr">You:</span>
      {item.text !== "" && (
        <div class="goose-plain" dir="auto">
          {item.text}
        </div>
      )}
      <Blocks blocks={images} plain />
      {files.map((file) => (
        <File file={file} />
      ))}
      <Blocks blocks={rest} plain />
      {item.state !== "sent" && <div class="goose-state">{STATES[item.state]}</div>}
      <ForkButton item={item} chat={chat} />
    </div>
  );
}

/** A line that opens into the text. */
function File({ file: { uri, text } }: { file: Extract<Block, { type: "resource" }> }) {
  return (
    <details class="goose-file">
      <summary>
        <Icon name="file" />
        <span class="goose-chip-name">{nameOf(uri)}</span>
        <span class="goose-muted">{bytes(new Blob([text]).size)}</span>
      </summary>
      <LongText text={text} />
    </details>
  );
}

function nameOf(uri: string): string {
  const name = uri.replace(/^.*[/:](?=.)/s, "");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
