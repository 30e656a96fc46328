import { act } from "preact/test-utils";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { TIMING } from "../src/outbox";
import type { Permission, ToolItem } from "../src/wire";
import { tool } from "./fake";
import { show } from "./show";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const OPEN: Permission = {
  request: "r1",
  cwd: "/home/ada",
  options: [
    // goose's own order, and one of another kind.
    { id: "5", name: "Ask my boss", kind: "delegate" },
    { id: "2", name: "Always", kind: "allow_always" },
    { id: "1", name: "Yes", kind: "allow_once" },
    { id: "3", name: "No", kind: "reject_once" },
    { id: "4", name: "Never", kind: "reject_always" },
  ],
  state: "open",
  option: null,
  by: "",
  note: "",
};
const NAMES = ["Allow once", "Allow always", "Reject once", "Reject always", "Ask my boss"];

function asked(fields: Partial<ToolItem> = {}) {
  const chat = show({ status: "waiting" });
  chat.change({ op: "add", item: tool("t", { status: "pending", permission: OPEN, ...fields }) });
  return chat;
}

it("names the tool, the whole command, the folder and every option, the harmless first", () => {
  const command = `echo start\n${"x".repeat(3000)}\necho end`;
  const chat = asked({ input: { command, timeout: 5 } });
  const section = chat.item("t").querySelector("section");
  expect(section?.textContent).toContain("shell (developer)");
  expect(section?.textContent).toContain(command);
  expect(section?.textContent).toContain("timeout");
  expect(section?.textContent).toContain("/home/ada");
  expect([...(section?.querySelectorAll(".goose-options button") ?? [])].map((b) => b.textContent)).toEqual(NAMES);
});

it.each([
  ["goose 1.52.0, this computer", "in all sessions of this goose, until you change it with goose configure"],
  [
    "goose 1.40.0, wss://gpu.example:3000/acp",
    "in all sessions of this goose, until you change it with goose configure",
  ],
  ["goose 0.3.0-demo, the demo", "in this session of the demo, until its mode changes"],
  ["goose web, http://127.0.0.1:3000", "for as long as the server keeps it"],
  ["another-agent 2.0, ws://127.0.0.1:3000/acp", "for as long as the server keeps it"],
  ["", "for as long as the server keeps it"],
])("tells how long “always” holds with %j", (server, words) => {
  const chat = asked();
  chat.set("server", server);
  chat.change({ op: "patch", id: "t", set: { title: "as it is drawn next" } });
  expect(chat.text()).toContain(`“Always” holds for every use of shell, whatever its arguments, ${words}.`);
});

it("tells of what “always” means, where it is offered", () => {
  const chat = asked();
  const describing = (name: string) => chat.button(name).getAttribute("aria-describedby") ?? "";
  expect(document.getElementById(describing("Allow always"))?.textContent).toBe(
    "“Always” holds for every use of shell, whatever its arguments, in all sessions of this goose, until you change it with goose configure.",
  );
  expect(describing("Reject always")).toBe(describing("Allow always"));
  expect(chat.button("Allow once").hasAttribute("aria-describedby")).toBe(false);
  const once = OPEN.options.filter(({ kind }) => !kind.endsWith("always"));
  chat.change({ op: "patch", id: "t", set: { permission: { ...OPEN, options: once } } });
  expect(chat.text()).not.toContain("“Always”");
});

it("counts in the header the questions that wait, and brings the first one to the keyboard", async () => {
  const chat = asked();
  expect(chat.hasButton("1 question")).toBe(true);
  chat.change({ op: "add", item: tool("u", { permission: { ...OPEN, request: "r2" } }) });
  chat.button("2 questions").focus();
  await chat.click("2 questions");
  expect(document.activeElement).toBe(chat.item("t").querySelector(".goose-options button"));
  chat.change({ op: "patch", id: "t", set: { permission: { ...OPEN, state: "answered", option: "1" } } });
  chat.button("1 question").focus();
  chat.set("status", "running");
  expect(chat.hasButton("1 question")).toBe(false);
  expect(document.activeElement).toBe(chat.el.querySelector(".goose-log"));
});

const LINES = Array.from({ length: 900 }, (_, i) => `line ${i}`);

it("shows a change of a file as a whole, as goose's edit sends it", () => {
  const after = [...LINES.slice(0, 899), "l\u200bast"].join("\n");
  const item = asked({ name: "edit", input: { path: "a.py", before: LINES.join("\n"), after, all: true } }).item("t");
  expect(item.querySelector(".goose-ask")?.textContent).toBe("goose asks to change a file: edit (developer)");
  expect(item.querySelector("figcaption")?.textContent).toBe("a.py+1−1");
  const lines = [...item.querySelectorAll(".goose-diff pre > div")].map((line) => line.textContent);
  expect(lines).toEqual([
    ...LINES.slice(0, 899).map((line) => `  ${line}`),
    "-removed line 899",
    "+added l⟦U+200B⟧ast",
  ]);
  expect(item.querySelector("dl")?.textContent).toBe("alltrue");
});

