import { expect, it } from "vitest";
import { ago, clock, duration, money, size, tokens } from "../src/format";

it.each([
  [-3, "0.0 s"],
  [0.42, "0.4 s"],
  [9.96, "10 s"],
  [59.6, "1 min 0 s"],
  [125, "2 min 5 s"],
  [3700, "1 h 1 min"],
])("duration of %d seconds is %s", (seconds, text) => expect(duration(seconds)).toBe(text));

it.each([
  [999, "999"],
  [1250, "1.2k"],
  [12_345, "12k"],
  [200_000, "200k"],
  [1_000_000, "1M"],
  [1_048_576, "1M"],
])("%d tokens are %s", (count, text) => expect(tokens(count)).toBe(text));

it.each([
  ["0.012300 USD", "$0.0123"],
  ["0.003130 USD", "$0.0031"],
  ["0.000182 USD", "$0.00018"],
  ["1.500000 EUR", "€1.50"],
  ["0.000000 USD", "$0.00"],
  ["2.000000", "2.000000"],
  ["some credits", "some credits"],
])("the cost %s is %s", (cost, text) => expect(money(cost)).toBe(text));

it("size", () => expect([size(12), size(64_000), size(2_500_000)]).toEqual(["12 characters", "64 KB", "2.5 MB"]));

it.each([
  [-5, "just now"],
  [59, "just now"],
  [60, "1 min ago"],
  [3599, "59 min ago"],
  [3600, "1 h ago"],
  [86_399, "23 h ago"],
  [86_400, "yesterday"],
  [172_800, "2 days ago"],
  [30 * 86_400, new Date(1_700_000_000_000 - 30 * 86_400_000).toLocaleDateString()],
])("%d seconds ago is %s", (seconds, text) => expect(ago(1_700_000_000 - seconds, 1_700_000_000)).toBe(text));

it("tells the time of day, and of another day the date", () => {
  const at = (day: number) => new Date(2026, 10, day, 14, 3, 59).getTime() / 1000;
  expect(clock(at(22), at(22))).toBe("14:03");
  expect(clock(at(21), at(22))).toBe(`14:03 on ${new Date(2026, 10, 21).toLocaleDateString()}`);
});
