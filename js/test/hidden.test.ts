import { expect, it } from "vitest";
import { reveal, revealed } from "../src/hidden";

it.each([
  ["\u202e", "U+202E"],
  ["\u200b", "U+200B"],
  ["\u2066", "U+2066"],
  ["\ufeff", "U+FEFF"],
  ["\u00ad", "U+00AD"],
  ["\u00a0", "U+00A0"],
  ["\u0007", "U+0007"],
  ["\r", "U+000D"],
  ["\u001b", "U+001B"],
  ["\u3164", "U+3164"],
  ["\u{e0041}", "U+E0041"],
  ["\ud800", "U+D800"],
])("shows %j as ⟦%s⟧", (character, name) => {
  expect(revealed(`a${character}b`)).toBe(`a⟦${name}⟧b`);
});

it("leaves ordinary text, line breaks, tabs and emoji alone", () => {
  const text = "if x:\n\tprint('Grüße, 日本, 🪿, ⚠️')";
  expect(reveal(text)).toEqual([{ text, hidden: false }]);
});

it("marks the pieces", () => {
  expect(reveal("\u202eab")).toEqual([
    { text: "⟦U+202E⟧", hidden: true },
    { text: "ab", hidden: false },
  ]);
});
