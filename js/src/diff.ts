/** A line diff, small and bounded: past the bound the changed middle is shown as all removed, all added. */
export interface DiffLine {
  op: " " | "-" | "+";
  text: string;
}

export type Hunk = { lines: DiffLine[] } | { skipped: number };

const BOUND = 1_000_000;
const CONTEXT = 3;

export function diffLines(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  return [
    ...a.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ];
}

const same = (text: string): DiffLine => ({ op: " ", text });
const removed = (text: string): DiffLine => ({ op: "-", text });
const added = (text: string): DiffLine => ({ op: "+", text });

function linesOf(text: string): string[] {
  if (text === "") return [];
  return text.replace(/\n$/, "").split("\n");
}

function middle(a: string[], b: string[]): DiffLine[] {
  if (a.length * b.length > BOUND) return [...a.map(removed), ...b.map(added)];
  // common[i][j]: length of the longest common subsequence of a[i..] and b[j..].
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(same(a[i] ?? ""));
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(a[i] ?? ""));
      i += 1;
    } else {
      lines.push(added(b[j] ?? ""));
      j += 1;
    }
  }
  return lines;
}

/** Leaves out unchanged lines far from any change. */
export function hunks(lines: DiffLine[]): Hunk[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, index) => {
    if (line.op === " ") return;
    near.fill(1, Math.max(0, index - CONTEXT), index + CONTEXT + 1);
  });
  const result: Hunk[] = [];
  lines.forEach((line, index) => {
    const last = result.at(-1);
    if (near[index]) {
      if (last && "lines" in last) last.lines.push(line);
      else result.push({ lines: [line] });
    } else if (last && "skipped" in last) last.skipped += 1;
    else result.push({ skipped: 1 });
  });
  return result;
}
