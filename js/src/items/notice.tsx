import { Icon } from "../view/icons";
import type { NoticeItem } from "../wire";

export function Notice({ item }: { item: NoticeItem }) {
  return (
    <div class={`goose-note goose-${item.level}`} role="status">
      <Icon name={item.level === "info" ? "info" : "warning"} />
      <div>
        <span class="goose-sr">{item.level}: </span>
        <span class="goose-plain">{item.text}</span>
        {item.detail !== "" && (
          <details>
            <summary>Details</summary>
            <pre>{item.detail}</pre>
          </details>
        )}
      </div>
    </div>
  );
}
