/** The word at the caret, if it is one that can be completed. */
import type { Command } from "../wire";

export interface Token {
  kind: "/" | "@";
  query: string;
  /** Where it is in the text, with its sign. */
  start: number;
  end: number;
}

export interface Option {
  label: string;
  detail: string;
  /** What is put in the token's place. */
  insert: string;
  /** It leads to more options. */
  open: boolean;
}

/** A command at the beginning of the text, or a file at the beginning of a word; quotes hold spaces together. */
export function tokenAt(text: string, caret: number): Token | null {
  const before = text.slice(0, caret);
  const command = /^\/(\S*)$/.exec(before);
  const file = /(?:^|[\s([{"'])@(?:"([^"\n]*)|([^\s@"]*))$/.exec(before);
  const query = command?.[1] ?? file?.[1] ?? file?.[2];
  if (query === undefined) return null;
  const quoted = file?.[1] !== undefined;
  const start = caret - query.length - (quoted ? 2 : 1);
  const rest = (quoted ? /^[^"\n]*"?/ : /^[^\s"]*/).exec(text.slice(caret))?.[0] ?? "";
  return { kind: command ? "/" : "@", query, start, end: caret + rest.length };
}

/** Those that begin with the query before those that have it elsewhere. */
export function commandsFor(commands: Command[], query: string): Option[] {
  const wanted = query.toLowerCase();
  const rank = ({ name }: Command) => name.toLowerCase().indexOf(wanted);
  return commands
    .filter((command) => rank(command) >= 0)
    .sort((a, b) => Math.sign(rank(a)) - Math.sign(rank(b)))
    .map(({ name, description, hint }) => ({
      label: hint ? `/${name} ${hint}` : `/${name}`,
      detail: description,
      insert: `/${name}`,
      open: false,
    }));
}

export function filesFor(files: string[]): Option[] {
  return files.map((path) => {
    const open = path.endsWith("/");
    // A folder's quotes stay open for what is in it.
    const insert = /[\s"'()[\]{}]/.test(path) ? `@"${path}${open ? "" : '"'}` : `@${path}`;
    return { label: path, detail: "", insert, open };
  });
}
