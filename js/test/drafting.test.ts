import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Drafting } from "../src/drafting";
import { NOTHING, readDraft, writeDraft } from "../src/drafts";
import type { Attachment } from "../src/wire";

let count = 0;
/** Keys are those of the whole page, so each test has its own. */
let [uid, one, two] = ["", "", ""];
beforeEach(() => {
  count += 1;
  [uid, one, two] = [`uid${count}`, `one${count} /a`, `two${count} /b`];
});
afterEach(() => localStorage.clear());

const textOf = (key: string) => readDraft(key).text;
const prompt = (text: string, ...attachments: Attachment[]) => ({ text, attachments });
const file = (name: string): Attachment => ({ name, mime: "text/plain", data: "eA==" });

function drafting(key: string, text: string): Drafting {
  const made = new Drafting(key, uid);
  made.type(text);
  made.settle();
  return made;
}

describe("a session that gets its id", () => {
  it("keeps the text, under its own key", () => {
    const made = drafting(uid, "early");
    made.rekey(one);
    expect([made.draft.text, textOf(one), textOf(uid)]).toEqual(["early", "early", ""]);
  });

  it("takes up what was typed in it before", () => {
    writeDraft(one, prompt("yesterday"));
    const made = drafting(uid, "");
    made.rekey(one);
    expect(made.draft.text).toBe("yesterday");
  });

  it("loses nothing when there is text in both places", () => {
    writeDraft(one, prompt("yesterday"));
    const made = drafting(uid, "today");
    made.rekey(one);
    expect(made.draft.text).toBe("yesterday\n\ntoday");
  });
});

describe("another session", () => {
  const orders: [string, (made: Drafting) => void][] = [
    [
      "before its id",
      (made) => {
        made.another();
        made.rekey(two);
      },
    ],
    [
      "after its id",
      (made) => {
        made.rekey(two);
        made.another();
      },
    ],
    [
      "between its id and its folder",
      (made) => {
        made.rekey(`${two.split(" ")[0]} /a`);
        made.another();
        made.rekey(two);
      },
    ],
    [
      "after its id and its folder",
      (made) => {
        made.rekey(`${two.split(" ")[0]} /a`);
        made.rekey(two);
        made.another();
      },
    ],
    [
      "before its id and its folder",
      (made) => {
        made.another();
        made.rekey(`${two.split(" ")[0]} /a`);
        made.rekey(two);
      },
    ],
  ];

  it.each(orders)("has its own text when its log comes %s", (_name, open) => {
    writeDraft(two, prompt("of two"));
    const made = drafting(one, "of one");
    open(made);
    expect([made.draft.text, textOf(one), textOf(two)]).toEqual(["of two", "of one", "of two"]);
    made.settle();
    made.type("of two, more");
    expect([textOf(one), textOf(two)]).toEqual(["of one", "of two, more"]);
  });

  it.each(orders)("starts empty where nothing was typed in it, its log coming %s", (_name, open) => {
    const made = drafting(uid, "of a new one");
    open(made);
    expect([made.draft.text, textOf(uid), textOf(two)]).toEqual(["", "of a new one", ""]);
  });

  it.each(orders)("leaves what is on its way with the old one, its log coming %s", (_name, open) => {
    const made = drafting(one, "");
    const { draft } = made;
    draft.sending = [{ ...prompt("sent"), queued: false }];
    draft.write(prompt("typed"));
    open(made);
    expect([made.draft.text, made.draft.sending, textOf(one)]).toEqual(["", [], "sent\n\ntyped"]);
    draft.sending = [];
    draft.save();
    expect(textOf(one)).toBe("typed");
  });

  it("is new, and gets its id while its user types", () => {
    const made = drafting(one, "of one");
    made.rekey(uid);
    made.another();
    made.type("a new beginning");
    made.rekey(two);
    expect([made.draft.text, textOf(one), textOf(uid)]).toEqual(["a new beginning", "of one", ""]);
  });

  it("is left again before a prompt has arrived, which is then not doubled", () => {
    const made = drafting(one, "sent");
    const { draft } = made;
    Object.assign(draft, { sending: [{ ...prompt("sent"), queued: false }], text: "" });
    made.another();
    made.rekey(two);
    made.another();
    made.rekey(one);
    expect(made.draft).toBe(draft);
  });
});

it("keeps the text where only the log is another one, as after taking over a session", () => {
  const made = drafting(one, "kept");
  made.another();
  made.settle();
  expect(made.draft.text).toBe("kept");
  made.rekey(two);
  expect([made.draft.text, textOf(one)]).toEqual(["kept", ""]);
});

it("undoes no move of long ago", () => {
  const made = drafting(uid, "mine");
  made.rekey(one);
  made.settle();
  made.another();
  made.rekey(two);
  expect([made.draft.text, textOf(uid), textOf(one)]).toEqual(["", "", "mine"]);
});

it("puts a text of the kernel before what is there", () => {
  const made = drafting(one, "typed");
  made.give("asked before");
  expect([made.draft.text, textOf(one)]).toEqual(["asked before\n\ntyped", "asked before\n\ntyped"]);
});

it.each(["before", "after"])("gives a fork its text, also when its id comes %s it", (order) => {
  const made = drafting(one, "typed");
  made.another();
  if (order === "before") made.rekey(two);
  made.give("asked before");
  if (order === "after") made.rekey(two);
  expect([made.draft.text, textOf(one), textOf(two)]).toEqual(["asked before", "typed", "asked before"]);
});

describe("attachments", () => {
  it("go with the text, to the session's own key and back", () => {
    const made = drafting(uid, "look");
    const [before, more] = [file("a.txt"), file("b.txt")];
    writeDraft(two, prompt("", more));
    made.write(prompt("look", before));
    made.rekey(one);
    expect(readDraft(one)).toEqual(prompt("look", before));
    made.rekey(two);
    expect(readDraft(two)).toEqual(prompt("look", more, before));
    made.another();
    expect([made.draft.attachments, readDraft(two), readDraft(uid)]).toEqual([
      [more],
      prompt("", more),
      prompt("look", before),
    ]);
  });

  it("that went with their page are told of once", () => {
    const made = drafting(one, "");
    made.write(prompt("look", file("a.txt"), ...["b.png", "c.png"].map((name) => ({ name, mime: "", data: "" }))));
    expect(made.draft.forget()).toMatch(/^b.png, c.png were attached to your draft and are no longer here/);
    expect(made.draft.attachments).toEqual([file("a.txt")]);
    expect(made.draft.forget()).toBe("");
  });
});

it("keeps the changed text of a queued prompt until it is saved", () => {
  const { draft } = drafting(one, "typed");
  draft.edit = { id: "q1", before: "old", text: "new", saving: false };
  draft.save();
  expect(textOf(one)).toBe("new\n\ntyped");
  draft.edit = { ...draft.edit, text: "old" };
  draft.save();
  expect(textOf(one)).toBe("typed");
});

it("lays the unsent text aside when a prompt of the history is changed", () => {
  const made = drafting(one, "unsent");
  Object.assign(made.draft, { recalled: "asked", back: 1 });
  expect(textOf(one)).toBe("unsent");
  made.type("asked again");
  expect(made.draft).toMatchObject({ text: "asked again", recalled: null, back: 0, aside: ["unsent"] });
});

it("stores nothing of nothing", () => {
  writeDraft(one, prompt("x", file("a.txt")));
  writeDraft(one, NOTHING);
  expect([readDraft(one), localStorage.length]).toEqual([NOTHING, 0]);
});
