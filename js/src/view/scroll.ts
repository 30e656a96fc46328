/** Keeps a scrolling box at its end while it grows, and a reader who is elsewhere at his place. */

/** Pixels from the end that count as being there, for a reader who comes back to it. */
const NEAR = 32;

/** The items that are seen, the first of them first, and where each begins. */
export type Place = [id: string, top: number][];

export class Scroll {
  /** Pixels that the box shows, as of the last look at where it is; 0 before. */
  height = 0;
  /** Where the box was put last; as long as it is there, the reader has not moved it, however it grew. */
  #put = Number.NaN;
  /** Where it was when that was last looked at; NaN: no matter. */
  #top = Number.NaN;
  /** How near the end counts as being there; NaN: not at all, the reader moved it up, be it by a wheel's first frame. */
  #near = NEAR;
  /** Whether the box was at its end when it was last laid out: in a hidden tab it has no geometry. */
  #wasAtEnd = true;
  #hidden = false;
  /** The frame before which it goes to its end. */
  #frame = 0;

  constructor(
    private readonly box: HTMLElement,
    content: HTMLElement[],
    private readonly onMove: (atEnd: boolean) => void,
    signal: AbortSignal,
    /** Whether there is more than what is in the box, so that its end is not the end. */
    private readonly isCut: () => boolean = () => false,
  ) {
    box.addEventListener("scroll", () => onMove(this.isAtEnd()), { signal, passive: true });
    // What a click opens or closes is what the reader looks at now.
    box.addEventListener("click", () => this.#settle(), { signal, capture: true });
    box.addEventListener("click", () => this.letGo(), { signal });
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
    signal.addEventListener("abort", () => {
      observer.disconnect();
      this.#cancel();
    });
  }

  /** Makes a change; where the reader was is measured before it. */
  around(change: () => void): void {
    const stay = this.isAtEnd();
    change();
    if (stay) this.toEnd();
    else this.onMove(this.isAtEnd());
  }

  /** Makes a change of text alone: where that comes more often than frames, it is laid out once for each frame. */
  stream(change: () => void): void {
    if (this.#frame === 0) {
      if (!this.isAtEnd()) {
        this.around(change);
        return;
      }
      this.#put = this.box.scrollTop;
      this.#frame = requestAnimationFrame(() => this.#settle());
    }
    change();
  }

  /** Makes a change that keeps what the reader sees where it is, also where items are drawn anew. */
  keep(change: () => void, place = this.place()): void {
    change();
    for (const [id, top] of place) {
      const el = this.box.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
      if (!el?.getClientRects().length) continue;
      // A new one has no height of its own yet: with another height it would move what is below it.
      el.style.contentVisibility = "visible";
      const by = el.getBoundingClientRect().top - top;
      if (Math.abs(by) >= 1) this.box.scrollTop += by;
      break;
    }
    this.letGo();
    this.onMove(this.isAtEnd());
  }

  place(): Place {
    this.#settle();
    const { top, bottom } = this.box.getBoundingClientRect();
    const place: Place = [];
    for (const el of this.box.querySelectorAll<HTMLElement>("[data-id]")) {
      const rect = el.getBoundingClientRect();
      if (rect.top >= bottom) break;
      if (rect.bottom > top && rect.height > 0) place.push([el.dataset.id ?? "", rect.top]);
    }
    return place;
  }

  isAtEnd(): boolean {
    if (this.isCut()) return false;
    const { scrollHeight, scrollTop, clientHeight } = this.box;
    if (clientHeight > 0) {
      this.height = clientHeight;
      const left = scrollHeight - clientHeight - scrollTop;
      // With less to show the browser moves it up, to the end.
      if (scrollTop < this.#top && left > 1) this.#near = this.#put = Number.NaN;
      else if (scrollTop > this.#top) this.#near = NEAR;
      this.#top = scrollTop;
      // What has come since is not laid out yet.
      this.#wasAtEnd = scrollTop === this.#put || (this.#frame === 0 ? left : this.#put - scrollTop) <= this.#near;
      this.#follow(this.#wasAtEnd);
    }
    return this.#wasAtEnd;
  }

  toEnd(): void {
    this.#cancel();
    this.#follow(true);
    this.box.scrollTop = this.box.scrollHeight;
    this.#put = this.#top = this.box.scrollTop;
    this.#near = NEAR;
    this.onMove(true);
  }

  /** At the end the browser is not to hold what is seen in its place: that can't be told from the reader's own moves. */
  #follow(atEnd: boolean): void {
    this.box.classList.toggle("goose-at-end", atEnd);
  }

  /** Stays where it is from now on, unless that is the end. */
  letGo(): void {
    this.#cancel();
    this.#put = this.#top = Number.NaN;
    this.#follow(false);
  }

  /** Goes to the end, unless the reader has left since the text came for which it is to. */
  #settle(): void {
    if (this.#frame === 0) return;
    const stay = this.isAtEnd();
    this.#cancel();
    if (stay) this.toEnd();
    else this.onMove(this.isAtEnd());
  }

  #cancel(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }
}
