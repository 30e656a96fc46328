import { expect, it, vi } from "vitest";
import { agent } from "./fake";
import { show } from "./show";

const ANSWER = "```python\nx = 1\n```\n\n```sh\nls\n```\n\n```\ny\n```\n";

/** A notebook whose cells show the models with these names. */
function notebook(...cells: string[]) {
  const inserted: [number, object][] = [];
  const outputs = (id: string) => [{ data: { "text/plain": "x" } }, { data: { [VIEW]: { model_id: id } } }];
  const manager = {
    context: {
      model: {
        cells: cells.map((id) => (id === "" ? {} : { outputs: { length: 2, get: (at: number) => outputs(id)[at] } })),
        sharedModel: { insertCell: (index: number, cell: object) => inserted.push([index, cell]) },
      },
    },
    has_model: (id: string) => id !== "gone",
    get_model: async (id: string) => ({ get: () => id }),
  };
  return { manager, inserted };
}

const VIEW = "application/vnd.jupyter.widget-view+json";

it("puts code into a new cell below the chat's", async () => {
  const { manager, inserted } = notebook("", "other", "gone", "mine", "mine");
  const chat = show({ uid: "mine" }, manager);
  chat.change({ op: "add", item: agent("a", ANSWER, "done") });
  expect(chat.el.querySelector("section")?.dataset.cells).toBe("");
  expect(chat.el.querySelectorAll(".goose-to-cell")).toHaveLength(2);
  await chat.click("Insert into a new cell");
  await vi.waitFor(() => expect(inserted).toEqual([[4, { cell_type: "code", source: "x = 1", metadata: {} }]]));
  expect(chat.text()).toContain("The code is in a new cell below.");
});

it("takes the cell on the page where several show the chat", async () => {
  const { manager, inserted } = notebook("mine2", "mine2");
  const chat = show({ uid: "mine2" }, manager);
  const cell = document.createElement("div");
  cell.className = "jp-Cell";
  cell.dataset.windowedListIndex = "1";
  chat.el.replaceWith(cell);
  cell.append(chat.el);
  chat.change({ op: "add", item: agent("a", ANSWER, "done") });
  await chat.click("Insert into a new cell");
  await vi.waitFor(() => expect(inserted[0]?.[0]).toBe(2));
});

it("says so where the chat's cell is not in the notebook", async () => {
  const { manager, inserted } = notebook("other");
  const chat = show({ uid: "mine3" }, manager);
  chat.change({ op: "add", item: agent("a", ANSWER, "done") });
  await chat.click("Insert into a new cell");
  await vi.waitFor(() => expect(chat.text()).toContain("The code was not inserted"));
  expect(inserted).toEqual([]);
});

it("says so where what inserts it can't be had", async () => {
  type Entries = Map<string, { module?: unknown; notBefore: number }>;
  const panels = (globalThis as unknown as Record<symbol, { entries: Entries }>)[
    Symbol.for("goose-widget ")
  ]?.entries.get("panels");
  const { manager, inserted } = notebook("mine4");
  const chat = show({ uid: "mine4" }, manager);
  chat.change({ op: "add", item: agent("a", ANSWER, "done") });
  const before = { ...panels };
  Object.assign(panels ?? {}, { module: undefined, notBefore: Number.POSITIVE_INFINITY });
  await chat.click("Insert into a new cell");
  Object.assign(panels ?? {}, before);
  expect(chat.text()).toContain("The code was not inserted: the kernel does not answer.");
  expect(inserted).toEqual([]);
});

it("offers nothing where there is no notebook", () => {
  for (const [index, manager] of [
    undefined,
    {},
    { context: {} },
    { context: { model: { cells: [] } }, get_model: () => null },
  ].entries()) {
    const chat = show({ uid: `none${index}` }, manager);
    expect(chat.el.querySelector("section")?.hasAttribute("data-cells")).toBe(false);
  }
});
