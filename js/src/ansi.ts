/**
 * A terminal, as far as the output of tools needs one: colours, carriage returns, backspaces, and the movements with which
 * several progress bars are drawn at once. What it does not know is dropped. It feeds on pieces cut anywhere.
 */

/** Text in one style; `style` is what `styleOf` reads, "" for plain text. */
export interface Run {
  text: string;
  style: string;
}

export interface Row {
  runs: Run[];
  length: number;
  /** It goes on where the row before it ended: that one got too long. */
  soft: boolean;
}

/** Rows that can still change, as on a terminal's screen. */
const SCREEN = 40;
/** Characters after which a row is broken: a change draws a whole row. */
const WIDE = 4000;
/** Changes of style in a row beyond this are not shown. */
const RUNS = 200;

/** Bounded, so that a stray escape can't hold back text for ever; the same bounds in both, so that cuts change nothing. */
const ESCAPE =
  /\x1b(?:\[([0-?]{0,64})([ -/]{0,8})([@-~])|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[PX^_][^\x1b]{0,2000}\x1b\\|[ -/]{0,8}[0-~])/y;
const UNFINISHED =
  /\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|(?:\][^\x07\x1b]{0,2000}|[PX^_][^\x1b]{0,2000})\x1b?|[ -/]{0,8})?$|[\ud800-\udbff]$/;
const PLAIN = /[^\x00-\x08\x0a-\x1f\x7f-\x9f]+/y;

export class Terminal {
  /** Rows that can still change, oldest first. */
  readonly rows: Row[] = [];
  #held = "";
  #row = 0;
  #column = 0;
  #style = PLAIN_STYLE;
  #key = "";
  #soft = false;
  #touched = new Set<Row>();

  /** Returns the rows that are new or changed, oldest first among the new. */
  feed(chunk: string): Set<Row> {
    this.#touched = new Set();
    let text = this.#held + chunk;
    const cut = text.search(UNFINISHED);
    this.#held = cut < 0 ? "" : text.slice(cut);
    if (cut >= 0) text = text.slice(0, cut);
    for (let at = 0; at < text.length; ) {
      PLAIN.lastIndex = ESCAPE.lastIndex = at;
      const plain = PLAIN.exec(text)?.[0];
      if (plain !== undefined) {
        this.#write(plain);
        at += plain.length;
        continue;
      }
      const sequence = ESCAPE.exec(text);
      if (sequence) {
        at += sequence[0].length;
        if (sequence[2] === "") this.#command(sequence[1] ?? "", sequence[3] ?? "");
        continue;
      }
      this.#control(text.charAt(at));
      at += 1;
    }
    return this.#touched;
  }

  #control(character: string): void {
    if (character === "\n") {
      this.#line();
      this.#down();
    } else if (character === "\r") this.#column = 0;
    else if (character === "\b") this.#column = Math.max(0, this.#column - 1);
  }

  #command(parameters: string, final: string): void {
    if (!/^[\d;:]*$/.test(parameters)) return;
    const count = Math.max(1, Number.parseInt(parameters, 10) || 1);
    if (final === "m") {
      this.#style = select(this.#style, parameters);
      this.#key = keyOf(this.#style);
    } else if (final === "A" || final === "F") this.#row = Math.max(0, this.#row - count);
    else if (final === "B" || final === "E") this.#row = Math.min(this.rows.length, this.#row + count);
    else if (final === "C") this.#column = Math.min(WIDE - 1, this.#column + count);
    else if (final === "D") this.#column = Math.max(0, this.#column - count);
    else if (final === "G") this.#column = Math.min(WIDE, count) - 1;
    else if (final === "K") this.#eraseInRow(Number(parameters));
    else if (final === "J" && Number(parameters) === 0) {
      this.#eraseInRow(0);
      for (const row of this.rows.slice(this.#row + 1)) this.#shorten(row, 0);
    }
    if (final === "E" || final === "F") this.#column = 0;
  }

  /** Clearing the whole screen is not done: what a tool said stays. */
  #eraseInRow(how: number): void {
    const row = this.rows[this.#row];
    if (row && how === 0) this.#shorten(row, this.#column);
    if (row && how === 1) this.#replace(row, 0, " ".repeat(Math.min(row.length, this.#column + 1)), "");
    if (row && how === 2) this.#shorten(row, 0);
  }

  #down(): void {
    this.#row += 1;
    this.#column = 0;
  }

  /** The row that the cursor is in. */
  #line(): Row {
    const row = this.rows[this.#row];
    if (row) return row;
    const made = { runs: [], length: 0, soft: this.#soft };
    this.#soft = false;
    this.rows.push(made);
    this.#touched.add(made);
    if (this.rows.length > SCREEN) {
      this.rows.shift();
      this.#row -= 1;
    }
    return made;
  }

  #write(text: string): void {
    for (let rest = text; rest !== ""; ) {
      if (this.#column >= WIDE) {
        this.#soft = this.#row === this.rows.length - 1;
        this.#down();
      }
      const row = this.#line();
      const part = rest.slice(0, WIDE - this.#column);
      if (this.#column > row.length) this.#append(row, " ".repeat(this.#column - row.length), "");
      const over = Math.min(part.length, row.length - this.#column);
      this.#replace(row, this.#column, part.slice(0, over), this.#key);
      this.#append(row, part.slice(over), this.#key);
      this.#column += part.length;
      rest = rest.slice(part.length);
    }
  }

  #append(row: Row, text: string, style: string): void {
    if (text === "") return;
    this.#touched.add(row);
    row.length += text.length;
    const last = row.runs.at(-1);
    if (last && (last.style === style || row.runs.length >= RUNS)) last.text += text;
    else row.runs.push({ text, style });
  }

  /** Writes over what is there. */
  #replace(row: Row, start: number, text: string, style: string): void {
    if (text === "") return;
    this.#touched.add(row);
    // Near the bound one by one, so that it does not depend on how the text was cut.
    if (text.length > 1 && row.runs.length > RUNS - 3) {
      for (let at = 0; at < text.length; at++) this.#replace(row, start + at, text.charAt(at), style);
      return;
    }
    const before = slice(row.runs, 0, start);
    const under = row.runs.length < RUNS ? style : (slice(row.runs, start, start + 1)[0]?.style ?? "");
    const runs: Run[] = [];
    for (const run of [...before, { text, style: under }, ...slice(row.runs, start + text.length, row.length)]) {
      const last = runs.at(-1);
      if (last?.style === run.style) last.text += run.text;
      else runs.push(run);
    }
    row.runs = runs;
  }

  #shorten(row: Row, length: number): void {
    if (row.length <= length) return;
    this.#touched.add(row);
    row.runs = slice(row.runs, 0, length);
    row.length = length;
  }
}

