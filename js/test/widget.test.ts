import { act } from "preact/test-utils";
import { afterEach, expect, it, vi } from "vitest";
import type { Item } from "../src/wire";
import { agent, keyframe, tool, user } from "./fake";
import { show } from "./show";

afterEach(() => void vi.useRealTimers());

const ITEMS: Item[] = [
  { id: "u", kind: "user", text: "*hi*", content: [], time: 1, state: "unsure" },
  { id: "th", kind: "thought", text: "hm", started: 1, ended: null },
  { id: "p", kind: "plan", entries: [{ content: "do", status: "completed", priority: "low" }], time: 1 },
  { id: "n", kind: "notice", level: "error", text: "It broke.", detail: "why", time: 1 },
  agent("a", "**bold**", "interrupted"),
];

it("shows the keyframe at once, every item with its id and kind", () => {
  const chat = show({ transcript: keyframe(ITEMS, { seq: 9 }) });
  const shown = [...chat.el.querySelectorAll<HTMLElement>("[data-id]")].map(({ dataset }) => [
    dataset.id,
    dataset.kind,
  ]);
  expect(shown).toEqual(ITEMS.map(({ id, kind }) => [id, kind]));
  expect(chat.item("u").textContent).toContain("*hi*");
  expect(chat.item("u").textContent).toContain("may not have it");
  expect(chat.item("th").textContent).toContain("goose is thinking…");
  expect(chat.item("p").textContent).toContain("1 of 1 done");
  expect(chat.item("n").querySelector("[role=status]")?.textContent).toContain("It broke.");
  expect(chat.item("a").querySelector("strong")?.textContent).toBe("bold");
  expect(chat.item("a").textContent).toContain("Interrupted");
  expect(chat.model.actions("hello")).toMatchObject([{ have: 9 }]);
});

it("does nothing but listen before it is shown", () => {
  const model = show().model;
  expect(model.actions("prompt")).toEqual([]);
  expect(model.sent.every(({ type }) => type === "hello")).toBe(true);
});

it("streams into an item without touching the others", () => {
  vi.useFakeTimers(); // Drawing takes no time: nothing is put off.
  const chat = show({ transcript: keyframe([agent("a", "done", "done"), agent("b", "go")]) });
  const [a, b] = [chat.item("a").firstChild, chat.item("b").querySelector("p")];
  chat.change({ op: "append", id: "b", field: "text", text: " on" });
  expect(chat.item("b").textContent).toBe("go on");
  expect(chat.item("b").querySelector("p")).toBe(b);
  expect(chat.item("a").firstChild).toBe(a);
});

it("shows two views of one model, each getting every message", () => {
  const chat = show();
  const second = document.createElement("div");
  document.body.append(second);
  act(() => void chat.widget.render({ model: chat.model, el: second }));
  chat.change({ op: "add", item: agent("a", "both") });
  for (const el of [chat.el, second]) expect(el.querySelector('[data-id="a"]')?.textContent).toContain("both");
  chat.type("shared");
  expect(second.querySelector("textarea")?.value).toBe("shared");
});

it("takes everything away with the last cleanup", () => {
  const chat = show();
  chat.remove();
  chat.close();
  expect(chat.el.children).toHaveLength(0);
  expect(chat.model.listening).toBe(0);
});

it("says in the header how things are", () => {
  const models = ["gpt-5.2", "GPT-5.2 mini"].map((id) => ({ id, name: id, description: "" }));
  const chat = show({ title: "Sales", models, usage: { used: 12_345, size: 200_000 }, status: "waiting" });
  const header = chat.el.querySelector("header");
  expect(header?.textContent).toContain("Waiting for you");
  expect(header?.textContent).toContain("Sales");
  expect(header?.textContent).toContain("12k / 200k");
  expect(chat.hasButton("Copy session id")).toBe(true);
  expect([...(header?.querySelectorAll("label") ?? [])].map((label) => label.textContent)).toEqual([
    "ModeAutonomousApprove",
    "Modelgpt-5.2GPT-5.2 mini",
  ]);
});

it("names a mode without a choice, as goose web has it", () => {
  const only = { id: "auto", name: "auto", description: "goose web runs every tool by itself." };
  const chat = show({ mode: "auto", modes: [only], model: "", models: [] });
  const header = chat.el.querySelector("header");
  expect(header?.querySelector("select")).toBeNull();
  expect(header?.textContent).toContain("Mode: auto");
  expect(header?.querySelector('[title="Mode: goose web runs every tool by itself."]')).not.toBeNull();
  chat.set("mode", "approve");
  expect(header?.querySelector("select")?.value).toBe("approve");
});

