import { beforeEach, expect, it } from "vitest";
import { Chat } from "../src/chat";
import { leadsOut, recall } from "../src/composer/history";
import { agent, FakeModel, keyframe, user } from "./fake";

let count = 0;
let chat: Chat;
let model: FakeModel;
beforeEach(() => {
  const items = [user("u1", "first"), agent("a1", "reply"), user("u2", "second"), user("u3", "second")];
  model = new FakeModel({ session_id: `history${++count}`, transcript: keyframe(items) });
  chat = new Chat(model);
});

/** What is shown after each step. */
const walk = (...steps: (1 | -1)[]) => steps.map((step) => (recall(chat, step) ? chat.draft : "—"));

it("shows what was asked, newest first, once, and the draft again on the way down", () => {
  chat.type("unsent");
  expect(walk(1, 1, 1, -1, -1, -1)).toEqual(["second", "first", "—", "second", "unsent", "—"]);
});

it("begins with what waits in the queue", () => {
  const waiting = ["third", "fourth"].map((text) => ({ id: text, text, attachments: [], steers: false }));
  model.set("queue", waiting);
  expect(walk(1, 1, 1)).toEqual(["fourth", "third", "second"]);
});

it("does not offer what is written already", () => {
  chat.type("second");
  expect(walk(1)).toEqual(["first"]);
});

it("asks for earlier messages when it is at the end of those that are here", () => {
  model = new FakeModel({ transcript: keyframe([user("u9", "only")], { earlier: 5 }) });
  chat = new Chat(model);
  expect(walk(1, 1)).toEqual(["only", "—"]);
  expect(model.actions("earlier")).toMatchObject([{ before: "u9" }]);
});

it("loses neither the draft nor a changed prompt", () => {
  chat.type("unsent");
  walk(1);
  chat.type("second, changed");
  expect(walk(1, 1, -1, -1)).toEqual(["unsent", "second", "unsent", "second, changed"]);
});

it("gives the draft back when a prompt of the history was sent", async () => {
  model.acknowledge();
  chat.type("unsent");
  walk(1);
  await chat.prompt();
  expect(model.actions("prompt")).toMatchObject([{ text: "second" }]);
  expect(chat.draft).toBe("unsent");
});

it.each([
  ["|", 1, "yes"],
  ["one|", 1, "perhaps"],
  ["|one", -1, "perhaps"],
  ["one|", -1, "yes"],
  ["one\n|two", 1, "no"],
  ["one\ntw|o", -1, "perhaps"],
  ["on|e\ntwo", -1, "no"],
] as const)("leads out of %j by %i: %s", (text, step, leads) => {
  const field = document.createElement("textarea");
  field.value = text.replace("|", "");
  field.setSelectionRange(text.indexOf("|"), text.indexOf("|"));
  expect(leadsOut(field, step)).toBe(leads);
});

it("does not lead out of a selection", () => {
  const field = document.createElement("textarea");
  field.value = "one";
  field.select();
  expect(leadsOut(field, 1)).toBe("no");
});
