import { afterEach, expect, it, vi } from "vitest";
import { giveBack, readDraft, takeAgain, writeDraft } from "../src/drafts";

afterEach(() => vi.restoreAllMocks());

it("keeps a draft, also across a reload of the page, until it is empty", async () => {
  writeDraft("s1", "half a thought");
  expect(readDraft("s1")).toBe("half a thought");
  expect(localStorage.getItem("goose-widget:draft:s1")).toBe("half a thought");
  writeDraft("s1", "");
  expect(readDraft("s1")).toBe("");
  expect(localStorage.length).toBe(0);
});

it("reads what an earlier page has stored", () => {
  localStorage.setItem("goose-widget:draft:s2", "from before");
  expect(readDraft("s2")).toBe("from before");
});

it("works where storage is forbidden", () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("denied");
  });
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(() => {
    throw new DOMException("denied");
  });
  writeDraft("s3", "text");
  expect(readDraft("s3")).toBe("text");
  expect(readDraft("s4")).toBe("");
});

it("gives text back before what was typed since, and takes it again", () => {
  expect(giveBack("sent", "")).toBe("sent");
  expect(giveBack("sent", "typed")).toBe("sent\n\ntyped");
  expect(takeAgain("sent", "sent\n\ntyped")).toBe("typed");
  expect(takeAgain("sent", "sent")).toBe("");
  expect(takeAgain("sent", "changed")).toBe("changed");
});
