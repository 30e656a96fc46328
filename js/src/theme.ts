/** Tells light from dark, as the host says it; without a host's word, as the system prefers. */
export type Theme = "light" | "dark";

export function themeOf(body: HTMLElement, prefersDark: boolean): Theme {
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
  const vscode = body.dataset.vscodeThemeKind;
  if (vscode !== undefined) return vscode.includes("light") ? "light" : "dark";
  const marimo = body.dataset.theme;
  if (marimo === "light" || marimo === "dark") return marimo;
  return prefersDark ? "dark" : "light";
}

/** Keeps `data-theme` of `root` right. On the root and not in CSS selectors, because marimo shows widgets in a shadow root. */
export function followTheme(root: HTMLElement, signal: AbortSignal): void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const update = () => {
    root.dataset.theme = themeOf(document.body, system.matches);
  };
  const observer = new MutationObserver(update);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind", "data-theme"],
  });
  system.addEventListener("change", update, { signal });
  signal.addEventListener("abort", () => observer.disconnect());
  update();
}