it("changes the mode, and says so when that fails", async () => {
  const chat = show();
  chat.model.acknowledge("not while goose works");
  const select = chat.el.querySelector("select");
  if (!select) throw new Error("no select");
  await act(async () => {
    select.value = "auto";
    select.dispatchEvent(new Event("change", { bubbles: true }));
  });
  expect(chat.model.actions("set_mode")).toMatchObject([{ value: "auto" }]);
  expect(select.value).toBe("approve");
  expect(chat.text()).toContain("not while goose works");
});

const OFFERS = [{ id: "demo", label: "Try the demo" }];
const NO_GOOSE = {
  code: "no-goose",
  title: "No goose",
  text: "Run `brew`.",
  detail: "log",
  retry: true,
  offers: OFFERS,
};

it("shows a problem with what to do, and retries", async () => {
  const chat = show({ status: "failed" });
  chat.model.acknowledge();
  chat.set("problem", NO_GOOSE);
  expect(chat.text()).toContain("No goose");
  expect(chat.el.querySelector("[data-problem] code")?.textContent).toBe("brew");
  await chat.click("Retry");
  expect(chat.model.actions("retry")).toHaveLength(1);
});

it("offers what else can be done, once per click, and leaves the focus in the chat when it helped", async () => {
  const chat = show({ status: "failed", problem: NO_GOOSE });
  const [offer, retry] = [chat.button("Try the demo"), chat.button("Retry")];
  expect([offer.className, retry.className]).toEqual(["goose-button goose-primary", "goose-button"]);
  offer.focus();
  await chat.click("Try the demo");
  await chat.click("Try the demo");
  await chat.click("Retry");
  const [accept, ...more] = chat.model.actions("accept");
  expect(accept).toMatchObject({ type: "accept", offer: "demo" });
  expect([more, chat.model.actions("retry")]).toEqual([[], []]);
  expect([offer.getAttribute("aria-disabled"), document.activeElement === offer]).toEqual(["true", true]);

  await act(async () => chat.model.receive({ type: "ack", aid: accept?.aid, error: null }));
  chat.set("problem", null);
  expect(chat.hasButton("Try the demo")).toBe(false);
  expect(document.activeElement).toBe(chat.area());
});

it("says beside its button why an offer was refused", async () => {
  const chat = show({ status: "failed", problem: NO_GOOSE });
  chat.model.acknowledge("That is not on offer any more.");
  await chat.click("Try the demo");
  const failure = chat.el.querySelector("[data-problem] .goose-failure");
  expect(failure?.textContent).toBe("“Try the demo” did not work: That is not on offer any more.");
  chat.model.acknowledge();
  await chat.click("Retry");
  expect(failure?.textContent).toBe("");
});

it("counts down to the next attempt to reconnect", async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const reconnect = { attempt: 2, retry_at: 1008, reason: "It fell asleep." };
  const chat = show({ status: "reconnecting", reconnect });
  chat.model.acknowledge();
  expect(chat.text()).toContain("Attempt 2 in 8 s.");
  await act(async () => void (await vi.advanceTimersByTimeAsync(3000)));
  expect(chat.text()).toContain("Attempt 2 in 5 s.");
  await chat.click("Reconnect now");
  expect(chat.model.actions("retry")).toHaveLength(1);
});

it("counts down in the header too", async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const chat = show({ status: "reconnecting", reconnect: { attempt: 2, retry_at: 1002, reason: "" } });
  const status = () => chat.el.querySelector(".goose-status")?.textContent;
  expect(status()).toBe("Reconnecting in 2 s");
  await act(async () => void (await vi.advanceTimersByTimeAsync(2000)));
  expect(status()).toBe("Reconnecting…");
});

it.each([
  ["attached", "resumed", "The server still had this session"],
  ["restored", "restored", "Brought back from the file"],
] as const)("says beside the id that a session was %s", (resumed, word, meaning) => {
  const chat = show({ resumed });
  const tag = chat.el.querySelector<HTMLElement>(".goose-session .goose-tag");
  expect([tag?.textContent, tag?.title]).toEqual([word, expect.stringContaining(meaning)]);
  chat.set("resumed", "");
  expect(chat.el.querySelector(".goose-session .goose-tag")).toBeNull();
});

it("warns as long as the conversation is not being saved", () => {
  const chat = show({ unsaved: "This conversation is not being saved: The disk is full." });
  expect(chat.el.querySelector("[role=alert]")?.textContent).toBe(
    "This conversation is not being saved: The disk is full. It goes on in memory and is saved as soon as that works again.",
  );
  chat.set("unsaved", "");
  expect(chat.el.querySelector("[role=alert]")).toBeNull();
});

const CUT = {
  prompt_id: "p",
  time: new Date(2026, 10, 22, 14, 3).getTime() / 1000,
  cause: "goose ended.",
  partial: true,
};

