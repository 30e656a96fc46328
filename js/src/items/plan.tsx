import { lookUp } from "../guard";
import { Icon, type IconName } from "../view/icons";
import type { PlanItem } from "../wire";

const WORDS: Record<string, string> = { pending: "to do", in_progress: "in progress", completed: "done" };
const ICONS: Record<string, IconName> = { in_progress: "move", completed: "check" };

export function Plan({ item }: { item: PlanItem }) {
  const done = item.entries.filter((entry) => entry.status === "completed").length;
  return (
    <>
      <div class="goose-plan-head">
        <Icon name="plan" />
        <span>Plan</span>
        <span class="goose-muted">
          {done} of {item.entries.length} done
        </span>
      </div>
      <ol>
        {item.entries.map((entry) => {
          const icon = lookUp(ICONS, entry.status);
          return (
            <li data-status={entry.status}>
              <span class="goose-plan-mark">{icon && <Icon name={icon} />}</span>
              <span>
                {entry.content}
                <span class="goose-sr"> ({lookUp(WORDS, entry.status) ?? entry.status})</span>
              </span>
              {entry.priority === "high" && <span class="goose-tag">high</span>}
            </li>
          );
        })}
      </ol>
    </>
  );
}
