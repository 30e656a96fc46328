/**
 * What the kernel and the browser say to each other. The Python side is `goose_widget/transcript.py` (items and changes),
 * `goose_widget/actions.py` (actions) and `goose_widget/widget.py` (traits and messages); both sides read the fixtures in `tests/fixtures/wire/`.
 * Times are seconds since the epoch. The browser knows nothing of ACP.
 */

import type { PartName } from "./parts";

/** A piece of content that is not streamed text. `data` is base64. */
export type Block =
  | { type: "text"; text: string }
  | { type: "image"; mime: string; data: string; name?: string }
  | { type: "audio"; mime: string; data: string }
  | { type: "diff"; path: string; old: string | null; new: string }
  | { type: "resource"; uri: string; mime: string; text: string }
  | { type: "link"; uri: string; name: string };

export type PermissionKind = "allow_once" | "allow_always" | "reject_once" | "reject_always";

export interface PermissionOption {
  id: string;
  name: string;
  kind: PermissionKind | string;
}

/** A question of the agent, shown inside its tool's card. `void`: it can no longer be answered. */
export interface Permission {
  request: string;
  /** The folder the tool would run in. */
  cwd: string;
  options: PermissionOption[];
  state: "open" | "answered" | "void";
  /** The chosen option's id. */
  option: string | null;
  /** Who answered: user, code, policy, recording, … or "" if nobody did. */
  by: string;
  /** Why it was rejected or became void, in a sentence. */
  note: string;
}

export interface UserItem {
  id: string;
  kind: "user";
  text: string;
  content: Block[];
  time: number;
  /** Whether goose has it: `failed` was refused by the server, `unsure` was being sent when the connection dropped. */
  state: "sent" | "failed" | "unsure";
}

export interface AgentItem {
  id: string;
  kind: "agent";
  /** Markdown. */
  text: string;
  content: Block[];
  time: number;
  state: "streaming" | "done" | "cancelled" | "interrupted";
  /** What its turn took; null but for the last message of a turn that has ended while we watched. */
  turn: Turn | null;
}

export interface Turn {
  /** Seconds, and those to the first thing that came. */
  duration: number;
  first: number | null;
  /** Tokens per second of the last request to the model; null where the server counts none. */
  rate: number | null;
  /** Amount and currency, "0.003130 USD"; null where the server tells none. */
  cost: string | null;
}

export interface ThoughtItem {
  id: string;
  kind: "thought";
  text: string;
  started: number;
  /** null while goose is thinking. */
  ended: number | null;
}

export interface ToolItem {
  id: string;
  kind: "tool";
  title: string;
  /** Tool and extension as the server names them, "" where it does not. */
  name: string;
  extension: string;
  /** execute, edit, read, search, fetch, think, move, delete, other or "". */
  tool_kind: string;
  status: "pending" | "in_progress" | "completed" | "failed" | "cancelled" | "interrupted";
  /** The arguments, any JSON value; null where none were sent. */
  input: unknown;
  /** Live output, stdout and stderr as they came. */
  output: string;
  /** The server left out some of the live output. */
  truncated: boolean;
  /** What the tool returned. */
  content: Block[];
  /** The raw result, any JSON value (goose's shell: {stdout, stderr, exit_code}); null where none was sent. */
  result: unknown;
  locations: { path: string; line: number | null }[];
  started: number;
  ended: number | null;
  permission: Permission | null;
}

export interface PlanItem {
  id: string;
  kind: "plan";
  entries: { content: string; status: "pending" | "in_progress" | "completed" | string; priority: string }[];
  time: number;
}

export interface NoticeItem {
  id: string;
  kind: "notice";
  level: "info" | "warning" | "error";
  /** A sentence or two: what happened and what to do. */
  text: string;
  /** More for the curious (a raw frame, log lines), "" if nothing. */
  detail: string;
  time: number;
}

export type Item = UserItem | AgentItem | ThoughtItem | ToolItem | PlanItem | NoticeItem;