/** A part of the runs. Half of a pair is what is left of a character that was written over. */
function slice(runs: Run[], start: number, end: number): Run[] {
  const part: Run[] = [];
  let at = 0;
  for (const { text, style } of runs) {
    const cut = text.slice(Math.max(0, start - at), Math.max(0, end - at));
    at += text.length;
    if (cut !== "") part.push({ text: cut.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, " "), style });
  }
  return part;
}

/** All rows of a text. */
export function rowsOf(text: string): Row[] {
  return [...new Terminal().feed(text)];
}

/** A text as a terminal leaves it, without its colours. */
export function terminalText(text: string): string {
  let result = "";
  for (const [index, row] of rowsOf(text).entries()) {
    if (index > 0 && !row.soft) result += "\n";
    for (const run of row.runs) result += run.text;
  }
  return text.endsWith("\n") && result !== "" ? `${result}\n` : result;
}

/** Colours are #rrggbb; the bits of `flags` have the numbers of their codes: 1 bold, 2 dim, 3 italic, 4 underlined, … */
interface Style {
  fg: string;
  bg: string;
  flags: number;
}

const PLAIN_STYLE: Style = { fg: "", bg: "", flags: 0 };
const INVERSE = 7;

/** "Select graphic rendition": the style after the parameters of `ESC [ … m`. */
function select(before: Style, parameters: string): Style {
  let style = { ...before };
  const codes = parameters.split(";").flatMap((parameter) => {
    const [code, kind, ...rest] = parameter.split(":");
    if (kind === undefined) return Number(code);
    if (code === "4") return kind === "0" ? 24 : 4;
    // 38:2::r:g:b may name a colour space, which 38;2;r;g;b does not.
    return [code, kind, ...rest.slice(kind === "2" ? -3 : 0)].map(Number);
  });
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    const tens = Math.floor(code / 10);
    const ones = code % 10;
    if (code === 0) style = { ...PLAIN_STYLE };
    else if (tens === 0) style.flags |= 1 << code;
    else if (tens === 2) style.flags &= ~(ones === 2 ? 6 : 1 << ones);
    else if (ones === 8 && tens < 6) {
      const rgb = codes[index + 1] === 2;
      const colour = rgb ? hex(codes.slice(index + 2, index + 5)) : indexed(codes[index + 2] ?? 999);
      if (tens === 3) style.fg = colour;
      if (tens === 4) style.bg = colour;
      index += rgb ? 4 : 2;
    } else if (tens === 3 || tens === 9) style.fg = ones === 9 ? "" : indexed(tens === 3 ? ones : ones + 8);
    else if (tens === 4 || tens === 10) style.bg = ones === 9 ? "" : indexed(tens === 4 ? ones : ones + 8);
  }
  return style;
}

function keyOf({ fg, bg, flags }: Style): string {
  return fg || bg || flags ? `${fg},${bg},${flags}` : "";
}

const BASIC = "000000cd31310dbc79c5a5002472c8bc3fbc11a8cdb0b0b0666666f14c4c23d18be5c5103b8eead670d629b8dbe5e5e5";

/** A colour of the palette of 256. */
function indexed(code: number): string {
  if (code < 16) return `#${BASIC.slice(6 * code, 6 * code + 6)}`;
  if (code >= 232) return hex(Array(3).fill(8 + 10 * (code - 232)));
  return hex([36, 6, 1].map((part) => Math.floor((code - 16) / part) % 6).map((part) => part && 55 + 40 * part));
}

function hex(rgb: number[]): string {
  if (rgb.length < 3 || rgb.some((part) => !(part >= 0 && part < 256))) return "";
  return `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** A style as classes, and as colours whose lightness the styles adapt to the theme. */
export function styleOf(key: string): { classes: string; fg: string; bg: string } {
  const [front = "", back = "", bits] = key.split(",");
  const flags = Number(bits);
  const inverse = (flags >> INVERSE) & 1;
  const [fg, bg] = inverse ? [back, front] : [front, back];
  const names = [1, 2, 3, 4, 9].filter((code) => (flags >> code) & 1).map(String);
  if (inverse && !fg && !bg) names.push("inverse");
  if (fg) names.push("fg");
  if (bg) names.push("bg");
  return { classes: names.map((name) => `goose-ansi-${name}`).join(" "), fg, bg };
}
