import { expect, it } from "vitest";
import { duration, size, tokens } from "../src/format";

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

it("size", () => expect([size(12), size(64_000), size(2_500_000)]).toEqual(["12 characters", "64 KB", "2.5 MB"]));