it("offers to go on with an interrupted reply, or to ask again", async () => {
  vi.useFakeTimers({ now: new Date(2026, 10, 22, 14, 5) });
  const chat = show({ interrupted: CUT, transcript: keyframe([agent("a", "Half", "interrupted")]) });
  const bar = () => chat.el.querySelector('[aria-label="Interrupted reply"]');
  expect(bar()?.textContent).toContain("The reply was interrupted at 14:03.");
  expect(chat.item("a").textContent).toContain("Interrupted");
  expect([chat.button("Continue").className, chat.button("Retry").className]).toEqual([
    "goose-button goose-primary",
    "goose-button",
  ]);
  chat.model.acknowledge("goose is not connected.");
  await chat.click("Continue");
  expect(chat.model.actions("continue")).toHaveLength(1);
  expect(bar()?.textContent).toContain("“Continue” did not work: goose is not connected.");
  chat.model.acknowledge();
  chat.button("Retry").focus();
  await chat.click("Retry");
  expect(chat.model.actions("again")).toHaveLength(1);
  chat.set("status", "running");
  expect(bar()).toBeNull();
  expect(document.activeElement).toBe(chat.area());
});

it("offers to ask again alone when nothing of the reply came, and nothing where the session can't go on", () => {
  const chat = show({ interrupted: { ...CUT, partial: false } });
  expect([chat.hasButton("Continue"), chat.button("Retry").className]).toEqual([false, "goose-button goose-primary"]);
  chat.set("read_only", true);
  expect(chat.hasButton("Retry")).toBe(false);
  expect(chat.text()).toContain("The reply was interrupted");
});

it("forks from a user's message and from a finished reply, and says why it did not", async () => {
  const chat = show({ transcript: keyframe([user("u", "Go"), agent("a", "Done.", "done"), agent("b", "And")]) });
  chat.model.acknowledge();
  const fork = (id: string) => chat.item(id).querySelector<HTMLButtonElement>('[aria-label="Fork from here"]');
  expect(fork("b")).toBeNull();
  await act(async () => fork("u")?.click());
  chat.model.acknowledge("goose is still working.");
  await act(async () => fork("a")?.click());
  expect(chat.model.actions("fork")).toMatchObject([{ item: "u" }, { item: "a" }]);
  expect(chat.text()).toContain("“Fork from here” did not work: goose is still working.");
  chat.change({ op: "patch", id: "b", set: { state: "done" } });
  expect(fork("b")).not.toBeNull();
});

it("tells under the last message what its turn took, as far as it is known", () => {
  const chat = show({ transcript: keyframe([agent("a", "One", "done"), agent("b", "Two")]) });
  const foot = (id: string) => chat.item(id).querySelector<HTMLElement>(".goose-took")?.dataset.took;
  const turn = { duration: 12.4, first: 0.8, rate: 45.4, cost: "0.0123 USD" };
  chat.change({ op: "patch", id: "b", set: { state: "done", turn } });
  expect([foot("a"), foot("b")]).toEqual([undefined, "12 s · first token 0.8 s · 45 tokens/s · $0.0123"]);
  chat.change({ op: "patch", id: "b", set: { turn: { ...turn, first: null, rate: null, cost: null } } });
  expect(foot("b")).toBe("12 s");
});

it("warns when the kernel does not answer, until it does", async () => {
  vi.useFakeTimers();
  const chat = show();
  await act(async () => void (await vi.advanceTimersByTimeAsync(3000)));
  expect(chat.text()).toContain("The kernel does not answer.");
  chat.change({ op: "add", item: agent("a") });
  expect(chat.text()).not.toContain("The kernel does not answer.");
});

it("is visibly not live while the kernel is silent, and recovers", async () => {
  vi.useFakeTimers();
  const chat = show({ status: "running" });
  const seconds = () => chat.item("t").querySelector(".goose-tool-time")?.textContent;
  const pass = (ms: number) => act(async () => void (await vi.advanceTimersByTimeAsync(ms)));
  chat.change({ op: "add", item: tool("t", { started: Date.now() / 1000 - 30 }) });
  await pass(3000);
  expect(chat.el.querySelector(".goose-header")?.textContent).toContain("Kernel not answering");
  expect(chat.el.querySelector(".goose-widget")?.hasAttribute("data-silent")).toBe(true);
  expect(chat.button("Stop").disabled).toBe(true);
  expect(chat.button("Stop").title).toContain("The kernel does not answer");
  const stood = seconds();
  await pass(10_000);
  expect(seconds()).toBe(stood);
  expect(chat.el.querySelector(".goose-activity")).toBeNull();
  chat.set("status", "ready");
  chat.type("kept");
  expect(chat.button("Send").getAttribute("aria-disabled")).toBe("true");
  await chat.press({ key: "Enter" });
  expect([chat.area().value, chat.model.actions("prompt")]).toEqual(["kept", []]);

  chat.model.acknowledge();
  await pass(20_000);
  expect(chat.text()).not.toContain("does not answer");
  expect(chat.text()).not.toContain("Kernel not answering");
  expect(chat.button("Send").getAttribute("aria-disabled")).toBe("false");
  expect(seconds()).not.toBe(stood);
});

