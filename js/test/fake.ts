/** A hand-written model: what a kernel and anywidget would be, seen from the page. */
import type { Model } from "../src/model";
import type { AgentItem, Item, Keyframe, Outbound, SessionEntry, ToolItem, Traits, UserItem } from "../src/wire";

/** What a page finds when it loads: all of a conversation, unless there are `earlier` items. */
export function keyframe(items: Item[] = [], fields: Partial<Keyframe> = {}): Keyframe {
  return { log: "l1", seq: 0, items, earlier: 0, ...fields };
}

export const TRAITS: Traits = {
  status: "ready",
  reconnect: null,
  problem: null,
  session_id: "20261122_7",
  title: "",
  mode: "approve",
  modes: [
    { id: "auto", name: "Autonomous", description: "Runs tools without asking" },
    { id: "approve", name: "Approve", description: "Asks before every tool" },
  ],
  model: "gpt-5.2",
  models: [{ id: "gpt-5.2", name: "gpt-5.2", description: "" }],
  usage: {},
  server: "goose 1.52.0, this computer",
  cwd: "/home/ada/analysis",
  height: "",
  read_only: false,
  resumed: "",
  interrupted: null,
  unsaved: "",
  queue: [],
  queue_paused: "",
  commands: [],
  accepts: ["image", "file"],
  can_steer: true,
  uid: "u1",
  transcript: keyframe(),
};

export class FakeModel implements Model {
  readonly sent: Outbound[] = [];
  readonly control: unknown[] = [];
  readonly #traits: Traits;
  readonly #listeners = new Map<string, Set<(...args: unknown[]) => void>>();
  /** Answers what is sent, like a kernel that is not busy. */
  kernel: ((message: Outbound) => void) | null = null;
  widget_manager: unknown;

  constructor(traits: Partial<Traits> = {}) {
    this.#traits = { ...TRAITS, ...traits };
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.#traits[name];
  }

  set<K extends keyof Traits>(name: K, value: Traits[K]): void {
    this.#traits[name] = value;
    this.#fire(`change:${name}`);
  }

  on(event: string, callback: (...args: unknown[]) => void): void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(callback));
  }

  off(event: string, callback: (...args: unknown[]) => void): void {
    this.#listeners.get(event)?.delete(callback);
  }

  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  send(content: unknown): void {
    this.sent.push(content as Outbound);
    this.kernel?.(content as Outbound);
  }

  receive(message: unknown): void {
    this.#fire("msg:custom", message, []);
  }

  /** Acknowledges everything from now on. */
  acknowledge(error: string | null = null): this {
    this.kernel = ({ aid }) => queueMicrotask(() => this.receive({ type: "ack", aid, error }));
    return this;
  }

  actions(type: Outbound["type"]): Outbound[] {
    return this.sent.filter((message) => message.type === type);
  }

  /** Gives the model a manager whose kernel has a control lane. */
  withControlLane(): this {
    this.widget_manager = {
      kernel: {
        clientId: "client",
        username: "ada",
        sendControlMessage: (message: unknown) => {
          this.control.push(message);
          return { done: Promise.reject(new Error("Canceled")), dispose() {} };
        },
      },
    };
    return this;
  }

  #fire(event: string, ...args: unknown[]): void {
    for (const callback of this.#listeners.get(event) ?? []) callback(...args);
  }
}

export function agent(id: string, text = "", state: AgentItem["state"] = "streaming"): AgentItem {
  return { id, kind: "agent", text, content: [], time: 1, state, turn: null };
}

export function tool(id: string, fields: Partial<ToolItem> = {}): ToolItem {
  return {
    id,
    kind: "tool",
    title: "shell",
    name: "shell",
    extension: "developer",
    tool_kind: "execute",
    status: "in_progress",
    input: { command: "ls" },
    output: "",
    truncated: false,
    content: [],
    result: null,
    locations: [],
    started: 1,
    ended: null,
    permission: null,
    ...fields,
  };
}

export function user(id: string, text = ""): UserItem {
  return { id, kind: "user", text, content: [], time: 1, state: "sent" };
}

/** Any items, oldest first: `texts(2, 5)` has the ids i2, i3 and i4. */
export function texts(from: number, to: number): Item[] {
  return Array.from({ length: to - from }, (_, index) => agent(`i${from + index}`, `text ${from + index}`, "done"));
}

export function session(key: string, fields: Partial<SessionEntry> = {}): SessionEntry {
  return {
    key,
    id: `20261122_${key}`,
    title: `Session ${key}`,
    updated: 1,
    messages: 2,
    server: "goose 1.52.0, this computer",
    notebook: "analysis.ipynb",
    current: false,
    snippet: "",
    ...fields,
  };
}
