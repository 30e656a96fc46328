import { afterEach, expect, it, vi } from "vitest";
import { giveBack, NOTHING, readDraft, sizeOf, takeAgain, writeDraft } from "../src/drafts";
import type { Attachment } from "../src/wire";

afterEach(() => vi.restoreAllMocks());

const file = (name: string, data = "eA=="): Attachment => ({ name, mime: "text/plain", data });
const prompt = (text: string, ...attachments: Attachment[]) => ({ text, attachments });

it("keeps a draft, also across a reload of the page, until it is empty", async () => {
  writeDraft("s1", prompt("half a thought"));
  expect(readDraft("s1")).toEqual(prompt("half a thought"));
  expect(localStorage.getItem("goose-widget:draft:s1")).toBe("half a thought");
  writeDraft("s1", NOTHING);
  expect(readDraft("s1")).toEqual(NOTHING);
  expect(localStorage.length).toBe(0);
});

it("reads what an earlier page has stored", () => {
  localStorage.setItem("goose-widget:draft:s2", "from before");
  expect(readDraft("s2")).toEqual(prompt("from before"));
});

it("keeps attachments on the page, and their names across a reload", () => {
  writeDraft("s5", prompt("look", file("a, b.txt"), file("c.png")));
  expect(readDraft("s5").attachments).toEqual([file("a, b.txt"), file("c.png")]);
  const stored = localStorage.getItem("goose-widget:files:s5") ?? "";
  expect(JSON.stringify(localStorage)).not.toContain("eA==");
  localStorage.setItem("goose-widget:files:s6", stored);
  expect(readDraft("s6").attachments).toMatchObject([
    { name: "a, b.txt", data: "" },
    { name: "c.png", data: "" },
  ]);
});

it("works where storage is forbidden", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("denied");
  });
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
    throw new DOMException("denied");
  });
  writeDraft("s3", prompt("text"));
  expect(readDraft("s3")).toEqual(prompt("text"));
  expect(readDraft("s4")).toEqual(NOTHING);
});

it("gives text back before what was typed since, and takes it again", () => {
  const back = (given: string, typed: string) => giveBack(prompt(given), prompt(typed)).text;
  expect(back("sent", "")).toBe("sent");
  expect(back("sent", "typed")).toBe("sent\n\ntyped");
  expect(back("", "typed")).toBe("typed");
  const again = (given: string, typed: string) => takeAgain(prompt(given), prompt(typed)).text;
  expect(again("sent", "sent\n\ntyped")).toBe("typed");
  expect(again("sent", "sent")).toBe("");
  expect(again("sent", "changed")).toBe("changed");
});

it("gives attachments back once, and takes those again", () => {
  const [sent, added] = [file("a.txt"), file("b.txt")];
  const given = giveBack(prompt("x", sent), prompt("", added));
  expect(given.attachments).toEqual([sent, added]);
  expect(giveBack(prompt("x", sent), given).attachments).toEqual([sent, added]);
  expect(takeAgain(prompt("x", sent), given).attachments).toEqual([added]);
});

it.each(["", "a", "ab", "abc"])("knows the size of %j", (text) => {
  expect(sizeOf(file("a.txt", btoa(text)))).toBe(text.length);
});