it("shows the new content of a file as a whole, as goose's write sends it", () => {
  const item = asked({ name: "write", input: { path: "new.txt", content: LINES.join("\n") } }).item("t");
  expect(item.querySelector(".goose-ask")?.textContent).toBe("goose asks to write a file: write (developer)");
  expect(item.querySelector("figcaption")?.textContent).toBe("new.txt+900−0");
  expect(item.querySelectorAll(".goose-diff pre > .goose-added")).toHaveLength(900);
});

it("says of a rejected tool that it was rejected, not that it failed, and is closed", async () => {
  const chat = asked();
  const content = [{ type: "text", text: "DO NOT attempt to call this tool again." }];
  const permission = { ...OPEN, state: "answered", option: "3", by: "user" };
  chat.change({ op: "patch", id: "t", set: { permission, content, status: "failed", ended: 3 } });
  const item = chat.item("t");
  const head = item.querySelector<HTMLElement>(".goose-tool-head");
  expect(item.dataset.status).toBe("failed");
  expect(item.querySelector(".goose-tool-status.goose-neutral")?.textContent).toContain("Rejected");
  expect(item.textContent).not.toContain("DO NOT");
  await act(async () => head?.click());
  expect(item.querySelector(".goose-text")?.textContent).toContain("DO NOT");
  expect(item.querySelector(".goose-result.goose-error")).toBeNull();
});

it("shows arguments it does not know as they are", () => {
  const input = { deep: { list: [1, 2], text: "z".repeat(200) } };
  expect(asked({ input }).item("t").textContent).toContain(JSON.stringify(input.deep, null, 2));
});

it("makes hidden characters visible wherever they are", () => {
  const chat = asked({
    title: "a\u202eb",
    name: "n\u200bm",
    input: { command: "rm\u2066x", "k\u200dy": "v\u200ew" },
    content: [{ type: "text", text: "t\u2069u" }],
    permission: { ...OPEN, cwd: "/c\u200fd" },
  });
  const marks = [...chat.item("t").querySelectorAll(".goose-hidden-char")].map((mark) => mark.textContent);
  expect(new Set(marks)).toEqual(
    new Set(["202E", "200B", "2066", "200D", "200E", "2069", "200F"].map((code) => `⟦U+${code}⟧`)),
  );
});

it("sends the answer once, and waits", async () => {
  const chat = asked();
  await chat.click("Allow once");
  expect(chat.model.actions("answer")).toMatchObject([{ request: "r1", option: "1" }]);
  for (const name of NAMES) expect(chat.button(name).disabled).toBe(true);
  expect(document.activeElement).toBe(chat.item("t").querySelector(".goose-tool-head"));
});

it("offers the answers again when this one did not arrive", async () => {
  const chat = asked();
  await chat.click("Reject once");
  await act(async () => void (await vi.advanceTimersByTimeAsync(TIMING.giveUp)));
  expect(chat.button("Reject once").disabled).toBe(false);
  expect(chat.item("t").textContent).toContain("not delivered");
});

it.each([
  [{ state: "answered", option: "1", by: "user" }, "Allowed once by you"],
  [{ state: "answered", option: "4", by: "code" }, "Always rejected by code"],
  [
    { state: "answered", option: "3", by: "policy", note: "no one can answer" },
    "Rejected once by the chat's on_permission: no one can answer",
  ],
  [{ state: "void", note: "the connection was lost" }, "No longer asked: the connection was lost"],
] as const)("after %j it says %s", async (fields, text) => {
  const chat = asked();
  chat.change({ op: "patch", id: "t", set: { permission: { ...OPEN, ...fields }, status: "failed" } });
  const head = chat.item("t").querySelector<HTMLElement>(".goose-tool-head");
  if (head?.getAttribute("aria-expanded") === "false") await act(async () => head.click());
  expect(chat.item("t").textContent).toContain(text);
  expect(chat.hasButton("Allow once")).toBe(false);
});

it("is announced at once", () => {
  const chat = asked();
  expect(chat.el.querySelector('[aria-live="assertive"]')?.textContent).toBe(
    "goose asks for permission: shell (developer)",
  );
});

it("keeps the card open", async () => {
  const chat = asked();
  const head = chat.item("t").querySelector<HTMLElement>(".goose-tool-head");
  await act(async () => head?.click());
  expect(head?.getAttribute("aria-expanded")).toBe("true");
});

it.each([
  ["user", "Allowed once by you"],
  ["recording", "Allowed once in the recording"],
  ["somebody new", "Allowed once"],
  ["toString", "Allowed once"],
  ["", "Allowed once"],
])("says who answered as far as it is known: %j", (by, words) => {
  const chat = asked();
  chat.change({ op: "patch", id: "t", set: { permission: { ...OPEN, state: "answered", option: "1", by } } });
  expect(chat.text()).not.toContain("could not be shown");
  expect(chat.item("t").querySelector(".goose-answer span")?.textContent).toBe(words);
});
