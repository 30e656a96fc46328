/** Finds data in the text of a tool: JSON, lines of JSON, and tables. */
import { isRecord } from "./guard";

/** A number that JavaScript can't hold exactly, as it was written. */
export class Exact {
  constructor(readonly source: string) {}
}

export interface Table {
  columns: string[];
  rows: string[][];
}

export type Data = { value: unknown; table: Table | null };

/** Longer texts stay text. */
const LIMIT = 2_000_000;
const COLUMNS = 60;

/** `hint`: the text's MIME type or the name of its file, if known. */
export function dataOf(text: string, hint = ""): Data | null {
  if (text.length > LIMIT) return null;
  if (/^\s*[[{]/.test(text)) return json(text);
  const table = separated(text, /csv|tab-separated|\.tsv$/i.test(hint));
  return table && { value: null, table };
}

function json(text: string): Data | null {
  const value = parse(text) ?? (/^\s*\{/.test(text) ? parse(`[${text.trim().replace(/\r?\n/g, ",")}]`) : null);
  if (value === null || Object.keys(value).length === 0) return null;
  return { value, table: Array.isArray(value) ? records(value) : null };
}

/** Also null if it is nested deeper than can be walked. */
function parse(text: string): object | null {
  try {
    return JSON.parse(text, (_name, value: unknown, context?: { source?: string }) =>
      typeof value === "number" && context?.source !== undefined && String(value) !== context.source
        ? new Exact(context.source)
        : value,
    );
  } catch {
    return null;
  }
}

/** Flat objects as a table. */
function records(list: unknown[]): Table | null {
  const isFlat = (each: unknown) => isRecord(each) && Object.values(each).every(isScalar);
  if (list.length < 2 || !list.every(isFlat)) return null;
  const rows = list as Record<string, unknown>[];
  const columns = [...new Set(rows.flatMap(Object.keys))];
  if (columns.length === 0 || columns.length > COLUMNS) return null;
  return { columns, rows: rows.map((row) => columns.map((name) => (Object.hasOwn(row, name) ? cell(row[name]) : ""))) };
}

export function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null || value instanceof Exact;
}

function cell(value: unknown): string {
  return value instanceof Exact ? value.source : String(value);
}

/** `sure`: it is known to be such a text; else it must be unmistakable. */
function separated(text: string, sure: boolean): Table | null {
  const head = /^[^\r\n]*/.exec(text)?.[0] ?? "";
  const delimiter = ["\t", ",", ";"].find((sign) => head.includes(sign));
  if (!delimiter || (!sure && !head.split(delimiter).every((name) => NAME.test(name)))) return null;
  const [columns, ...rows] = fields(text.replace(/[\r\n]+$/, ""), delimiter);
  if (!columns || rows.length < (sure ? 1 : 2) || columns.length > COLUMNS) return null;
  const isTable = new Set(columns).size === columns.length && columns.some((_, index) => isNumeric(rows, index));
  return sure || isTable ? { columns, rows } : null;
}

/** A name of a column, and not the beginning of a sentence. */
const NAME = /^\p{L}[\p{L}\d_ .()%/#-]{0,39}$/u;

/** Rows of equally many fields, or none. */
function fields(text: string, delimiter: string): string[][] {
  const pattern = new RegExp(`(?:"((?:[^"]|"")*)"|([^${delimiter}\\r\\n]*))(${delimiter}|\\r?\\n|$)`, "y");
  const rows: string[][] = [];
  let row: string[] = [];
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === delimiter) continue;
    if (rows[0] && rows[0].length !== row.length) return [];
    rows.push(row);
    row = [];
    if (match[3] === "") return rows;
  }
  return [];
}

/** Whether a column holds nothing but numbers, or nothing. */
export function isNumeric(rows: string[][], index: number): boolean {
  const values = rows.map((row) => row[index] ?? "").filter((value) => value !== "" && value !== "null");
  return values.length > 0 && values.every((value) => /^[-+]?[\d,_]*\.?\d+(?:e[-+]?\d+)?\s?%?$/i.test(value));
}
