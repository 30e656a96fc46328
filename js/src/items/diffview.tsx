import { useMemo, useState } from "preact/hooks";
import { type DiffLine, diffLines, hunks } from "../diff";
import { Revealed } from "../view/dom";

/** Lines drawn at once; the rest on demand. */
const LINES = 500;
const NAMES = { " ": "", "+": "added", "-": "removed" };
const CLASSES = { " ": "goose-same", "+": "goose-added", "-": "goose-removed" };

interface Props {
  path: string;
  /** null for a new file. */
  before: string | null;
  after: string;
  /** Every line at once, as an approval needs it. */
  whole?: boolean;
}

export function DiffView({ path, before, after, whole = false }: Props) {
  const [limit, setLimit] = useState(whole ? Number.POSITIVE_INFINITY : LINES);
  const lines = useMemo(() => diffLines(before ?? "", after), [before, after]);
  const count = (op: DiffLine["op"]) => lines.filter((line) => line.op === op).length;
  let room = limit;
  return (
    <figure class="goose-diff">
      <figcaption>
        <span class="goose-path">
          <Revealed text={path} />
        </span>
        {before === null && <span class="goose-tag">new file</span>}
        <span class="goose-added">+{count("+")}</span>
        <span class="goose-removed">−{count("-")}</span>
      </figcaption>
      <pre>
        {(whole ? [{ lines }] : hunks(lines)).map((hunk) => {
          if ("skipped" in hunk) return room > 0 && <div class="goose-skipped">⋯ {hunk.skipped} unchanged lines</div>;
          const shown = hunk.lines.slice(0, Math.max(0, room));
          room -= hunk.lines.length;
          return shown.map((line) => <Line line={line} />);
        })}
      </pre>
      {room < 0 && (
        <button type="button" class="goose-button" onClick={() => setLimit(Number.POSITIVE_INFINITY)}>
          Show {-room} more lines
        </button>
      )}
    </figure>
  );
}

function Line({ line }: { line: DiffLine }) {
  return (
    <div class={CLASSES[line.op]}>
      <span class="goose-sign" aria-hidden="true">
        {line.op}
      </span>
      <span class="goose-sr">{NAMES[line.op]} </span>
      <Revealed text={line.text === "" ? "\n" : line.text} />
    </div>
  );
}
