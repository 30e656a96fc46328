/** Keeps a scrolling box at its end while it grows, unless the reader is elsewhere. */

/** Pixels from the end that still count as being there. */
const NEAR = 32;

export class Scroll {
  /** Where the box was put last; as long as it is there, the reader has not moved it, however it grew. */
  #put = Number.NaN;
  /** Whether the box was at its end when it was last laid out: in a hidden tab it has no geometry. */
  #wasAtEnd = true;
  #hidden = false;

  constructor(
    private readonly box: HTMLElement,
    content: HTMLElement[],
    private readonly onMove: (atEnd: boolean) => void,
    signal: AbortSignal,
  ) {
    box.addEventListener("scroll", () => onMove(this.isAtEnd()), { signal, passive: true });
    // What a click opens or closes is what the reader looks at now.
    box.addEventListener("click", () => this.#letGo(), { signal });
    // Some changes say nothing before: an image has loaded, a card opens by itself, the user drags the corner.
    const observer = new ResizeObserver(() => {
      const wasHidden = this.#hidden;
      this.#hidden = box.clientHeight === 0;
      if (this.#hidden) return;
      // With less to show, as when the page got wider, the browser moved the box up, and not the reader.
      const wasPulled = box.scrollTop < this.#put && box.scrollHeight - box.scrollTop - box.clientHeight <= 1;
      if (box.scrollTop === this.#put || wasPulled || (wasHidden && this.#wasAtEnd)) this.toEnd();
    });
    for (const element of [box, ...content]) observer.observe(element);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** Makes a change; where the reader was is measured before it. */
  around(change: () => void): void {
    const stay = this.isAtEnd();
    change();
    if (stay) this.toEnd();
    else this.onMove(this.isAtEnd());
  }

  isAtEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.box;
    if (clientHeight > 0) this.#wasAtEnd = scrollTop === this.#put || scrollHeight - scrollTop - clientHeight <= NEAR;
    return this.#wasAtEnd;
  }

  toEnd(): void {
    this.box.scrollTop = this.box.scrollHeight;
    this.#put = this.box.scrollTop;
    this.onMove(true);
  }

  #letGo(): void {
    this.#put = Number.NaN;
  }
}
