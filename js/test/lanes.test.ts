import { expect, it } from "vitest";
import { lanesOf } from "../src/lanes";
import { FakeModel } from "./fake";

const stop = { type: "stop" as const, aid: "1" };

it("builds a control message as Jupyter's services would, with the widget's uid", () => {
  const model = new FakeModel({ uid: "u9" }).withControlLane();
  expect(lanesOf(model).control(stop)).toBe(true);
  expect(model.control).toEqual([
    {
      header: {
        msg_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        msg_type: "goose_msg",
        session: "client",
        username: "ada",
        date: expect.stringMatching(/^\d{4}-.*Z$/),
        version: "5.3",
      },
      parent_header: {},
      metadata: {},
      channel: "control",
      content: { uid: "u9", data: stop },
      buffers: [],
    },
  ]);
});

it("leaves no rejected promise behind", async () => {
  lanesOf(new FakeModel().withControlLane()).control(stop);
  // vitest fails the run for an unhandled rejection.
  await new Promise((resolve) => setTimeout(resolve));
});

it.each([undefined, {}, { kernel: null }, { kernel: {} }])("has no control lane with the manager %j", (manager) => {
  const model = new FakeModel();
  model.widget_manager = manager;
  expect(lanesOf(model).control(stop)).toBe(false);
});
