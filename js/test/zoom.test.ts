import { afterEach, expect, it } from "vitest";
import { zoomable } from "../src/zoom";

function shown(alt: string) {
  const root = document.createElement("section");
  root.className = "goose-widget";
  const image = document.createElement("img");
  image.src = "data:image/png;base64,AAAA";
  image.alt = alt;
  const button = zoomable(image);
  root.append(button);
  document.body.append(root);
  return { root, button, dialog: () => root.querySelector("dialog") };
}

afterEach(() => document.body.replaceChildren());

it("opens an image large in a dialog of the widget, and gives the focus back", () => {
  const { button, dialog } = shown("A chart");
  expect(button.getAttribute("aria-label")).toBe("Enlarge: A chart");
  button.click();
  expect(dialog()?.open).toBe(true);
  expect(dialog()?.getAttribute("aria-label")).toBe("A chart");
  expect(dialog()?.querySelector("img")?.src).toBe("data:image/png;base64,AAAA");
  dialog()?.querySelector("button")?.click();
  expect(dialog()).toBeNull();
  expect(document.activeElement).toBe(button);
});

it("names an image without words, too", () => {
  expect(shown("").button.getAttribute("aria-label")).toBe("Enlarge the image");
});

it("leaves the click to a link", () => {
  const { root, button, dialog } = shown("x");
  const link = document.createElement("a");
  root.append(link);
  link.append(button);
  button.click();
  expect(dialog()).toBeNull();
});
