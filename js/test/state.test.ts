import { describe, expect, it } from "vitest";
import { secondsToRetry, stateOf } from "../src/view/state";
import type { Problem, Traits } from "../src/wire";
import { FakeModel } from "./fake";

function facts(traits: Partial<Traits>, silent = false) {
  const model = new FakeModel(traits);
  return { get: model.get.bind(model), silent };
}

const words = (traits: Partial<Traits>, silent = false) => stateOf(facts(traits, silent), 1000)[1];
const problem = (code: string): Problem => ({ code, title: "", text: "", detail: "", retry: true, offers: [] });
const interrupted = { prompt_id: "p", time: 1, cause: "It fell asleep.", partial: true };

describe("the state in the header", () => {
  it.each<[string, Partial<Traits>]>([
    ["Connecting…", { status: "connecting" }],
    ["Ready", { status: "ready" }],
    ["Working…", { status: "running" }],
    ["Waiting for you", { status: "waiting" }],
    ["Interrupted", { status: "ready", interrupted }],
    ["Working…", { status: "running", interrupted }],
    ["Reconnecting in 8 s", { status: "reconnecting", reconnect: { attempt: 2, retry_at: 1007.2, reason: "" } }],
    ["Reconnecting…", { status: "reconnecting", reconnect: { attempt: 2, retry_at: 1000, reason: "" } }],
    ["Reconnecting…", { status: "reconnecting" }],
    ["Offline", { status: "failed", problem: problem("refused") }],
    ["Offline", { status: "failed", problem: problem("crashed") }],
    ["Not connected", { status: "failed", problem: problem("no-goose") }],
    ["Not connected", { status: "failed", problem: problem("wrong-key") }],
    ["Not connected", { status: "failed" }],
    ["Read only", { status: "ready", read_only: true, interrupted }],
    ["Closed", { status: "closed" }],
  ])("is %s", (expected, traits) => expect(words(traits)).toBe(expected));

  it("is unknown while the kernel does not answer", () => {
    expect(stateOf(facts({ status: "running" }, true), 0)).toEqual(["silent", "Kernel not answering"]);
  });
});

it("counts no seconds to an attempt of an earlier time", () => {
  const reconnect = { attempt: 1, retry_at: 1008, reason: "" };
  expect(secondsToRetry(facts({ status: "ready", reconnect }), 1000)).toBe(0);
});
