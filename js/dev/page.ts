/**
 * A chat without a kernel: `npm run dev`. Query: theme=dark, height=700px, play (streams the scene, else it is there at
 * once), scene=chat|problem|reconnect|welcome|readonly|interrupted|unsaved|long|takeover|queue|paused.
 */
import { makeWidget } from "../src/widget";
import type { Attachment, Block, Change, Item, Outbound, SessionEntry } from "../src/wire";
import { FakeModel, keyframe } from "../test/fake";
import { conversation } from "./conversation";

const query = new URLSearchParams(location.search);
const theme = query.get("theme") ?? "light";
const scene = query.get("scene") ?? "chat";
document.body.dataset.jpThemeLight = String(theme !== "dark");

const long = Array.from({ length: 3000 }, (_, index): Item => {
  const [id, text, time] = [`m${index}`, `Message ${index}\n\nwith a second line`, index];
  return index % 2
    ? { id, kind: "agent", text, content: [], time, state: "done", turn: null }
    : { id, kind: "user", text, content: [], time, state: "sent" };
});
const items =
  scene === "long"
    ? long.slice(-500)
    : scene.match(/chat|reconnect|interrupted|unsaved|queue|paused/)
      ? conversation()
      : [];
const model = new FakeModel({
  height: query.get("height") ?? "",
  title: items.length > 0 ? "Explore sales by region" : "",
  models: ["claude-sonnet-4-5", "gpt-5.2", "qwen3-coder"].map((id) => ({ id, name: id, description: "" })),
  model: "claude-sonnet-4-5",
  usage: items.length > 0 ? { used: 23_412, size: 200_000, input_tokens: 21_000, output_tokens: 812 } : {},
  status: "ready",
  commands: [
    { name: "compact", description: "Summarize the conversation so far, to free room in the context", hint: "" },
    { name: "prompt", description: "Run a prompt of an extension", hint: "name [key=value]" },
    { name: "clear", description: "Begin with an empty context", hint: "" },
  ],
  uid: "dev",
  transcript: keyframe(scene === "long" ? items : [], { earlier: scene === "long" ? long.length - items.length : 0 }),
});
Object.assign(globalThis, { model, change });
let seq = 0;

function change(...changes: Change[]): void {
  model.receive({ type: "changes", log: "l1", from: seq, seq: seq + 1, changes });
  seq += 1;
}

function kernel(action: Outbound): void {
  const error =
    action.type === "rename" && action.title === "refuse" ? "This session is open in another kernel." : null;
  setTimeout(() => model.receive({ type: "ack", aid: action.aid, error }), 60);
  if (action.type === "sessions") {
    const found = sessions().filter(({ title }) => title.toLowerCase().includes(action.query.toLowerCase()));
    for (const entry of found)
      entry.snippet =
        action.query && `… what goose said about ${entry.title} and about ${action.query}, <b>plainly</b> …`;
    setTimeout(() => model.receive({ type: "sessions", query: action.query, sessions: found }), 40);
  }
  if (action.type === "rename") model.set("title", action.title);
  if (action.type === "earlier") {
    const end = long.findIndex(({ id }) => id === action.before);
    const start = Math.max(0, end - 300);
    setTimeout(() => model.receive({ type: "earlier", log: "l1", items: long.slice(start, end), earlier: start }), 30);
  }
  if (action.type === "answer") {
    const asking = items.find((item) => item.kind === "tool" && item.permission?.request === action.request);
    if (asking?.kind !== "tool") return;
    const permission = { ...asking.permission, state: "answered", option: action.option, by: "user" };
    setTimeout(() => change({ op: "patch", id: asking.id, set: { permission } }), 300);
    setTimeout(() => model.set("status", "running"), 300);
  }
  if (action.type === "stop") setTimeout(() => stopped(), 200);
  if (action.type === "files") {
    const files = FILES.filter((path) => path.includes(action.query));
    setTimeout(() => model.receive({ type: "files", query: action.query, files }), 40);
  }
  const queue = model.get("queue");
  if (action.type === "prompt" && (model.get("status") !== "ready" || queue.length > 0)) {
    const attachments = action.attachments.map(({ name, mime, data }) => ({ name, mime, size: data.length }));
    model.set("queue", [...queue, { id: action.aid, text: action.text, attachments, steers: false }]);
  } else if (action.type === "prompt") void answer(action.text, action.attachments);
  if (action.type === "remove_queued" || action.type === "send_queued") {
    const queued = queue.find(({ id }) => id === action.id);
    model.set(
      "queue",
      queue.filter((each) => each !== queued),
    );
    if (queued && action.type === "send_queued") void answer(queued.text);
  }
  if (action.type === "edit_queued") {
    const { id, text } = action;
    model.set(
      "queue",
      queue.map((each) => (each.id === id ? { ...each, text } : each)),
    );
  }
}

