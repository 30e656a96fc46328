/** JSON as a tree that is made as it is opened, and tables; of both only so much as somebody looks at. */
import { type Data, Exact, isNumeric, isScalar, type Table } from "../data";
import { h } from "../dom";
import { size } from "../format";
import { revealed } from "../hidden";

/** Rows drawn at first, and with each step. */
const ROWS = 20;
const STEP = 1000;
/** Entries of one object or list drawn at first, and with each step. */
const ENTRIES = 100;
/** Entries that are open at first. */
const OPEN = 40;
const CELL = 500;
const STRING = 2000;
const LINE = 90;

export function dataView({ value, table }: Data): HTMLElement {
  if (table) return tableView(table);
  const entries = Object.entries(value as object);
  const [opening, closing] = Array.isArray(value) ? "[]" : "{}";
  const body = h("div", { class: "goose-tree" }, opening ?? "");
  fill(body, entries, Array.isArray(value), { left: OPEN - entries.length });
  body.append(closing ?? "");
  return body;
}

function tableView({ columns, rows }: Table): HTMLElement {
  const align = columns.map((_, index) => (isNumeric(rows, index) ? "goose-number" : null));
  const cells = (row: string[]) =>
    row.map((text, index) => h("td", { class: align[index] ?? null }, shorten(revealed(text), CELL)));
  const body = h("tbody");
  const head = columns.map((name, index) => h("th", { class: align[index] ?? null, scope: "col" }, revealed(name)));
  const view = h("div", { class: "goose-table" }, h("table", {}, h("thead", {}, h("tr", {}, ...head)), body));
  const frame = h("div", {}, view);
  stepwise(frame, rows.length, ROWS, "rows", (from, to) => {
    body.append(...rows.slice(from, to).map((row) => h("tr", {}, ...cells(row))));
  });
  return frame;
}

/** Draws what is between two numbers, at first a few and with each click of a button at the end of `parent` more. */
function stepwise(
  parent: Element,
  count: number,
  first: number,
  what: string,
  draw: (from: number, to: number) => void,
) {
  let shown = 0;
  const button = h("button", { type: "button", class: "goose-button" });
  const more = (step: number) => {
    const to = Math.min(count, shown + step);
    draw(shown, to);
    shown = to;
    button.hidden = shown === count;
    const all = `${count.toLocaleString("en")} ${what}`;
    button.textContent = count - shown <= STEP ? `Show all (${all})` : `Show ${STEP} more (of ${all})`;
  };
  more(first);
  if (shown < count) parent.append(button);
  button.addEventListener("click", () => more(STEP));
}

/** How many entries may still be open at first. */
interface Room {
  left: number;
}

function fill(parent: Element, entries: [string, unknown][], isList: boolean, room: Room): void {
  const list = h("div", { class: "goose-entries" });
  parent.append(list);
  stepwise(parent, entries.length, ENTRIES, "entries", (from, to) => {
    list.append(...entries.slice(from, to).map(([name, value]) => entry(isList ? null : name, value, room)));
  });
}

function entry(name: string | null, value: unknown, room: Room): HTMLElement {
  const key = name === null ? [] : [h("span", { class: "hljs-attr" }, revealed(JSON.stringify(name))), ": "];
  const line = lineOf(value);
  if (line !== null) {
    const kind = typeof value === "string" ? "hljs-string" : isScalar(value) ? "hljs-number" : null;
    return h("div", {}, ...key, h("span", { class: kind }, shorten(line, STRING)));
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value as object);
  const what = isList ? `[ ${entries.length} items ]` : `{ ${entries.length} entries }`;
  const details = h("details", {}, h("summary", {}, ...key, h("span", { class: "goose-muted" }, what)));
  const draw = () => {
    if (details.open && !details.querySelector(".goose-entries")) fill(details, entries, isList, { left: 0 });
  };
  if (entries.length <= room.left) {
    room.left -= entries.length;
    details.open = true;
    fill(details, entries, isList, room);
  }
  details.addEventListener("toggle", draw);
  return details;
}

/** A value in one line, null if it is too long for that. */
function lineOf(value: unknown): string | null {
  if (value instanceof Exact) return value.source;
  if (isScalar(value)) return revealed(JSON.stringify(value));
  const isList = Array.isArray(value);
  const entries = Object.entries(value as object);
  if (entries.length > 12 || !entries.every(([, each]) => isScalar(each))) return null;
  const line = entries
    .map(([name, each]) => `${isList ? "" : `${revealed(JSON.stringify(name))}: `}${lineOf(each)}`)
    .join(", ");
  if (line.length > LINE) return null;
  return isList ? `[${line}]` : `{${line}}`;
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${size(text.length)})`;
}
