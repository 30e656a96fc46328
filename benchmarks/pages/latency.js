/** When each mark of a streamed text was painted: in `painted`, milliseconds since the epoch by the mark's number. */
(root) => {
  const painted = {};
  let fresh = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    const now = performance.timeOrigin + performance.now();
    for (const mark of fresh) painted[mark] ??= now;
    fresh = [];
  };
  const look = (node) => {
    for (const [, mark] of node.textContent.matchAll(/m(\d+)x/g)) if (!(mark in painted)) fresh.push(mark);
  };
  const observer = new MutationObserver((records) => {
    const idle = fresh.length === 0;
    for (const { type, target, addedNodes } of records) {
      if (type === "characterData") look(target);
      else addedNodes.forEach(look);
    }
    // What is changed now is painted with the next frame, and the message comes after that.
    if (idle && fresh.length > 0) requestAnimationFrame(() => port2.postMessage(null));
  });
  observer.observe(root, { childList: true, characterData: true, subtree: true });
  window.painted = painted;
}