function sessions(): SessionEntry[] {
  const at = Date.now() / 1000;
  const entry = (key: string, title: string, age: number, fields: Partial<SessionEntry> = {}): SessionEntry => ({
    key,
    id: `20261122_${key}`,
    title,
    updated: at - age,
    messages: 12,
    server: "goose 1.52.0, this computer",
    notebook: "analysis.ipynb",
    current: false,
    snippet: "",
    ...fields,
  });
  return [
    entry("7", "Explore sales by region", 20, { current: true }),
    entry("6", "Why is the join slow?", 3700, { messages: 1 }),
    entry("5", "A very long title of a session that somebody wrote without ever thinking about menus", 90_000),
    entry("4", "", 260_000, { notebook: "" }),
    ...Array.from({ length: 8 }, (_, index) => entry(`o${index}`, `Older session ${index}`, 400_000 * (index + 1))),
  ];
}

function stopped(): void {
  if (model.get("queue").length > 0) model.set("queue_paused", "The turn was stopped.");
  model.set("status", "ready");
}

const FILES = [
  "data/",
  "data/sales 2026.csv",
  "data/sales 2025.csv",
  "analysis.ipynb",
  "notes/",
  "notes/a very long name of a file that nobody would ever want to write by hand.md",
  ...Array.from({ length: 12 }, (_, index) => `src/module_${index}.py`),
];

async function answer(text: string, attachments: Attachment[] = []): Promise<void> {
  const content = attachments.map(
    ({ name, mime, data }): Block =>
      mime.startsWith("image/")
        ? { type: "image", mime, data }
        : { type: "resource", uri: `attachment:${encodeURIComponent(name)}`, mime, text: atob(data) },
  );
  const id = `p${seq}`;
  await pause(200);
  change({
    op: "add",
    item: { id: `${id}u`, kind: "user", text, content, time: Date.now() / 1000, state: "sent" },
  });
  model.set("status", "running");
  await pause(1200);
  change({
    op: "add",
    item: { id, kind: "agent", text: "", content: [], time: Date.now() / 1000, state: "streaming", turn: null },
  });
  for (const word of `You wrote: **${text}**\n\n\`\`\`python\nprint("ok")\n\`\`\`\n`.split(/(?<= )/)) {
    change({ op: "append", id, field: "text", text: word });
    await pause(40);
  }
  change({
    op: "patch",
    id,
    set: { state: "done", turn: { duration: 2.4, first: 1.2, rate: 24, cost: "0.0031 USD" } },
  });
  model.set("status", "ready");
}

