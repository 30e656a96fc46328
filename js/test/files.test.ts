import { expect, it } from "vitest";
import { Chat } from "../src/chat";
import { attach, detach, pasted, tooMuch } from "../src/composer/files";
import { givePart } from "../src/parts";
import * as panels from "../src/parts/panels";
import { FakeModel } from "./fake";

givePart("panels", panels);

let count = 0;
const chatWith = (accepts = ["image", "file"]) => new Chat(new FakeModel({ session_id: `files${++count}`, accepts }));
const png = (name: string, size = 3) => new File([new Uint8Array(size)], name, { type: "image/png" });
const names = (chat: Chat) => chat.drafting.draft.attachments.map(({ name }) => name);

it("reads images and texts into the draft", async () => {
  const chat = chatWith();
  await attach(chat, [
    png("plot.png"),
    new File(["ä,b\n"], "t.csv", { type: "text/csv" }),
    new File(["x"], "Makefile"),
  ]);
  expect(chat.drafting.draft.attachments).toEqual([
    { name: "plot.png", mime: "image/png", data: "AAAA" },
    { name: "t.csv", mime: "text/csv", data: "w6QsYgo=" },
    { name: "Makefile", mime: "text/plain", data: "eA==" },
  ]);
  expect(chat.remark).toBeNull();
  const [first] = chat.drafting.draft.attachments;
  if (first) detach(chat, first);
  expect(names(chat)).toEqual(["t.csv", "Makefile"]);
});

it.each([
  ["an image where none is taken", png("a.png"), ["file"], "a.png: this goose takes no images"],
  ["a text where none is taken", new File(["x"], "a.txt"), ["image"], "a.txt: this goose takes no files"],
  [
    "another kind of image",
    new File(["x"], "a.heic", { type: "image/heic" }),
    undefined,
    "only PNG, JPEG, GIF and WebP",
  ],
  ["what is too large", png("a.png", 5 * 2 ** 20 + 1), undefined, "a.png is 5.2 MB, and 5 MB can be sent"],
  ["nothing", new File([], "a.txt"), undefined, "a.txt is empty"],
  ["what is no text", new File([new Uint8Array([0xff, 0xfe])], "a.bin"), undefined, "neither an image nor text"],
  ["binary zeros", new File(["a\0b"], "a.bin"), undefined, "neither an image nor text"],
])("refuses %s, and says so", async (_name, file, accepts, why) => {
  const chat = chatWith(accepts);
  await attach(chat, [file]);
  expect(names(chat)).toEqual([]);
  expect(chat.remark).toMatchObject({ level: "error", text: expect.stringContaining(why) });
});

it("takes an SVG as the text that it is", async () => {
  const chat = chatWith();
  await attach(chat, [new File(["<svg/>"], "a.svg", { type: "image/svg+xml" })]);
  expect(names(chat)).toEqual(["a.svg"]);
});

it("says that a file can't be read, as a folder can't", async () => {
  const chat = chatWith();
  const folder = new File(["x"], "data");
  folder.arrayBuffer = () => Promise.reject(new DOMException("NotFoundError"));
  await attach(chat, [folder, png("b.png")]);
  expect(names(chat)).toEqual(["b.png"]);
  expect(chat.remark?.text).toContain("data could not be read. If it is a folder");
});

it("takes what fits together", async () => {
  const chat = chatWith();
  await attach(chat, [png("a.png", 4 * 2 ** 20), png("b.png", 3 * 2 ** 20), png("c.png", 2 ** 20)]);
  expect(names(chat)).toEqual(["a.png", "c.png"]);
  expect(chat.remark?.text).toMatch(/^b.png .*6 MB can be sent/);
  expect(tooMuch(chat.drafting.draft.attachments)).toBe("");
});

it("puts a file into the draft of the session in which it was chosen", async () => {
  const chat = chatWith();
  const { draft } = chat.drafting;
  const done = attach(chat, [png("a.png")]);
  expect(chat.reading).toBe(1);
  chat.drafting.another();
  chat.drafting.rekey("another");
  await done;
  expect([chat.reading, draft.attachments.length, names(chat)]).toEqual([0, 1, []]);
});

const clipboard = (text: string, ...files: File[]) =>
  ({ files, getData: (type: string) => (type === "text/plain" ? text : "") }) as unknown as DataTransfer;

it("pastes an image, but cells of a table as text, and files whose names are the text", () => {
  const image = png("image.png");
  expect(pasted(clipboard("", image))).toEqual([image]);
  expect(pasted(clipboard("1\t2", image))).toEqual([]);
  expect(pasted(clipboard("image.png", image))).toEqual([image]);
  expect(pasted(clipboard("text"))).toEqual([]);
  expect(pasted(null)).toEqual([]);
});
