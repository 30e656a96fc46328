/**
 * When a chat is there: the promise `opened` has the milliseconds from Ctrl+Enter to the first frame with the chat
 * (`shown`), with the text that it is asked for (`filled`), and with that and a composer that takes a message (`usable`).
 */
(wanted) => {
  for (const old of document.querySelectorAll(".goose-widget")) old.dataset.old = "";
  window.opened = new Promise((resolve) => {
    let began = 0;
    const at = {};
    const { port1, port2 } = new MessageChannel();
    const waiting = new Set();
    port1.onmessage = () => {
      for (const name of waiting) at[name] ??= performance.now() - began;
      waiting.clear();
      if ("usable" in at) {
        observer.disconnect();
        resolve(at);
      }
    };
    const look = () => {
      const root = document.querySelector(".goose-widget:not([data-old])");
      if (!root || root.clientHeight === 0) return;
      const isFilled = root.querySelector(".goose-items")?.textContent.includes(wanted);
      const isReady = root.querySelector("header [data-status]")?.textContent === "Ready";
      const is = { shown: true, filled: isFilled, usable: isFilled && isReady };
      const fresh = Object.keys(is).filter((name) => is[name] && !(name in at) && !waiting.has(name));
      if (fresh.length > 0 && waiting.size === 0) requestAnimationFrame(() => port2.postMessage(null));
      for (const name of fresh) waiting.add(name);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { childList: true, characterData: true, subtree: true, attributes: true });
    const note = ({ key, ctrlKey }) => {
      if (key === "Enter" && ctrlKey) began ||= performance.now();
    };
    document.addEventListener("keydown", note, { capture: true });
  });
}
