/** The tab's title says that goose asks, as long as any chat of the page waits for an answer. */
const PREFIX = "● goose asks — ";

/** The bundle is evaluated once per widget, and Jupyter, marimo and VS Code change the title themselves. */
const SHARED = Symbol.for("goose-widget.asking");
const page = globalThis as { [SHARED]?: { asking: number; observer: MutationObserver } };

function write(): void {
  const title = document.querySelector("head > title");
  const text = title?.textContent ?? "";
  const plain = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  const wanted = page[SHARED] ? PREFIX + plain : plain;
  if (text === wanted) return;
  if (title) title.textContent = wanted;
  else document.title = wanted;
}

/** Says so in the title until the returned function is called. */
export function askInTitle(): () => void {
  page[SHARED] ??= { asking: 0, observer: new MutationObserver(write) };
  const shared = page[SHARED];
  shared.asking += 1;
  shared.observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  write();
  return () => {
    shared.asking -= 1;
    if (shared.asking > 0) return;
    shared.observer.disconnect();
    delete page[SHARED];
    write();
  };
}
