import { afterEach, expect, it } from "vitest";
import { followTheme, themeOf } from "../src/theme";

afterEach(() => {
  for (const name of Object.keys(document.body.dataset)) delete document.body.dataset[name];
});

it.each([
  [{ jpThemeLight: "true" }, true, "light"],
  [{ jpThemeLight: "false" }, false, "dark"],
  [{ vscodeThemeKind: "vscode-light" }, true, "light"],
  [{ vscodeThemeKind: "vscode-high-contrast-light" }, true, "light"],
  [{ vscodeThemeKind: "vscode-high-contrast" }, false, "dark"],
  [{ theme: "dark" }, false, "dark"],
  [{ theme: "system" }, true, "dark"],
  [{}, false, "light"],
])("body %j, dark preferred %j: %s", (data, dark, theme) => {
  Object.assign(document.body.dataset, data);
  expect(themeOf(document.body, dark)).toBe(theme);
});

it("follows the host until it is told to stop", async () => {
  const root = document.createElement("div");
  const lifetime = new AbortController();
  followTheme(root, lifetime.signal);
  document.body.dataset.jpThemeLight = "false";
  await new Promise((resolve) => setTimeout(resolve));
  expect(root.dataset.theme).toBe("dark");
  lifetime.abort();
  document.body.dataset.jpThemeLight = "true";
  await new Promise((resolve) => setTimeout(resolve));
  expect(root.dataset.theme).toBe("dark");
});
