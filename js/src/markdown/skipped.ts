/** What the browser keeps of boxes that it skips, because they are far from being seen. */

/**
 * Lets go of it while `isGrowing`: it is many times what the boxes' elements take, and with it every garbage collection of a
 * long message is long. What comes near again is laid out again; until then its size is remembered.
 */
export function freeSkipped(el: HTMLElement, isGrowing: () => boolean): void {
  const free = (event: Event) => {
    const { target: box, skipped } = event as ContentVisibilityAutoStateChangeEvent;
    // What is new in a skipped box is not laid out.
    if (box instanceof Element && skipped && isGrowing()) box.replaceChildren(...box.childNodes);
  };
  el.addEventListener("contentvisibilityautostatechange", free, { capture: true });
}
