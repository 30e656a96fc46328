/** Images that open large with a click. */
import { h } from "./dom";

/** Makes an image a button that opens it large; in a link, the link wins. */
export function zoomable(image: HTMLImageElement): HTMLElement {
  const label = image.alt === "" ? "Enlarge the image" : `Enlarge: ${image.alt}`;
  const button = h("button", { type: "button", class: "goose-zoom", "aria-label": label, title: "Enlarge" }, image);
  button.addEventListener("click", () => {
    if (!button.closest("a")) enlarge(image, button);
  });
  return button;
}

/** A modal dialog is above everything, however the notebook cuts and moves its cells. */
function enlarge(image: HTMLImageElement, opener: HTMLElement): void {
  const large = h("img", { src: image.src, alt: image.alt, referrerpolicy: "no-referrer" });
  const close = h("button", { type: "button", class: "goose-button" }, "Close");
  const dialog = h("dialog", { class: "goose-zoomed", "aria-label": image.alt || "Image" }, large, close);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener.focus({ preventScroll: true });
  });
  // In the widget, whose styles and keys it shares.
  (opener.closest(".goose-widget") ?? document.body).append(dialog);
  dialog.showModal();
}
