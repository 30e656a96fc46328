import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Chat } from "../src/chat";
import { readDraft } from "../src/drafts";
import { TIMING } from "../src/outbox";
import { agent, session as entry, FakeModel, keyframe, texts } from "./fake";

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let count = 0;
/** Drafts are kept by session for the whole page, so each test has its own. */
function chatWith(model = new FakeModel({ session_id: `s${++count}` })) {
  return { model, chat: new Chat(model), session: model.get("session_id") ?? model.get("uid") };
}

const textOf = (key: string) => readDraft(key).text;
const draftOf = (session: string) => textOf(`${session} ${new FakeModel().get("cwd")}`);
const flush = () => vi.advanceTimersByTimeAsync(0);

describe("the transcript", () => {
  it("starts with the keyframe", () => {
    const { chat } = chatWith(new FakeModel({ transcript: keyframe([agent("a", "hi")], { seq: 4 }) }));
    expect([chat.transcript.seq, ...chat.transcript.items.keys()]).toEqual([4, "a"]);
  });

  it("asks for what is missing once, with the seq it has", async () => {
    const { model } = chatWith();
    model.receive({ type: "changes", log: "l1", from: 3, seq: 4, changes: [] });
    model.receive({ type: "changes", log: "l1", from: 4, seq: 5, changes: [] });
    expect(model.actions("hello")).toMatchObject([{ have: 0, log: "l1" }]);
  });

  it("asks again when what came is another conversation's", async () => {
    const { model } = chatWith(new FakeModel({ transcript: keyframe([], { seq: 3 }) }));
    model.receive({ type: "changes", log: "l2", from: 3, seq: 4, changes: [] });
    expect(model.actions("hello")).toMatchObject([{ have: 3, log: "l1" }]);
    model.receive({ type: "snapshot", ...keyframe([agent("b")], { log: "l2", seq: 3 }) });
    model.receive({ type: "changes", log: "l2", from: 9, seq: 10, changes: [] });
    expect(model.actions("hello")).toMatchObject([{ log: "l1" }, { have: 3, log: "l2" }]);
  });

  it("asks for what is before its first item", () => {
    const { model, chat } = chatWith(new FakeModel({ transcript: keyframe(texts(7, 9), { earlier: 7 }) }));
    void chat.earlier();
    expect(model.actions("earlier")).toMatchObject([{ before: "i7" }]);
    model.receive({ type: "earlier", log: "l1", items: texts(5, 7), earlier: 5 });
    expect([...chat.transcript.items.keys()]).toEqual(["i5", "i6", "i7", "i8"]);
  });

  it("forgets what was opened with another conversation, and not when more of this one was read", () => {
    const { model, chat } = chatWith();
    chat.opened.set("i1", true);
    for (const log of ["l1", "l1/a", "l1/b"]) {
      model.receive({ type: "snapshot", ...keyframe([], { log }) });
      expect(chat.opened.size).toBe(1);
    }
    model.receive({ type: "changes", log: "l1/c", from: 0, seq: 1, changes: [] });
    expect(model.actions("hello")).toMatchObject([{ log: "l1/b" }]);
    model.receive({ type: "snapshot", ...keyframe([], { log: "l2" }) });
    expect(chat.opened.size).toBe(0);
  });

  it("says that something was not understood, and goes on", () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { model, chat } = chatWith();
    model.receive({
      type: "changes",
      log: "l1",
      from: 0,
      seq: 1,
      changes: [{ op: "explode" }, { op: "add", item: agent("a") }],
    });
    expect(chat.remark).toMatchObject({ level: "error", text: expect.stringContaining("could not be shown") });
    expect(chat.transcript.items.has("a")).toBe(true);
    expect(console.warn).toHaveBeenCalledOnce();
  });
});