/** Adds an item as a server would: text piece by piece. */
async function stream(item: Item): Promise<void> {
  if (item.kind !== "agent" && item.kind !== "thought") {
    change({ op: "add", item });
    await pause(400);
    return;
  }
  change({
    op: "add",
    item: item.kind === "agent" ? { ...item, text: "", state: "streaming" } : { ...item, text: "", ended: null },
  });
  for (let at = 0; at < item.text.length; at += 12) {
    change({ op: "append", id: item.id, field: "text", text: item.text.slice(at, at + 12) });
    await pause(40);
  }
  change({ op: "patch", id: item.id, set: item.kind === "agent" ? { state: item.state } : { ended: item.ended } });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function main(): Promise<void> {
  model.kernel = kernel;
  const el = document.getElementById("chat");
  if (!el) return;
  const widget = makeWidget();
  widget.initialize({ model });
  widget.render({ model, el });
  if (query.has("play")) {
    model.set("status", "running");
    for (const item of items) await stream(item);
  } else if (items.length > 0 && scene !== "long") {
    change(...items.map((item): Change => ({ op: "add", item })));
  }
  if (scene === "chat") model.set("status", "waiting");
  if (scene === "queue" || scene === "paused") {
    model.set("status", "running");
    model.set("queue", [
      { id: "q1", text: "Then plot the two regions side by side", attachments: [], steers: false },
      {
        id: "q2",
        text: "Use the colours of this picture, please, and the style of the other one, which is attached as well\nand more",
        attachments: [{ name: "palette.png", mime: "image/png", size: 12_000 }],
        steers: false,
      },
    ]);
  }
  if (scene === "paused") stopped();
  if (scene === "readonly") model.set("read_only", true);
  if (scene === "reconnect") {
    model.set("reconnect", {
      attempt: 3,
      retry_at: Date.now() / 1000 + 8,
      reason: "The server closed the connection.",
    });
    model.set("status", "reconnecting");
  }
  if (scene === "void") {
    const asking = conversation().find((item) => item.kind === "tool" && item.permission);
    if (asking?.kind === "tool" && asking.permission) {
      const note = "The connection to goose dropped before it was answered. Ask again if you still want it.";
      const permission = { ...asking.permission, state: "void" as const, note };
      change(
        { op: "add", item: long[0] as Item },
        { op: "add", item: { ...asking, status: "interrupted", permission } },
      );
      change(
        { op: "add", item: long[1] as Item },
        { op: "add", item: long[2] as Item },
        { op: "add", item: long[3] as Item },
      );
    }
  }
  if (scene === "interrupted" || scene === "unsaved") {
    model.set("resumed", "restored");
    change({
      op: "add",
      item: { ...(long[1] as Item), id: "cut", text: "The regions differ in", state: "interrupted" } as Item,
    });
    const cause = "The connection to goose was lost.";
    model.set("interrupted", { prompt_id: "p", time: Date.now() / 1000 - 60, cause, partial: !query.has("nothing") });
  }
  if (scene === "unsaved") model.set("unsaved", "The disk is full (/home/ada/analysis/.goose/sessions).");
  if (scene === "takeover") {
    model.set("read_only", true);
    model.set("resumed", "read-only");
    model.set("problem", {
      code: "locked",
      title: "This session is open in another kernel.",
      text: "It can be read here. Take it over to go on with it here; the other chat then becomes read-only.",
      detail: "",
      retry: true,
      offers: [{ id: "take-over", label: "Take over" }],
    });
    model.set("status", "failed");
  }
  if (scene === "problem") {
    model.set("problem", {
      code: "no-goose",
      title: "goose was not found on this computer.",
      text: "Install the goose command line ([how](https://example.org/install)), run `goose configure` once, then press Retry. If goose is installed elsewhere, set `GOOSE_BIN` to its path: `import os; os.environ['GOOSE_BIN'] = '/path/to/goose'`. To use a goose that runs already, pass `GooseChat(server='http://…', token='…')`. The demo needs no goose: it shows what this chat can do, with replies from a script.",
      detail: "looked in: /usr/local/bin\n/usr/bin",
      retry: true,
      offers: [{ id: "demo", label: "Try the demo" }],
    });
    model.set("status", "failed");
  }
}

void main();
