/** Terminal output as text: escape sequences are dropped, a carriage return starts its line anew (progress bars). */
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])/g;
/** A sequence whose end has not come yet. Bounded, so that a stray escape can't hold back text for ever. */
const UNFINISHED = /\x1b(?:\[[0-?]{0,32}[ -/]{0,8}|\][^\x07\x1b]{0,2000}\x1b?|[PX^_][^\x1b]{0,2000}\x1b?|[ -/]{0,8})?$/;
const INVISIBLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/** Feeds on pieces cut anywhere. */
export class TerminalText {
  #held = "";
  #line = "";

  /** Whole lines that are final by now, and the last line as it stands. */
  feed(chunk: string): { lines: string; line: string } {
    let text = this.#held + chunk;
    const cut = text.search(UNFINISHED);
    this.#held = cut < 0 ? "" : text.slice(cut);
    if (cut >= 0) text = text.slice(0, cut);
    // Whether a final \r ends a line or restarts it depends on what comes next.
    if (text.endsWith("\r")) {
      this.#held = `\r${this.#held}`;
      text = text.slice(0, -1);
    }
    text = this.#line + text.replace(ESCAPES, "").replaceAll("\r\n", "\n");
    const lines = text.split("\n").map((line) => line.slice(line.lastIndexOf("\r") + 1).replace(INVISIBLE, ""));
    this.#line = lines.pop() ?? "";
    return { lines: lines.map((line) => `${line}\n`).join(""), line: this.#line };
  }
}

export function terminalText(text: string): string {
  const { lines, line } = new TerminalText().feed(text);
  return lines + line;
}
