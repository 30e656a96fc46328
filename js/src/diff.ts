/** What changed between two texts: by line, and within a line by word. Bounded; past the bound all of it is a change. */

/** In both, in the old one only, in the new one only. */
type Op = " " | "-" | "+";

export interface DiffLine {
  op: Op;
  text: string;
  /** Its number in the old and in the new text, from 1; null where it is not in it. */
  old: number | null;
  new: number | null;
  /** The text ends here without a line break, and the other one does not. */
  bare?: boolean;
  /** The line that this one replaced, or was replaced by. */
  twin?: string;
}

/** A part of a line, and whether it is what changed. */
export type Part = { text: string; changed: boolean };

export type Hunk = { lines: DiffLine[]; folded: boolean };

/** Lines, or words, that may differ before the rest counts as one change. */
const EDITS = 1500;
const CONTEXT = 3;
/** Fewer unchanged lines than this are shown: to fold them would save nothing. */
const FOLD = 4;
/** Longer lines are compared as a whole. */
const LINE = 2000;

export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [linesOf(before), linesOf(after)];
  const bare = (text: string) => text !== "" && !text.endsWith("\n");
  const differ = before !== "" && after !== "" && bare(before) !== bare(after);
  // No line contains a line break, so this makes the last line another one.
  const key = (lines: string[], text: string) => (differ && bare(text) ? lines.with(-1, `${lines.at(-1)}\n`) : lines);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  for (const op of edits(key(a, before), key(b, after)) as Iterable<Op>) {
    const text = (op === "+" ? b[j] : a[i]) ?? "";
    const line: DiffLine = { op, text, old: op === "+" ? null : ++i, new: op === "-" ? null : ++j };
    if (differ && (op === "-" ? bare(before) && i === a.length : op === "+" && bare(after) && j === b.length)) {
      line.bare = true;
    }
    lines.push(line);
  }
  for (const [left, right] of pairs(lines)) {
    if (left && right && left !== right) [left.twin, right.twin] = [right.text, left.text];
  }
  return lines;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** The shortest way from `a` to `b` (Myers, 1986), one sign for each step; in each change removals come first. */
function edits(a: string[], b: string[]): string {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = shortest(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const inOrder = middle.replace(/[-+]+/g, (run) => run.replaceAll("+", "") + run.replaceAll("-", ""));
  return " ".repeat(head) + inOrder + " ".repeat(tail);
}

function shortest(a: string[], b: string[]): string {
  const all = "-".repeat(a.length) + "+".repeat(b.length);
  if (a.length === 0 || b.length === 0) return all;
  // Numbers are compared faster than lines.
  const ids = new Map<string, number>();
  const id = (text: string) => {
    if (!ids.has(text)) ids.set(text, ids.size);
    return ids.get(text) ?? 0;
  };
  const [x, y] = [Int32Array.from(a, id), Int32Array.from(b, id)];
  const most = Math.min(EDITS, a.length + b.length);
  // The furthest place in `a` on each diagonal, and how it was after each number of edits.
  const furthest = new Int32Array(2 * most + 3);
  const history: Int32Array[] = [];
  for (let d = 0; d <= most; d++) {
    history.push(furthest.slice(most - d, most + d + 3));
    for (let k = -d; k <= d; k += 2) {
      const at = most + 1 + k;
      const [below, above] = [furthest[at - 1] ?? 0, furthest[at + 1] ?? 0];
      let i = k === -d || (k !== d && below < above) ? above : below + 1;
      while (i < a.length && i - k < b.length && x[i] === y[i - k]) i += 1;
      furthest[at] = i;
      if (i >= a.length && i - k >= b.length) return way(history, a.length, b.length);
    }
  }
  return all;
}

/** Goes back from the end; `history[d]` holds the diagonals from -d-1 to d+1 before the d-th edit. */
function way(history: Int32Array[], a: number, b: number): string {
  const ops: string[] = [];
  let [i, j] = [a, b];
  for (let d = history.length - 1; d >= 0; d--) {
    const at = (k: number) => history[d]?.[k + d + 1] ?? 0;
    const k = i - j;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const start = d === 0 ? 0 : down ? at(k + 1) : at(k - 1) + 1;
    while (i > start) {
      ops.push(" ");
      i -= 1;
      j -= 1;
    }
    if (d === 0) break;
    ops.push(down ? "+" : "-");
    if (down) j -= 1;
    else i -= 1;
  }
  return ops.reverse().join("");
}

/** A line in parts, compared with its twin; a line that has little in common with it is one change. */
export function parts(line: DiffLine): Part[] {
  const { text, twin, op } = line;
  const whole = [{ text, changed: false }];
  if (twin === undefined || twin === text || text.length > LINE || twin.length > LINE) return whole;
  const [mine, other] = [words(text), words(twin)];
  const [a, b] = op === "-" ? [mine, other] : [other, mine];
  const result: Part[] = [];
  let [common, at] = [0, 0];
  for (const each of edits(a, b)) {
    if (each !== " " && each !== op) continue;
    const word = mine[at++] ?? "";
    const changed = each !== " ";
    if (!changed) common += word.trim().length;
    const last = result.at(-1);
    if (last?.changed === changed) last.text += word;
    else result.push({ text: word, changed });
  }
  const length = Math.max(text.replace(/\s/g, "").length, twin.replace(/\s/g, "").length);
  return common >= length / 3 ? result : whole;
}

function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|\s|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** Cuts the lines into those near a change, and those that may be folded. */
export function hunks(lines: DiffLine[]): Hunk[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, index) => {
    if (line.op !== " ") near.fill(1, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  });
  const result: Hunk[] = [];
  for (const [index, line] of lines.entries()) {
    const folded = near[index] === 0;
    const last = result.at(-1);
    if (last?.folded === folded) last.lines.push(line);
    else result.push({ lines: [line], folded });
  }
  for (const hunk of result) hunk.folded &&= hunk.lines.length >= FOLD;
  return result;
}

/** Lines side by side: what replaced what in one row. */
export function pairs(lines: DiffLine[]): [DiffLine | null, DiffLine | null][] {
  const rows: [DiffLine | null, DiffLine | null][] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    if (line?.op === " ") {
      rows.push([line, line]);
      at += 1;
      continue;
    }
    const from = at;
    while (lines[at]?.op === "-") at += 1;
    const removed = lines.slice(from, at);
    const start = at;
    while (lines[at]?.op === "+") at += 1;
    const added = lines.slice(start, at);
    for (let n = 0; n < Math.max(removed.length, added.length); n++) rows.push([removed[n] ?? null, added[n] ?? null]);
  }
  return rows;
}
