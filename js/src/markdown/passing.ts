/** What comes and goes faster than it can be seen: it is not laid out while the reader follows the end. */

const CLASS = "goose-passed";
/** Milliseconds between two draws of such text. */
const EVERY = 45;
/** Once there is time, so many of them are laid out with a draw. */
const BACK = 30;

export class Passing {
  /** With this draw came half of what can be seen, or more. */
  #isNow = false;
  /** Some that passed are not laid out yet. */
  #isLeft = false;

  /** `height`: how many pixels are seen at a time; 0 as long as that is not known. */
  constructor(
    private readonly el: Element,
    private readonly height: () => number,
  ) {
    const show = (event: Event) => {
      const { target: box, skipped } = event as ContentVisibilityAutoStateChangeEvent;
      // The browser does not lay it out: what is in it can be there again.
      if (skipped && box instanceof Element) showLast(box);
    };
    el.addEventListener("contentvisibilityautostatechange", show, { capture: true });
  }

  /**
   * The last of these items, each at least `least` pixels high, fill what is seen: of the others nobody sees those that
   * are new. In the document `there` are the first ones.
   */
  take(items: HTMLElement[], there: ChildNode[], least: number): void {
    const height = this.height();
    if (height === 0) return;
    const seen = Math.ceil(height / least);
    this.#isNow ||= items.length - there.length >= seen / 2;
    for (const [index, item] of items.slice(0, Math.max(0, items.length - seen)).entries()) {
      const before = there[index];
      if (!before || (before as Element).classList.contains(CLASS)) item.classList.add(CLASS);
    }
  }

  /** To be called after each draw: in how many milliseconds the next one is to come, or 0 if it need not. */
  next(): number {
    this.#isLeft = this.#isNow || (this.#isLeft && showLast(this.el, BACK));
    this.#isNow = false;
    return this.#isLeft ? EVERY : 0;
  }
}

/** The last ones that passed become as all others; false if there were none. */
function showLast(el: Element, count = 0): boolean {
  const passed = [...el.querySelectorAll(`.${CLASS}`)].slice(-count);
  for (const item of passed) {
    item.classList.remove(CLASS);
    if (item.className === "") item.removeAttribute("class");
  }
  return passed.length > 0;
}
