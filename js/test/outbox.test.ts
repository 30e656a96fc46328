import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Outbox, TIMING } from "../src/outbox";
import type { Outbound } from "../src/wire";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function outbox() {
  const comm: Outbound[] = [];
  const control: Outbound[] = [];
  const box = new Outbox({
    comm: (message) => comm.push(message),
    control: (message) => {
      control.push(message);
      return true;
    },
  });
  const aid = () => comm.at(-1)?.aid ?? "";
  return { box, comm, control, aid };
}

describe("Outbox", () => {
  it("sends over the comm and settles with the ack", async () => {
    const { box, comm, control, aid } = outbox();
    const outcome = box.send({ type: "stop" });
    expect(comm).toMatchObject([{ type: "stop" }]);
    box.acked(aid(), null);
    expect(await outcome).toEqual({ state: "done" });
    vi.advanceTimersByTime(10_000);
    expect(control).toEqual([]);
  });

  it("gives each action an aid of its own", () => {
    const { box, comm } = outbox();
    void box.send({ type: "stop" });
    void box.send({ type: "stop" });
    expect(comm[0]?.aid).toMatch(/^[0-9a-f]{32}$/);
    expect(comm[0]?.aid).not.toBe(comm[1]?.aid);
  });

  it("repeats the same action on the control lane when no ack comes soon", async () => {
    const { box, comm, control, aid } = outbox();
    const outcome = box.send({ type: "stop" });
    vi.advanceTimersByTime(TIMING.repeat - 1);
    expect(control).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(control).toEqual(comm);
    box.acked(aid(), null);
    expect(await outcome).toEqual({ state: "done" });
  });

  it("passes on why an action was refused", async () => {
    const { box, aid } = outbox();
    const outcome = box.send({ type: "prompt", text: "x", attachments: [] });
    box.acked(aid(), "goose is busy");
    expect(await outcome).toEqual({ state: "refused", error: "goose is busy" });
  });

  it("gives up, and tells of an ack that comes too late once", async () => {
    const { box, aid } = outbox();
    const late = vi.fn();
    const outcome = box.send({ type: "prompt", text: "x", attachments: [] }, late);
    vi.advanceTimersByTime(TIMING.giveUp);
    expect(await outcome).toEqual({ state: "undelivered" });
    box.acked(aid(), null);
    box.acked(aid(), null);
    expect(late.mock.calls).toEqual([[{ state: "done" }]]);
  });

  it("survives lanes that throw", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const fail = () => {
      throw new Error("Kernel is dead");
    };
    const outcome = new Outbox({ comm: fail, control: fail }).send({ type: "stop" });
    vi.advanceTimersByTime(TIMING.giveUp);
    expect(await outcome).toEqual({ state: "undelivered" });
  });

  it("settles everything when it is closed", async () => {
    const { box } = outbox();
    const outcome = box.send({ type: "stop" });
    box.close();
    expect(await outcome).toEqual({ state: "undelivered" });
    expect(vi.getTimerCount()).toBe(0);
  });
});
