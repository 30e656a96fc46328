import { act } from "preact/test-utils";
import { expect, it } from "vitest";
import type { Block, ToolItem } from "../src/wire";
import { tool } from "./fake";
import { show } from "./show";

function shown(fields: Partial<ToolItem>) {
  const chat = show();
  chat.change({ op: "add", item: tool("t", fields) });
  const head = () => chat.item("t").querySelector<HTMLElement>(".goose-tool-head");
  return { chat, head, open: () => head()?.getAttribute("aria-expanded") === "true" };
}

/** Outputs and results, as a terminal shows them. */
const texts = (el: Element | null) => [...(el?.querySelectorAll("pre.goose-text") ?? [])].map((pre) => pre.textContent);

const ended = { started: 10, ended: 13.24 };

it("says status and duration in words", () => {
  const { head } = shown({ ...ended, status: "completed", title: "shell · ls" });
  expect(head()?.textContent).toMatch(/shell · ls.*Done3\.2 s/);
});

it.each([
  [{ status: "completed" }, false],
  [{ status: "failed" }, true],
  [{ status: "completed", content: [{ type: "image", mime: "image/png", data: "AA==" }] }, true],
  [{ status: "completed", content: [{ type: "diff", path: "a", old: "", new: "x" }] }, true],
  [{ status: "completed", input: { path: "a", before: "x", after: "y" } }, true],
  [{ status: "completed", input: { path: "a" } }, false],
  [{ status: "in_progress", ended: null, output: "x" }, true],
] as [Partial<ToolItem>, boolean][])("finished as %j its card is open: %j", (fields, open) => {
  expect(shown({ ...ended, ...fields }).open()).toBe(open);
});

it("remembers what the user opened", async () => {
  const { chat, head, open } = shown({ ...ended, status: "completed" });
  await act(async () => head()?.click());
  expect(open()).toBe(true);
  chat.change({ op: "patch", id: "t", set: { title: "new" } });
  expect(open()).toBe(true);
});

it("streams output into an open card without drawing it again", () => {
  const { chat } = shown({ output: "a\n", started: 1 });
  const args = chat.item("t").querySelector(".goose-args code");
  chat.change({ op: "append", id: "t", field: "output", text: "b\n" });
  expect(chat.item("t").querySelector(".goose-output")?.textContent).toContain("b");
  expect(chat.item("t").querySelector(".goose-args code")).toBe(args);
});

it("shows output that came before it was opened", async () => {
  const { chat, head } = shown({ ...ended, status: "completed", output: "early\n" });
  await act(async () => head()?.click());
  expect(chat.item("t").textContent).toContain("early");
});

it("does not show a result that repeats the output", () => {
  const { chat } = shown({ ...ended, status: "failed", output: "same\r\n", content: [{ type: "text", text: "same" }] });
  expect(chat.item("t").textContent?.split("same")).toHaveLength(2);
});

it("says once what a failing command said, and its exit code", () => {
  const said = "so far so good";
  const { chat } = shown({
    ...ended,
    status: "failed",
    input: null,
    output: `${said}\n`,
    content: [{ type: "text", text: `${said}\n\nCommand exited with code 3` }],
    result: { stdout: said, stderr: "", exit_code: 3 },
  });
  expect(texts(chat.item("t"))).toEqual([said, "Command exited with code 3"]);
  expect(texts(chat.item("t").querySelector(".goose-error"))).toEqual(["Command exited with code 3"]);
  expect(chat.item("t").querySelector(".goose-exit")).toBeNull();
});

it("shows the result in place of an output that lacks some of its lines", () => {
  const { chat } = shown({ output: "a\nc\n" });
  expect(texts(chat.item("t"))).toEqual(["a\nc"]);
  const content: Block[] = [{ type: "text", text: "a\nb\nc\nd\n" }];
  chat.change({ op: "patch", id: "t", set: { status: "failed", ended: 3, content } });
  expect(texts(chat.item("t"))).toEqual(["a\nb\nc\nd"]);
  expect(texts(shown({ ...ended, status: "failed", output: "a\nc\n", content }).chat.item("t"))).toEqual([
    "a\nb\nc\nd",
  ]);
});

it.each([
  ["its output", { output: '{"a": 1}' }, "Tree"],
  ["its result, where goose sent no output", { content: [{ type: "text", text: '{"a": 1}' }] }, "Tree"],
  ["what another tool returned", { content: [{ type: "text", text: '{"a": 1}' }], input: { q: 1 } }, "Raw"],
] as [string, Partial<ToolItem>, string][])(
  "offers JSON of a command as a tree, others at once: %s",
  (_, fields, offer) => {
    const { chat } = shown({ ...ended, status: "failed", input: { command: "cat a.json" }, ...fields });
    expect(chat.item("t").querySelector(".goose-output-bar button")?.textContent).toBe(offer);
  },
);

