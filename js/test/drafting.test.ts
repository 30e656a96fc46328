import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Drafting } from "../src/drafting";
import { readDraft, writeDraft } from "../src/drafts";

let count = 0;
/** Keys are those of the whole page, so each test has its own. */
let [uid, one, two] = ["", "", ""];
beforeEach(() => {
  count += 1;
  [uid, one, two] = [`uid${count}`, `one${count} /a`, `two${count} /b`];
});
afterEach(() => localStorage.clear());

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
    expect([made.draft.text, readDraft(one), readDraft(uid)]).toEqual(["early", "early", ""]);
  });

  it("takes up what was typed in it before", () => {
    writeDraft(one, "yesterday");
    const made = drafting(uid, "");
    made.rekey(one);
    expect(made.draft.text).toBe("yesterday");
  });

  it("loses nothing when there is text in both places", () => {
    writeDraft(one, "yesterday");
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
    writeDraft(two, "of two");
    const made = drafting(one, "of one");
    open(made);
    expect([made.draft.text, readDraft(one), readDraft(two)]).toEqual(["of two", "of one", "of two"]);
    made.settle();
    made.type("of two, more");
    expect([readDraft(one), readDraft(two)]).toEqual(["of one", "of two, more"]);
  });

  it.each(orders)("starts empty where nothing was typed in it, its log coming %s", (_name, open) => {
    const made = drafting(uid, "of a new one");
    open(made);
    expect([made.draft.text, readDraft(uid), readDraft(two)]).toEqual(["", "of a new one", ""]);
  });

  it.each(orders)("leaves what is on its way with the old one, its log coming %s", (_name, open) => {
    const made = drafting(one, "");
    const { draft } = made;
    draft.sending = ["sent"];
    draft.write("typed");
    open(made);
    expect([made.draft.text, made.draft.sending, readDraft(one)]).toEqual(["", [], "sent\n\ntyped"]);
    draft.sending = [];
    draft.save();
    expect(readDraft(one)).toBe("typed");
  });

  it("is new, and gets its id while its user types", () => {
    const made = drafting(one, "of one");
    made.rekey(uid);
    made.another();
    made.type("a new beginning");
    made.rekey(two);
    expect([made.draft.text, readDraft(one), readDraft(uid)]).toEqual(["a new beginning", "of one", ""]);
  });

  it("is left again before a prompt has arrived, which is then not doubled", () => {
    const made = drafting(one, "sent");
    const { draft } = made;
    Object.assign(draft, { sending: ["sent"], text: "" });
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
  expect([made.draft.text, readDraft(one)]).toEqual(["kept", ""]);
});

it("undoes no move of long ago", () => {
  const made = drafting(uid, "mine");
  made.rekey(one);
  made.settle();
  made.another();
  made.rekey(two);
  expect([made.draft.text, readDraft(uid), readDraft(one)]).toEqual(["", "", "mine"]);
});

it("puts a text of the kernel before what is there", () => {
  const made = drafting(one, "typed");
  made.give("asked before");
  expect([made.draft.text, readDraft(one)]).toEqual(["asked before\n\ntyped", "asked before\n\ntyped"]);
});

it.each(["before", "after"])("gives a fork its text, also when its id comes %s it", (order) => {
  const made = drafting(one, "typed");
  made.another();
  if (order === "before") made.rekey(two);
  made.give("asked before");
  if (order === "after") made.rekey(two);
  expect([made.draft.text, readDraft(one), readDraft(two)]).toEqual(["asked before", "typed", "asked before"]);
});
