import { h } from "./dom";

/** `navigator.clipboard` exists on secure origins only; Jupyter is often plain http on another host. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return copied;
}

/** How long a button says that it has done it. */
const SAID = 1500;

/** Copies, and says for a while what came of it; to screen readers, too, which do not hear what changes in a button. */
export async function copyFrom(button: Element, text: string, say: (said: string) => void): Promise<void> {
  const said = (await copyText(text)) ? "Copied" : "Failed";
  const told = h("p", {}, said);
  button.closest(".goose-widget")?.querySelector(".goose-sr > [aria-live]")?.append(told);
  say(said);
  setTimeout(() => {
    told.remove();
    say("");
  }, SAID);
}

export function copyButton(label: string, text: () => string): HTMLButtonElement {
  const button = h("button", { type: "button", class: "goose-copy", "aria-label": label }, "Copy");
  const say = (said: string) => {
    button.textContent = said || "Copy";
  };
  button.addEventListener("click", () => copyFrom(button, text(), say));
  return button;
}