it("shows a result as a whole that only looks like the output", () => {
  const { chat } = shown({ ...ended, status: "failed", output: "same", content: [{ type: "text", text: "same as" }] });
  expect(texts(chat.item("t"))).toEqual(["same", "same as"]);
});

it("shows exit code, error and what was left out", () => {
  const result = { stdout: "out", stderr: "bad thing", exit_code: 3 };
  const text = shown({ ...ended, status: "failed", result, truncated: true }).chat.item("t").textContent;
  expect(text).toContain("bad thing");
  expect(text).toContain("Exit code 3");
  expect(text).toContain("left out some of the output");
});

it("shows a result it does not know as JSON", () => {
  expect(shown({ ...ended, status: "failed", result: { rows: 3 } }).chat.item("t").textContent).toContain('"rows": 3');
});

it("folds live output when the tool has ended", () => {
  const { chat } = shown({ output: "line\n".repeat(500) });
  expect(texts(chat.item("t"))[0]?.length).toBeGreaterThan(2400);
  chat.change({ op: "patch", id: "t", set: { status: "failed", ended: 3 } });
  expect(texts(chat.item("t"))[0]).toContain("⋯ 486 more lines");
});

it("shows records that a tool returned as a table", () => {
  const text = '[{"city": "Oslo", "n": 1}, {"city": "Bergen", "n": 2}]';
  const { chat } = shown({ ...ended, status: "failed", content: [{ type: "text", text }] });
  expect(chat.item("t").querySelector("tbody")?.textContent).toBe("Oslo1Bergen2");
});

it("shows a file by its type or name", () => {
  const resource = (uri: string, mime: string, text: string) => ({ type: "resource", uri, mime, text }) as const;
  const content = [
    resource("file:///a", "text/csv", "a;b\n1;2\n"),
    resource("file:///b.tsv", "", "a\tb\nx\ty\n"),
    resource("file:///c.py", "", "a,b\n1,2\n3,4\n"),
  ];
  const { chat } = shown({ ...ended, status: "failed", content });
  expect(chat.item("t").querySelectorAll("figure table")).toHaveLength(2);
  expect(chat.item("t").querySelectorAll("figure .goose-code")).toHaveLength(1);
});

it("numbers the lines of a change from where it is", () => {
  const content = [{ type: "diff", path: "a.py", old: "x\n", new: "y\n" }] as const;
  const { chat } = shown({
    ...ended,
    status: "failed",
    content: [...content],
    locations: [{ path: "a.py", line: 12 }],
  });
  expect(chat.item("t").querySelector<HTMLElement>(".goose-diff .goose-removed[data-old]")?.dataset.old).toBe("12");
});

it("carries id, kind and status for tests and styles", () => {
  const { chat } = shown({ status: "pending" });
  expect({ ...chat.item("t").dataset }).toMatchObject({ id: "t", kind: "tool", status: "pending" });
  chat.change({ op: "patch", id: "t", set: { status: "cancelled", ended: 2 } });
  expect(chat.item("t").dataset.status).toBe("cancelled");
});

// What a `goose web` brings: no live output, no raw result, the editor's command among its arguments.
it.each([
  ["shell", "execute", "terminal", { command: "ls -S" }, "shell · ls -S"],
  ["text_editor", "read", "file", { command: "view", path: "a.py" }, "text_editor · view a.py"],
  [
    "text_editor",
    "edit",
    "edit",
    { command: "str_replace", path: "a.py", old_str: "x", new_str: "y" },
    "text_editor · a",
  ],
  ["remember", "other", "tool", { note: "x" }, "remember"],
])("shows the %s of goose web, which %ss", async (name, tool_kind, icon, input, title) => {
  const { chat, head, open } = shown({ name, tool_kind, input, title, started: Date.now() / 1000 });
  expect(head()?.querySelector(`.goose-icon-${icon}`)).not.toBeNull();
  expect(head()?.textContent).toMatch(new RegExp(`^${title}.*Running`));
  const content = [{ type: "text", text: "biggest.csv" }];
  chat.change({ op: "patch", id: "t", set: { status: "completed", ended: Date.now() / 1000 + 2, content } });
  expect(head()?.textContent).toContain("Done");
  if (!open()) await act(async () => head()?.click());
  expect(texts(chat.item("t"))).toEqual(["biggest.csv"]);
  expect(chat.item("t").querySelector(".goose-exit")).toBeNull();
  expect(chat.item("t").querySelectorAll(".goose-diff")).toHaveLength(tool_kind === "edit" ? 1 : 0);
});

it("does not repeat a command which its title cuts off", () => {
  const command = `echo ${"x".repeat(200)} · y`;
  const summary = (title: string) =>
    shown({ title, input: { command } }).chat.item("t").querySelector(".goose-tool-summary")?.textContent;
  expect(summary(`shell · ${command.slice(0, 119)}…`)).toBe("");
  expect(summary("shell · something else…")).toBe(command.slice(0, 200));
});
