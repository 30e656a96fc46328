/** Counts, in `changes`, what is changed inside of each chat of the page. */
() => {
  window.changes = 0;
  window.watching ??= new MutationObserver((records) => {
    changes += records.length;
  });
  for (const root of document.querySelectorAll(".goose-widget")) {
    watching.observe(root, { childList: true, characterData: true, attributes: true, subtree: true });
  }
}
