/** The tab's title says that goose asks, as long as any chat of the page waits for an answer. */
const PREFIX = "● goose asks — ";

let asking = 0;
/** Jupyter, marimo and VS Code change the title themselves. */
const observer = new MutationObserver(write);

function write(): void {
  const title = document.querySelector("head > title");
  const text = title?.textContent ?? "";
  const plain = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  const wanted = asking > 0 ? PREFIX + plain : plain;
  if (text === wanted) return;
  if (title) title.textContent = wanted;
  else document.title = wanted;
}

/** Says so in the title until the returned function is called. */
export function askInTitle(): () => void {
  asking += 1;
  observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  write();
  return () => {
    asking -= 1;
    if (asking > 0) return;
    observer.disconnect();
    write();
  };
}
