/** The fixtures are shared with the Python tests: both sides reduce the same changes to the same items. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { isItem, readInbound } from "../src/guard";
import { apply, emptyTranscript } from "../src/transcript";
import type { Offer, Outbound, Problem } from "../src/wire";
import { agent } from "./fake";
import { show } from "./show";

interface Fixture {
  /** Batches of changes, each of which leads to the next seq. */
  changes: unknown[][];
  /** What they lead to. */
  items: unknown[];
}

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "tests", "fixtures", "wire");

const EXAMPLE: Fixture = {
  changes: [
    [{ op: "add", item: agent("a", "Hel") }],
    [
      { op: "append", id: "a", field: "text", text: "lo" },
      { op: "patch", id: "a", set: { state: "done" } },
      { op: "add", item: agent("b") },
      { op: "remove", id: "b" },
    ],
  ],
  items: [agent("a", "Hello", "done")],
};

const LISTS = ["actions.json", "problems.json"];
const read = <T>(name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as T;

function fixtures(): [string, Fixture][] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json") && !LISTS.includes(name));
  return [["of this file", EXAMPLE], ...names.map((name): [string, Fixture] => [name, read(name)])];
}

it.each(fixtures())("fixture %s passes the guard and leads to its items", (_name, { changes, items }) => {
  const transcript = emptyTranscript();
  for (const [index, batch] of changes.entries()) {
    const { message, refused } = readInbound({ type: "changes", log: "", from: index, seq: index + 1, changes: batch });
    expect(refused).toBe(0);
    if (message?.type !== "changes") throw new Error("not changes");
    expect(apply(transcript, message)).toMatchObject({ kind: "changed", refused: 0 });
  }
  expect([...transcript.items.values()]).toEqual(items);
  expect(items.every(isItem)).toBe(true);
});

it("sends the actions that the kernel understands", () => {
  const actions: Outbound[] = [
    { aid: "a1", type: "hello", have: 7, log: "l1" },
    {
      aid: "a2",
      type: "prompt",
      text: "Grüße 👩‍👩‍👧\n",
      attachments: [{ name: "a.csv", mime: "text/csv", data: "YSxi" }],
    },
    { aid: "a19", type: "edit_queued", id: "q1", text: "more" },
    { aid: "a20", type: "remove_queued", id: "q1" },
    { aid: "a21", type: "send_queued", id: "q1" },
    { aid: "a22", type: "steer", text: "less" },
    { aid: "a23", type: "files", query: "no" },
    { aid: "a24", type: "part", name: "maths" },
    { aid: "a3", type: "stop" },
    { aid: "a4", type: "answer", request: "r", option: "allow_once" },
    { aid: "a5", type: "set_mode", value: "auto" },
    { aid: "a6", type: "set_model", value: "gpt-5.2" },
    { aid: "a7", type: "retry" },
    { aid: "a8", type: "accept", offer: "demo" },
    { aid: "a9", type: "earlier", before: "i300" },
    { aid: "a9a", type: "find", query: "join" },
    { aid: "a9b", type: "around", item: "i7" },
    { aid: "a10", type: "continue" },
    { aid: "a11", type: "again" },
    { aid: "a12", type: "sessions", query: "join" },
    { aid: "a13", type: "open", key: "k1" },
    { aid: "a14", type: "new_session" },
    { aid: "a15", type: "rename", title: "Sales by region" },
    { aid: "a16", type: "fork", item: "i7" },
    { aid: "a17", type: "delete", key: "k1" },
    { aid: "a18", type: "export", format: "ipynb" },
  ];
  expect(actions).toEqual(read("actions.json"));
});

it.each(read<Problem[]>("problems.json").map((problem): [string, Problem] => [problem.code, problem]))(
  "the problem %s has a button for each way on",
  (code, problem) => {
    const chat = show({ status: "failed", problem });
    const banner = chat.el.querySelector(`[data-problem="${code}"]`);
    expect(banner?.textContent).toContain(problem.title);
    expect(banner?.textContent).toContain(problem.detail);
    const labels = [...(banner?.querySelectorAll("button") ?? [])].map((button) => button.textContent);
    expect(labels).toEqual([...problem.offers.map((offer: Offer) => offer.label), ...(problem.retry ? ["Retry"] : [])]);
  },
);