describe("the heartbeat", () => {
  it("says hello when the first view is shown, then every 20 s, and stops with the last view", async () => {
    const { model, chat } = chatWith();
    model.acknowledge();
    const detach = chat.attach();
    expect(model.actions("hello")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(model.actions("hello")).toHaveLength(3);
    detach();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(model.actions("hello")).toHaveLength(3);
  });

  it("says hello when the page is online again", async () => {
    const { model, chat } = chatWith();
    model.acknowledge();
    chat.attach();
    await flush();
    window.dispatchEvent(new Event("online"));
    expect(model.actions("hello")).toHaveLength(2);
  });

  it("notices a kernel that does not answer, on either lane, and one that does again", async () => {
    const model = new FakeModel().withControlLane();
    const { chat } = chatWith(model);
    chat.attach();
    await vi.advanceTimersByTimeAsync(TIMING.giveUp);
    expect(model.control).toHaveLength(1);
    expect(chat.silent).toBe(true);
    model.acknowledge();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(chat.silent).toBe(false);
  });
});

describe("a prompt", () => {
  it("leaves the draft when it is acknowledged", async () => {
    const { model, chat, session } = chatWith();
    model.acknowledge();
    chat.type("hello goose");
    const done = chat.prompt();
    expect([chat.draft, chat.sending]).toMatchObject(["", [{ text: "hello goose" }]]);
    expect(draftOf(session)).toBe("hello goose");
    await flush();
    await done;
    expect(model.actions("prompt")).toMatchObject([{ text: "hello goose" }]);
    expect([chat.draft, chat.sending, draftOf(session)]).toEqual(["", [], ""]);
  });

  it("comes back with the reason when it is refused, before what was typed meanwhile", async () => {
    const { model, chat, session } = chatWith();
    model.acknowledge("goose is working on something else");
    chat.type("one");
    const done = chat.prompt();
    chat.type("two");
    expect(draftOf(session)).toBe("one\n\ntwo");
    await flush();
    await done;
    expect(chat.draft).toBe("one\n\ntwo");
    expect(chat.remark?.text).toContain("goose is working on something else");
  });

  it("comes back when nothing answers, and goes when it was delivered after all", async () => {
    const { model, chat } = chatWith();
    chat.type("patience");
    const done = chat.prompt();
    await vi.advanceTimersByTimeAsync(TIMING.giveUp);
    await done;
    expect(chat.draft).toBe("patience");
    expect(chat.remark).toMatchObject({ level: "error", text: expect.stringContaining("not delivered") });
    const { aid } = model.actions("prompt")[0] ?? { aid: "" };
    model.receive({ type: "ack", aid, error: null });
    expect(chat.draft).toBe("");
    expect(chat.remark?.level).toBe("info");
  });

  it("is not lost when the widget is closed", async () => {
    const { chat, session } = chatWith();
    chat.type("keep me");
    const done = chat.prompt();
    chat.close();
    await done;
    expect(draftOf(session)).toBe("keep me");
  });
});

describe("a long conversation", () => {
  const grown = (by: number, ...readers: boolean[]) => {
    const { model, chat } = chatWith(new FakeModel({ transcript: keyframe(texts(0, 1990)) }));
    for (const atEnd of readers) chat.addReader(() => atEnd);
    const changes = texts(1990, 1990 + by).map((item) => ({ op: "add", item }));
    model.receive({ type: "changes", log: "l1", from: 0, seq: by, changes });
    return { model, chat };
  };

  it("is held by its newest 1,000 items when it has more than 2,000", () => {
    const { chat } = grown(11, true, true);
    expect([chat.transcript.items.size, chat.transcript.earlier]).toEqual([1000, 1001]);
    expect([...chat.transcript.items.keys()].at(0)).toBe("i1001");
  });

  it.each([
    ["has fewer", 10, [true]],
    ["has a reader who is elsewhere", 50, [true, false]],
  ])("is held as it is while it %s", (_name, by, readers) => {
    const { chat } = grown(by, ...readers);
    expect([chat.transcript.items.size, chat.transcript.earlier]).toEqual([1990 + by, 0]);
  });

  it("is not dropped again as soon as the earlier items were asked for", () => {
    const { model, chat } = grown(11, true);
    model.receive({ type: "earlier", log: "l1", items: texts(0, 1001), earlier: 0 });
    expect(chat.transcript.items.size).toBe(2001);
  });
});

describe("what the kernel says", () => {
  it("is shown as a remark", () => {
    const { model, chat } = chatWith();
    model.receive({ type: "remark", level: "info", text: "Exported to chat.md." });
    expect(chat.remark).toEqual({ level: "info", text: "Exported to chat.md." });
  });

  it("is put into the draft, before what is there", () => {
    const { model, chat } = chatWith();
    chat.type("and this");
    model.receive({ type: "draft", text: "asked before" });
    expect(chat.draft).toBe("asked before\n\nand this");
  });

  it("lists the sessions that were asked for, and not those of another page", () => {
    const { model, chat } = chatWith();
    void chat.search("join");
    expect(model.actions("sessions")).toMatchObject([{ query: "join" }]);
    model.receive({ type: "sessions", query: "", sessions: [entry("a")] });
    expect(chat.sessions).toBeNull();
    model.receive({ type: "sessions", query: "join", sessions: [entry("b")] });
    expect(chat.sessions).toEqual({ query: "join", list: [entry("b")] });
  });
});

describe("the draft", () => {
  it("outlives the widget", () => {
    const { chat, session } = chatWith();
    chat.type("half");
    chat.close();
    expect(chatWith(new FakeModel({ session_id: session })).chat.draft).toBe("half");
    expect(chatWith(new FakeModel({ session_id: session, cwd: "/another/folder" })).chat.draft).toBe("");
  });

  it("moves to the session when that becomes known", () => {
    const { model, chat } = chatWith(new FakeModel({ session_id: null, uid: "fresh" }));
    chat.type("early");
    expect(textOf("fresh")).toBe("early");
    model.set("session_id", "20261122_99");
    expect([textOf("fresh"), draftOf("20261122_99"), chat.draft]).toEqual(["", "early", "early"]);
  });
});

describe("another session in the same widget", () => {
  const open = (model: FakeModel, id: string) => {
    model.set("session_id", id);
    model.receive({ type: "snapshot", ...keyframe([], { log: id }) });
  };

  it("has a draft of its own, and the one before is there again when one returns", async () => {
    const { model, chat, session } = chatWith();
    model.acknowledge();
    chat.type("of one");
    open(model, "another");
    expect([chat.draft, draftOf(session)]).toEqual(["", "of one"]);
    chat.type("of another");
    await chat.do({ type: "open", key: "k" });
    open(model, session);
    expect([chat.draft, draftOf("another")]).toEqual(["of one", "of another"]);
  });

  it("does not get the prompt that the one before did not take", async () => {
    const { model, chat, session } = chatWith();
    model.acknowledge("goose is working on something else");
    chat.type("for one");
    const done = chat.prompt();
    open(model, "a third");
    expect([chat.draft, chat.sending]).toEqual(["", []]);
    await flush();
    await done;
    expect([chat.draft, draftOf(session)]).toEqual(["", "for one"]);
    expect(chat.remark?.text).toContain("goose is working on something else");
  });
});

describe("a draft whose view is gone", () => {
  const left = (place: Element | null = null) => {
    const { chat, session } = chatWith();
    const detach = chat.attach();
    chat.type("unsent");
    detach(place);
    return { chat, session };
  };
  const next = (model?: FakeModel) => {
    const { chat, session } = chatWith(model);
    chat.attach();
    return { chat, session };
  };

  it("is taken over by a new chat, as when its cell is run again", () => {
    const before = left();
    const { chat, session } = next(new FakeModel({ session_id: null, uid: "again" }));
    expect([chat.draft, textOf(session)]).toEqual(["unsent", "unsent"]);
    expect([before.chat.draft, draftOf(before.session)]).toEqual(["", ""]);
    expect(next().chat.draft).toBe("");
  });

  it("is not taken over after a minute", () => {
    const { session } = left();
    vi.advanceTimersByTime(61_000);
    expect([next().chat.draft, draftOf(session)]).toEqual(["", "unsent"]);
  });

  it("is not taken over by a chat that has text or messages of its own", () => {
    left();
    const { chat } = chatWith();
    chat.type("mine");
    chat.attach();
    expect(chat.draft).toBe("mine");
    left();
    const items = [agent("a", "hi")];
    expect(next(new FakeModel({ session_id: "old", transcript: keyframe(items) })).chat.draft).toBe("");
  });

  it("stays with its own chat when the notebook was closed", () => {
    const { session } = left(document.createElement("div"));
    expect(next().chat.draft).toBe("");
    expect(next(new FakeModel({ session_id: session })).chat.draft).toBe("unsent");
  });

  it("stays with its own chat when that is shown again", () => {
    const { session } = left();
    expect(next(new FakeModel({ session_id: session })).chat.draft).toBe("unsent");
    expect(next().chat.draft).toBe("");
  });
});

describe("a kernel that restarts", () => {
  const watched = () => {
    const slots = new Set<(kernel: unknown, status: string) => void>();
    const model = new FakeModel({ session_id: `s${++count}` }).withControlLane();
    const statusChanged = { connect: slots.add.bind(slots), disconnect: slots.delete.bind(slots) };
    Object.assign((model.widget_manager as { kernel: object }).kernel, { statusChanged });
    const { chat } = chatWith(model);
    const status = (status: string) => {
      for (const slot of slots) slot(null, status);
    };
    return { model, chat, slots, status };
  };

  it.each([
    ["restarting", true],
    ["autorestarting", true],
    ["dead", false],
  ])("is asked at once when it is %s", async (name, restarted) => {
    const { model, chat, status } = watched();
    model.acknowledge();
    chat.attach();
    await flush();
    model.kernel = null;
    status("busy");
    expect(model.actions("hello")).toHaveLength(1);
    status(name);
    expect(model.actions("hello")).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(TIMING.giveUp);
    expect([chat.silent, chat.restarted]).toEqual([true, restarted]);
  });

  it("is not watched any more when the last view is gone", () => {
    const { chat, slots } = watched();
    const detach = chat.attach();
    expect(slots.size).toBe(1);
    detach();
    expect(slots.size).toBe(0);
  });
});

it("removes its listeners when it is closed", () => {
  const { model, chat } = chatWith();
  expect(model.listening).toBeGreaterThan(0);
  chat.close();
  expect(model.listening).toBe(0);
});
