/** A change of a file: in one column, or old and new side by side. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type DiffLine, diffLines, type Hunk, hunks, pairs, parts } from "../diff";
import { CopyButton, Revealed } from "../view/dom";
import { Icon } from "../view/icons";

/** Lines drawn at once; more on demand. */
const LINES = 500;
const STEP = 5000;
const NAMES = { " ": "", "+": "added", "-": "removed" };
const CLASSES = { " ": "goose-same", "+": "goose-added", "-": "goose-removed" };

interface Props {
  path: string;
  /** null for a new file. */
  before: string | null;
  after: string;
  /** Every line at once, as an approval needs it. */
  whole?: boolean;
  /** The first line's number in the file; without one, lines have no numbers. */
  line?: number | null;
}

export function DiffView({ path, before, after, whole = false, line = null }: Props) {
  const [limit, setLimit] = useState(whole ? Number.POSITIVE_INFINITY : LINES);
  const [opened, setOpened] = useState<number[]>([]);
  const figure = useRef<HTMLElement>(null);
  const [split, toggle] = useSplit(figure);
  const lines = useMemo(() => diffLines(before ?? "", after), [before, after]);
  const count = (op: DiffLine["op"]) => lines.filter((each) => each.op === op).length;
  const open = (index: number) => {
    setOpened([...opened, index]);
    // The button that was clicked is gone.
    figure.current?.querySelector("button")?.focus({ preventScroll: true });
  };
  let room = limit;
  const draw = (hunk: Hunk, index: number) => {
    if (hunk.folded && !opened.includes(index)) return room > 0 && <Folded hunk={hunk} onClick={() => open(index)} />;
    const shown = hunk.lines.slice(0, Math.max(0, room));
    room -= hunk.lines.length;
    if (!split) return shown.map((each) => <Line line={each} first={line} />);
    return pairs(shown).map(([left, right]) => (
      <div class="goose-pair">
        <Line line={left} first={line} side="old" />
        <Line line={right} first={line} side="new" />
      </div>
    ));
  };
  const other = split ? "Show in one column" : "Show side by side";
  return (
    <figure class="goose-diff" ref={figure}>
      <figcaption>
        <span class="goose-path">
          <Revealed text={path} />
        </span>
        {before === null && <span class="goose-tag">new file</span>}
        {before !== null && before !== "" && after === "" && <span class="goose-tag">emptied</span>}
        <span class="goose-added">+{count("+")}</span>
        <span class="goose-removed">−{count("-")}</span>
        <button
          type="button"
          class="goose-icon-button goose-split-button"
          aria-label={other}
          title={other}
          onClick={toggle}
        >
          <Icon name={split ? "rows" : "columns"} />
        </button>
        {after !== "" && <CopyButton text={after} label="Copy the new text" />}
      </figcaption>
      <pre class={split ? "goose-split" : ""} style={{ "--digits": String((line ?? 0) + lines.length).length }}>
        {(whole ? [{ lines, folded: false }] : hunks(lines)).map(draw)}
      </pre>
      {room < 0 && (
        <button type="button" class="goose-button" onClick={() => setLimit(limit + STEP)}>
          Show {Math.min(STEP, -room)} more lines{-room > STEP && ` (of ${-room})`}
        </button>
      )}
    </figure>
  );
}

function Folded({ hunk, onClick }: { hunk: Hunk; onClick(): void }) {
  return (
    <button type="button" class="goose-skipped" onClick={onClick}>
      ⋯ {hunk.lines.length} unchanged lines
    </button>
  );
}

interface LineProps {
  /** null for the gap beside a line that has no counterpart. */
  line: DiffLine | null;
  first: number | null;
  /** Which of the texts it stands for; both in one column. */
  side?: "old" | "new";
}

function Line({ line, first, side }: LineProps) {
  const text = useMemo(() => (line ? parts(line) : []), [line]);
  if (!line) return <div class="goose-none" />;
  const number = (of: "old" | "new") => {
    if (first === null || (side && side !== of)) return undefined;
    const at = line[of];
    return at === null ? "" : String(at + first - 1);
  };
  return (
    <div class={CLASSES[line.op]} data-old={number("old")} data-new={number("new")}>
      <span class="goose-sign" aria-hidden="true">
        {line.op}
      </span>
      <span class="goose-sr">{NAMES[line.op]} </span>
      {line.text === ""
        ? "\n"
        : text.map((part) => (part.changed ? <Changed text={part.text} /> : <Revealed text={part.text} />))}
      {line.bare && <span class="goose-bare">No line break at the end</span>}
    </div>
  );
}

/** Words that changed; of spaces it is shown that they are there, and a copy of them stays what it is. */
function Changed({ text }: { text: string }): ComponentChildren {
  const spaces = /^[ \t]+$/.test(text) ? text.replaceAll(" ", "·").replaceAll("\t", "→\t") : undefined;
  return (
    <mark class="goose-word" data-spaces={spaces}>
      <Revealed text={text} />
    </mark>
  );
}

/** What the user chose, for every diff of the page. */
const CHOICE = "goose-widget-diff";
/** Side by side by default from this width, in pixels, and never below that one. */
const WIDE = 1000;
const NARROW = 480;

function useSplit(figure: { current: HTMLElement | null }): [boolean, () => void] {
  const [split, set] = useState(false);
  useLayoutEffect(() => {
    const update = () => {
      const choice = chosen();
      const from = choice === null ? WIDE : choice === "split" ? NARROW : Number.POSITIVE_INFINITY;
      set((figure.current?.clientWidth ?? 0) >= from);
    };
    update();
    addEventListener(CHOICE, update);
    return () => removeEventListener(CHOICE, update);
  }, [figure]);
  const toggle = () => {
    remembered = split ? "inline" : "split";
    try {
      sessionStorage.setItem(CHOICE, remembered);
    } catch {
      // Storage is switched off: it is remembered for this chat.
    }
    dispatchEvent(new Event(CHOICE));
  };
  return [split, toggle];
}

let remembered: string | null = null;

function chosen(): string | null {
  try {
    return sessionStorage.getItem(CHOICE);
  } catch {
    return remembered;
  }
}
