import { expect, test, vi } from "vitest";
import { keepSaved } from "../src/saved";

const VIEW = "application/vnd.jupyter.widget-view+json";
const html = (text: string) => `<div class="goose-static">\n${text}</div>`;

type Slot = (kernel: unknown, message: unknown) => void;
type Data = Record<string, unknown>;

/** A notebook whose cells have the given outputs, in a JupyterLab with two chats, of uid `u1` and `u2`. */
function lab(...cells: Data[][]) {
  const slots = new Set<Slot>();
  const set = vi.fn();
  const outputs = (datas: Data[]) => ({
    length: datas.length,
    get: (index: number) => ({ data: datas[index] }),
    set: (index: number, output: object) => set(datas, index, output),
  });
  const manager = {
    kernel: {
      iopubMessage: {
        connect: (slot: Slot) => slots.add(slot),
        disconnect: (slot: Slot) => slots.delete(slot),
      },
    },
    context: { model: { cells: [{}, ...cells.map((datas) => ({ outputs: outputs(datas) }))] } },
    has_model: (id: string) => id === "m1" || id === "m2",
    get_model: async (id: string) => ({ get: () => `u${id.slice(1)}` }),
  };
  const update = async (id: string, data: unknown, type = "update_display_data") => {
    for (const slot of slots)
      slot({}, { header: { msg_type: type }, content: { data, transient: { display_id: id } } });
    await new Promise((resolve) => setTimeout(resolve));
  };
  // biome-ignore lint/suspicious/noExplicitAny: as much of a model as is read.
  const stop = keepSaved({ get: () => "u1", widget_manager: manager } as any);
  return { update, stop, set, slots };
}

const chat = (id: string, text = "old") => [{ [VIEW]: { model_id: id } }, { "text/html": html(text) }];
const news = { "text/html": html("new"), "text/plain": "new" };

test("an update is put into the output after the chat, wherever that is shown", async () => {
  const [first, other, second] = [chat("m1"), chat("m2"), [{ "text/plain": "1" }, ...chat("m1")]];
  const { update, set } = lab(first, other, second);
  await update("goose-u1", news);
  const output = { output_type: "display_data", data: news, metadata: {} };
  expect(set.mock.calls).toEqual([
    [first, 1, output],
    [second, 2, output],
  ]);
});

test("what is there already is not put there again", async () => {
  const { update, set } = lab(chat("m1", "new"));
  await update("goose-u1", news);
  expect(set).not.toHaveBeenCalled();
});

test("other messages and other outputs are left alone", async () => {
  const { update, set } = lab(chat("m3"), [{ [VIEW]: { model_id: "m1" } }, { "text/html": "<p>a table</p>" }], []);
  await update("goose-u1", news);
  await update("goose-u2", news);
  await update("goose-u1", news, "display_data");
  await update("goose-u1", "no data");
  expect(set).not.toHaveBeenCalled();
});

test("it stops, and where there is no JupyterLab it does nothing", () => {
  const { stop, slots } = lab();
  expect(slots.size).toBe(1);
  stop();
  expect(slots.size).toBe(0);
  for (const manager of [undefined, {}, { kernel: {} }, { kernel: { iopubMessage: {} }, context: {} }]) {
    keepSaved({ get: () => "u1" as never, widget_manager: manager })();
  }
});