/** One step of the transcript. `append` adds to a string field; `patch` replaces the named fields. */
export type Change =
  | { op: "add"; item: Item }
  | { op: "append"; id: string; field: "text" | "output"; text: string }
  | { op: "patch"; id: string; set: Record<string, unknown> }
  | { op: "remove"; id: string };

/** The newest items of a conversation, and how many older ones there are. */
export interface Keyframe {
  /** Names the conversation, with a "/" where more of it is there than at first: with another id, something is missing. */
  log: string;
  seq: number;
  items: Item[];
  earlier: number;
}

/** What a line at the bottom of the chat says. */
export interface Remark {
  level: "info" | "error";
  text: string;
}

/** A session in the menu. */
export interface SessionEntry {
  /** What `open` and `delete` name it by. */
  key: string;
  id: string;
  title: string;
  updated: number;
  messages: number;
  server: string;
  /** The notebook's name, "" if it is not known. */
  notebook: string;
  /** It is the one that is shown. */
  current: boolean;
  /** Where the query was found, plain text; "" without a query. */
  snippet: string;
}

/** A file that goes with a prompt. `data` is base64. */
export interface Attachment {
  name: string;
  mime: string;
  data: string;
}

/** A prompt that waits until those before it are answered. */
export interface Queued {
  id: string;
  text: string;
  attachments: { name: string; mime: string; size: number }[];
  /** The running turn has it, and has not taken it up yet. */
  steers: boolean;
}

/** A "/" command of the server; the name is without the slash, the hint says what may follow. */
export interface Command {
  name: string;
  description: string;
  hint: string;
}

/** An item in which a text was found, how often, and the first place in it. */
export interface Hit {
  id: string;
  count: number;
  snippet: string;
}

/** Custom messages, kernel to browser. */
export type Inbound =
  /** `changes` lead from the transcript at `from` to the one at `seq`. `from` ahead of ours is a gap; behind it, old news. */
  | { type: "changes"; log: string; from: number; seq: number; changes: Change[] }
  | ({ type: "snapshot" } & Keyframe)
  /** Answers the action `earlier`: the items before the ones that are here, and how many are before them. */
  | { type: "earlier"; log: string; items: Item[]; earlier: number }
  /** Answers the action `find`, oldest first; unless `whole` there may be more in older items. */
  | { type: "found"; log: string; query: string; hits: Hit[]; whole: boolean }
  /** Answers the action `around`: that item in the middle, and how many are before and after. Empty if it is gone. */
  | { type: "around"; log: string; item: string; items: Item[]; earlier: number; later: number }
  /** Answers the action `sessions`. */
  | { type: "sessions"; query: string; sessions: SessionEntry[] }
  /** Answers the action `files`: paths with "/", below the chat's folder, best match first; folders end with "/". */
  | { type: "files"; query: string; files: string[] }
  | ({ type: "remark" } & Remark)
  /** Answers the action `part`; the source is in the message's first buffer, there is none if it can't be had. */
  | { type: "part"; name: string }
  /** To be put into the composer, before what is there. */
  | { type: "draft"; text: string }
  /** The action is done or written down (`error` null), or was refused with a sentence for the user. */
  | { type: "ack"; aid: string; error: string | null };