it("goes on in a notebook that is opened again before what was there of it is gone", () => {
  const traits = { uid: "same", transcript: keyframe([agent("a", "one")]) };
  const [before, now] = [show(traits), show(traits)];
  before.remove();
  before.close();
  now.change({ op: "append", id: "a", field: "text", text: " two" });
  expect(now.item("a").textContent).toBe("one two");
});

it("says that the kernel was restarted, and how to get the conversation back", async () => {
  vi.useFakeTimers();
  const chat = show({ session_id: null });
  chat.remove();
  let slot = (_kernel: unknown, _status: string) => {};
  const statusChanged = {
    connect: (given: typeof slot) => {
      slot = given;
    },
  };
  chat.model.widget_manager = { kernel: { statusChanged } };
  chat.model.acknowledge();
  const el = document.createElement("div");
  act(() => void chat.widget.render({ model: chat.model, el }));
  await act(async () => void (await vi.advanceTimersByTimeAsync(0)));
  chat.model.kernel = null;
  slot(null, "restarting");
  await act(async () => void (await vi.advanceTimersByTimeAsync(3000)));
  expect(el.textContent).toContain("The kernel was restarted. Run the cell again.");
  chat.set("session_id", "20261122_7");
  expect(el.textContent).toContain('Run the cell again; GooseChat("20261122_7") brings this conversation back.');
});

it("tells how long goose thought, where that is known", () => {
  const chat = show();
  const thought = { kind: "thought", text: "hm", started: 10 } as const;
  for (const [id, ended] of [
    ["now", null],
    ["long", 12],
    ["history", 10],
  ] as const)
    chat.change({ op: "add", item: { ...thought, id, ended } });
  const words = ["now", "long", "history"].map((id) => chat.item(id).querySelector("summary")?.textContent);
  expect(words).toEqual(["goose is thinking…", "Thought for 2.0 s", "Thought"]);
});

it("announces a reply when it is finished, and not its pieces", () => {
  const chat = show();
  chat.change({ op: "add", item: agent("a") });
  chat.change({ op: "append", id: "a", field: "text", text: "All done." });
  const polite = chat.el.querySelector('.goose-sr [aria-live="polite"]');
  expect(polite?.textContent).toBe("");
  chat.change({ op: "patch", id: "a", set: { state: "done" } });
  expect(polite?.textContent).toBe("goose replied: All done.");
  expect(chat.el.querySelector("[role=log]")?.getAttribute("aria-live")).toBe("polite");
});

it("goes on with a turn that outlived its connection, without doubling or moving anything", () => {
  const chat = show({ status: "running" });
  chat.change({ op: "add", item: { id: "u", kind: "user", text: "Go", content: [], time: 1, state: "sent" } });
  chat.change({ op: "add", item: tool("t", { title: "shell · ls -S" }) });
  chat.change({ op: "add", item: agent("a", "Half of ") });
  const [card, paragraph] = [chat.item("t").firstChild, chat.item("a").querySelector("p")];
  const ids = () => [...chat.el.querySelectorAll<HTMLElement>("[data-id]")].map(({ dataset }) => dataset.id);

  chat.set("reconnect", { attempt: 1, retry_at: 0, reason: "" });
  chat.set("status", "reconnecting");
  expect(chat.item("a").textContent).toBe("Half of ");
  expect(chat.hasButton("Stop")).toBe(false);
  chat.set("reconnect", null);
  chat.set("status", "running");
  expect(chat.hasButton("Stop")).toBe(true);
  expect(chat.text()).not.toContain("was lost");

  const done = { status: "completed", ended: 3, content: [{ type: "text", text: "a.csv" }] };
  chat.change({ op: "patch", id: "t", set: done }, { op: "append", id: "a", field: "text", text: "the answer." });
  chat.change({ op: "patch", id: "a", set: { state: "done" } });
  chat.set("status", "ready");
  expect(ids()).toEqual(["u", "t", "a"]);
  expect(chat.item("a").textContent).toBe("Half of the answer.");
  expect([chat.item("t").firstChild, chat.item("a").querySelector("p")]).toEqual([card, paragraph]);
  const polite = chat.el.querySelector('.goose-sr [aria-live="polite"]');
  expect(polite?.textContent).toBe("goose replied: Half of the answer.Turn ended");
});
