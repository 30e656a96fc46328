/** What comes and goes faster than it can be seen: it is not laid out while the reader follows the end. */

const CLASS = "goose-passed";
/** Milliseconds between two draws of such text. */
const EVERY = 45;
/** A row is at least so many pixels high. */
const ROW = 24;
/** Once there is time, so many rows are laid out with a draw. */
const BACK = 30;

export class Passing {
  /** Rows have passed with this draw. */
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

  /** Of these new rows the last ones fill what is seen; nobody sees the others. */
  take(rows: HTMLElement[]): void {
    const height = this.height();
    const unseen = height > 0 ? rows.length - Math.ceil(height / ROW) : 0;
    if (unseen <= 0) return;
    this.#isNow = true;
    for (const row of rows.slice(0, unseen)) row.className = CLASS;
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
  for (const row of passed) row.removeAttribute("class");
  return passed.length > 0;
}
