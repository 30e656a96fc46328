import { expect, it } from "vitest";
import { tool } from "./fake";
import { show } from "./show";

it.each(["__proto__", "constructor", "toString"])("shows a server's word %s, and no object gets it", (word) => {
  const before = Reflect.ownKeys(Object.prototype);
  const options = [`to ${word}`, ""].map((name) => ({ id: "no name", name, kind: word }));
  const asked = { request: "r", cwd: "/", state: "open" as const, option: null, by: "", note: "", options };
  const plan = { id: "p", kind: "plan" as const, entries: [{ content: "x", status: word, priority: word }], time: 1 };
  const chat = show();
  chat.change({ op: "add", item: plan }, { op: "add", item: tool("t", { tool_kind: word, permission: asked }) });
  expect(chat.item("p").querySelector("li")?.textContent).toBe(`x (${word})`);
  const buttons = [...chat.item("t").querySelectorAll("[aria-label=Answer] button")];
  expect(buttons.map(({ textContent }) => textContent)).toEqual([`to ${word}`, "no name"]);
  expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
});
