/** Keeps a scrolling box at its end while it grows, unless the reader is elsewhere. */

/** Pixels from the end that still count as being there. */
const NEAR = 32;

export class Scroll {
  /** As of the last change or scrolling; for changes which announce themselves only afterwards, like a loaded image. */
  #atEnd = true;

  constructor(
    private readonly box: HTMLElement,
    private readonly onMove: (atEnd: boolean) => void,
    signal: AbortSignal,
  ) {
    box.addEventListener("scroll", () => this.#see(), { signal, passive: true });
    const settle = () => {
      if (this.#atEnd) this.toEnd();
    };
    // Load events of images don't bubble.
    box.addEventListener("load", settle, { signal, capture: true });
    const observer = new ResizeObserver(settle);
    observer.observe(box);
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** Makes a change; where the reader was is measured before it. */
  around(change: () => void): void {
    const stay = this.isAtEnd();
    change();
    if (stay) this.toEnd();
    else this.#see();
  }

  isAtEnd(): boolean {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight <= NEAR;
  }

  toEnd(): void {
    this.box.scrollTop = this.box.scrollHeight;
    this.#see();
  }

  #see(): void {
    this.#atEnd = this.isAtEnd();
    this.onMove(this.#atEnd);
  }
}
