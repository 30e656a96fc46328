/** A tool's arguments, every one of them: what is not known by name is shown as it is. */
import { isRecord } from "../guard";
import { Code, Revealed } from "../view/dom";
import { Changed } from "./change";

/** Names under which tools send a change of a file: before, after. */
const EDITS: [string, string][] = [
  ["before", "after"],
  ["old_str", "new_str"],
  ["old_string", "new_string"],
  ["old_text", "new_text"],
  ["oldText", "newText"],
];
const CONTENT = ["content", "file_text"];
const PATHS = ["path", "file_path", "filePath"];

export function commandOf(input: unknown): string | null {
  return isRecord(input) && typeof input.command === "string" ? input.command : null;
}

export function pathOf(input: unknown): string | null {
  if (!isRecord(input)) return null;
  const path = PATHS.map((name) => input[name]).find((value) => typeof value === "string");
  return typeof path === "string" ? path : null;
}

interface FileChange {
  verb: string;
  path: string;
  before: string;
  after: string;
  /** The number of its first line in the file, null where that is not known. */
  line: number | null;
  /** The arguments it was read from, besides the path. */
  names: string[];
}

/** The change of a file that the arguments ask for, if they do. */
export function changeOf(input: unknown): FileChange | null {
  const path = pathOf(input);
  if (path === null || !isRecord(input)) return null;
  for (const names of EDITS) {
    const [before, after] = names.map((name) => input[name]);
    if (typeof before === "string" && typeof after === "string") {
      return { verb: "change a file", path, before, after, line: null, names };
    }
  }
  const name = CONTENT.find((key) => typeof input[key] === "string");
  if (name === undefined) return null;
  return { verb: "write a file", path, before: "", after: String(input[name]), line: 1, names: [name] };
}

/** `whole`: without cuts, as an approval needs it. */
export function Args({ input, whole = false }: { input: unknown; whole?: boolean }) {
  if (input === null || (isRecord(input) && Object.keys(input).length === 0)) return null;
  if (!isRecord(input)) return <Code text={JSON.stringify(input, null, 2)} language="json" />;
  const rest = { ...input };
  const parts = [takeCommand(rest), takeChange(rest, whole)];
  const rows = Object.entries(rest);
  return (
    <div class="goose-args">
      {parts}
      {rows.length > 0 && (
        <dl>
          {rows.map(([name, value]) => (
            <div>
              <dt>
                <Revealed text={name} />
              </dt>
              <dd>
                <Value value={value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function takeCommand(rest: Record<string, unknown>) {
  const command = commandOf(rest);
  // An editor's command is one word beside a path, and not for a shell.
  if (command === null || (pathOf(rest) !== null && /^\w+$/.test(command))) return null;
  delete rest.command;
  return <Code text={command} language="bash" label="" />;
}

function takeChange(rest: Record<string, unknown>, whole: boolean) {
  const change = changeOf(rest);
  if (change === null) return null;
  for (const name of [...change.names, ...PATHS]) delete rest[name];
  return <Changed path={change.path} before={change.before} after={change.after} whole={whole} line={change.line} />;
}

/** Longer than this, a value gets a block of its own. */
const LINE = 100;

function Value({ value }: { value: unknown }) {
  const isText = typeof value === "string";
  const line = isText ? value : JSON.stringify(value);
  if (line.length <= LINE && !line.includes("\n")) {
    return (
      <code>
        <Revealed text={line} />
      </code>
    );
  }
  return <Code text={isText ? value : JSON.stringify(value, null, 2)} language={isText ? "" : "json"} label="" />;
}
