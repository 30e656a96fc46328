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
    { id: "1", name: "Yes", kind: "allow_once" },
    { id: "2", name: "Always", kind: "allow_always" },
    { id: "3", name: "No", kind: "reject_once" },
    { id: "4", name: "Never", kind: "reject_always" },
    { id: "5", name: "Ask my boss", kind: "delegate" },
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

it("names the tool, the whole command, the folder and every option", () => {
  const command = `echo start\n${"x".repeat(3000)}\necho end`;
  const chat = asked({ input: { command, timeout: 5 } });
  const section = chat.item("t").querySelector("section");
  expect(section?.textContent).toContain("shell (developer)");
  expect(section?.textContent).toContain(command);
  expect(section?.textContent).toContain("timeout");
  expect(section?.textContent).toContain("/home/ada");
  expect([...(section?.querySelectorAll(".goose-options button") ?? [])].map((b) => b.textContent)).toEqual(NAMES);
});

it("shows a change of a file as a whole", () => {
  const after = Array.from({ length: 900 }, (_, i) => `line ${i}`).join("\n");
  const text = asked({ input: { path: "a.py", before: "old", after } }).item("t").textContent;
  expect(text).toContain("a.py");
  expect(text).toContain("line 899");
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