/** What a user can do. The kernel does each `aid` once, however often it arrives. */
export type Action =
  /** On render, after a gap and as a heartbeat; `have` is our seq. Answered by an ack, and before it by what is missing. */
  | { type: "hello"; have: number; log: string }
  /** Asks for a part of the front end that is a file of its own. */
  | { type: "part"; name: PartName }
  /** Asks for the items before this one, by its id. */
  | { type: "earlier"; before: string }
  /** Asks where a text is in the conversation. */
  | { type: "find"; query: string }
  /** Asks for this item and those around it. */
  | { type: "around"; item: string }
  /** Sent now, or put into the queue while a turn runs or other prompts wait. */
  | { type: "prompt"; text: string; attachments: Attachment[] }
  /** Refused if it has been sent meanwhile. */
  | { type: "edit_queued"; id: string; text: string }
  | { type: "remove_queued"; id: string }
  /** Send this one as soon as possible, and let the queue go on. */
  | { type: "send_queued"; id: string }
  /** Into the running turn. */
  | { type: "steer"; text: string }
  /** Asks for files of the chat's folder. */
  | { type: "files"; query: string }
  | { type: "stop" }
  | { type: "answer"; request: string; option: string }
  | { type: "set_mode"; value: string }
  | { type: "set_model"; value: string }
  /** Connect now, without waiting for the back-off; also after a failure. */
  | { type: "retry" }
  /** Do what the problem offers, by the id of the offer. */
  | { type: "accept"; offer: string }
  /** Let goose go on with the reply that was interrupted. */
  | { type: "continue" }
  /** Ask the interrupted prompt again. */
  | { type: "again" }
  /** Asks for the sessions in which the query occurs; "" for the recent ones. */
  | { type: "sessions"; query: string }
  | { type: "open"; key: string }
  | { type: "new_session" }
  | { type: "rename"; title: string }
  /** A new session that begins as this one: "" all of it, what is before a message of the user, or the turn of another item. */
  | { type: "fork"; item: string }
  | { type: "delete"; key: string }
  /** The kernel writes the file beside the notebook, and a remark says where. */
  | { type: "export"; format: ExportFormat };

export type ExportFormat = "md" | "html" | "json" | "ipynb";

export type Outbound = Action & { aid: string };

export type Status = "connecting" | "ready" | "running" | "waiting" | "reconnecting" | "failed" | "closed";

/** What a click can do about a problem. */
export interface Offer {
  id: string;
  /** The words on its button. */
  label: string;
}

/** Why the chat can't go on, for the banner. */
export interface Problem {
  /** no-goose, no-provider, wrong-key, refused, too-old, crashed, unknown-session, … */
  code: string;
  title: string;
  /** What to do, Markdown. */
  text: string;
  /** The last lines of goose's log, "" if nothing. */
  detail: string;
  /** Whether the Retry button makes sense. */
  retry: boolean;
  /** What else can be done about it. */
  offers: Offer[];
}

export interface Choice {
  id: string;
  name: string;
  description: string;
}

/** The synced traits; the browser only reads them. */
export interface Traits {
  status: Status;
  /** While status is `reconnecting`. */
  reconnect: { attempt: number; retry_at: number; reason: string } | null;
  problem: Problem | null;
  /** null until the server has made the session. */
  session_id: string | null;
  title: string;
  mode: string;
  modes: Choice[];
  model: string;
  models: Choice[];
  /** Tokens in the context, of how many; {} until known. `input_tokens` and so on are of the last turn. */
  usage: {
    used?: number;
    size?: number;
    input_tokens?: number;
    output_tokens?: number;
    total_tokens?: number;
    cost?: string;
  };
  /** For people: "goose 1.52.0, this computer". */
  server: string;
  cwd: string;
  /** A CSS length; "" for the default. */
  height: string;
  /** Shown and not writable: another kernel has the session, or the server has forgotten it. */
  read_only: boolean;
  /** "" for a new session; `restored`: the server did not have it, and got it from the file. */
  resumed: "" | "attached" | "restored" | "read-only";
  /** The newest reply was cut off, and nothing was asked since. `partial`: something of it is here. */
  interrupted: { prompt_id: string; time: number; cause: string; partial: boolean } | null;
  /** That the conversation is not being saved, and why, a sentence; "" if it is. */
  unsaved: string;
  queue: Queued[];
  /** Why the queue waits for a click, a sentence; "" if it goes on by itself. */
  queue_paused: string;
  commands: Command[];
  /** What may be attached, of "image" and "file". */
  accepts: string[];
  /** A running turn takes more. */
  can_steer: boolean;
  /** Random, one per widget: the key of the draft until there is a session. */
  uid: string;
  /** The keyframe: read when a page loads, never re-sent as text streams. */
  transcript: Keyframe;
}
