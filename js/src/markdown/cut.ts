/**
 * Cuts what no further text can change off the text that is read. Where that is the beginning of an open block, the rest is
 * written so that it reads as the same block: "1. a\n   b\n\n   c" goes on as "1.\n   c".
 */
import type { Token, Tokens } from "marked";
import { isClosed } from "./fence";
import { Flow } from "./flow";
import { OpenList, OpenQuote, OpenTable, OpenText } from "./open";
import { GOES_ON, longest, pieces } from "./pieces";
import { OpenRaw, type RawToken } from "./raw";
import { isIndented, lineBreaks, rawOf, settled } from "./settled";

/** A line as long as this is not expected to become the head of a table. */
const NO_HEAD = 500;

interface Place {
  /** The line in which it begins. */
  line: number;
  /** What a line begins with, to be in it. */
  pad: string;
  /** Lines that open what it is in. */
  opening: string[];
  isItem?: boolean;
}

/** What is read from now on: `opening`, then the lines from `line` on, the first of which is replaced by `first`. */
interface Cut {
  line: number;
  opening: string[];
  first?: string;
}

export class Cutter {
  #lines: string[] = [];

  /** `settle` is told of all tokens that are committed. */
  constructor(private readonly settle: (tokens: Token[]) => void) {}

  /** Commits what it can of `text`, whose tokens have been drawn; returns what is left. `deep`: in open blocks, too. */
  cut(flow: Flow, tokens: Token[], text: string, deep: boolean): string {
    this.#lines = text.split("\n");
    const cut = this.#flow(flow, tokens, text, { line: 0, pad: "", opening: [] }, deep);
    if (!cut) return text;
    return [...cut.opening, cut.first ?? this.#lines[cut.line], ...this.#lines.slice(cut.line + 1)].join("\n");
  }

  #flow(flow: Flow, tokens: Token[], text: string, place: Place, deep: boolean): Cut | null {
    let count = settled(tokens, text);
    const list = tokens.findIndex((token) => token.type === "list");
    // In an item, marked reads text behind a list in another way.
    if (place.isItem && list >= 0) count = Math.min(count, list);
    let raw = rawOf(tokens.slice(0, count));
    const start = this.#start(place, text, raw);
    if (!start) [count, raw] = [0, ""];
    if (count > 0) {
      this.settle(tokens.slice(0, count));
      flow.commit(tokens.slice(0, count));
    }
    const at = tokens.findIndex((token, index) => index >= count && token.type !== "space");
    const token = tokens[at];
    const before = rawOf(tokens.slice(0, at));
    const deeper =
      token && text.startsWith(before)
        ? this.#inside(
            flow,
            token,
            text.slice(before.length),
            { ...place, line: place.line + lineBreaks(before) },
            deep,
          )
        : null;
    return deeper ?? (raw.trim() === "" ? null : start);
  }

  /** How to go on behind `raw`, if that is possible. */
  #start({ line, pad, opening }: Place, text: string, raw: string): Cut | null {
    if (!text.startsWith(raw)) return null;
    return this.#resume({ line: line + lineBreaks(raw), pad, opening }, firstLine(text.slice(raw.length)));
  }

  /** Goes on with a line of what it is in; null where that is written in another way: with tabs, or not indented. */
  #resume({ line, pad, opening }: Place, content: string): Cut | null {
    const first = pad + content;
    return pad === "" || first === this.#lines[line] ? { line, opening, first } : null;
  }

  #inside(flow: Flow, token: Token, text: string, place: Place, deep: boolean): Cut | null {
    // An open fence is never read again, however short: its code would be coloured anew for each chunk.
    const isFence = token.type === "code" && !isIndented(token);
    if (isFence && (deep || place.pad === "")) return this.#raw(flow, token as Tokens.Code, text, place);
    if (!deep) return null;
    switch (token.type) {
      case "list":
        return this.#list(flow, token as Tokens.List, text, place);
      case "blockquote":
        return this.#quote(flow, token as Tokens.Blockquote, place);
      case "code":
      case "html":
        return this.#raw(flow, token as RawToken, text, place);
      case "table":
        return this.#table(flow, token as Tokens.Table, text, place);
      case "paragraph":
      case "text":
        return this.#text(flow, token as Tokens.Paragraph, place);
      default:
        return null;
    }
  }

  #list(flow: Flow, token: Tokens.List, text: string, place: Place): Cut | null {
    const starts: number[] = [];
    token.items.reduce((line, { raw }) => starts.push(line) && line + lineBreaks(raw), place.line);
    // Only a whole line is known to begin an item.
    let last = token.items.length - 1;
    if ((starts[last] ?? 0) >= this.#lines.length - 1) last -= 1;
    const item = token.items[last];
    const line = starts[last];
    if (!item || line === undefined || !(flow.next instanceof Element)) return null;
    const before = flow.open;
    const open = before instanceof OpenList ? before : new OpenList(flow, flow.next, token);
    flow.open = open;
    const own = text.split("\n", line - place.line + 1).at(-1) ?? "";
    const start = last > 0 ? this.#resume({ ...place, line }, own) : null;
    if (start) {
      const committed = token.items.slice(0, last);
      for (const { tokens } of committed) this.settle(tokens);
      open.isLoose ||= committed.some(isLoose);
      open.commit(last);
    }
    const isOnly = last === token.items.length - 1 && (start || last === 0);
    const cut = (isOnly ? this.#item(open, item, { ...place, line }) : null) ?? start;
    if (!cut) flow.open = before;
    return cut;
  }

  #item(open: OpenList, item: Tokens.ListItem, place: Place): Cut | null {
    const [, marker = "", space = "", rest = ""] = /^( {0,3}(?:[*+-]|\d{1,9}[.)]))([ \t]*)(.*)/.exec(item.raw) ?? [];
    if (space.includes("\t") || !(open.next instanceof HTMLElement)) return null;
    const indent = marker.length + (rest === "" || space.length > 4 ? 1 : space.length);
    const sign = marker.slice(-1);
    // As wide as the item's own, with nothing behind it.
    const bullet = /[.)]/.test(sign) ? `1${"0".repeat(Math.max(0, indent - 3))}${sign}` : " ".repeat(indent - 2) + sign;
    if (bullet.length + 1 !== indent || bullet.length > 10 || /^ {4}/.test(bullet)) return null;
    const before = open.item;
    open.item ??= { el: open.next, flow: new Flow(open.next) };
    const inner = {
      line: place.line,
      pad: place.pad + " ".repeat(indent),
      opening: [...place.opening, place.pad + bullet],
      isItem: true,
    };
    const tokens = item.tokens[0]?.type === "checkbox" ? item.tokens.slice(1) : item.tokens;
    const cut = this.#flow(open.item.flow, tokens, item.text, inner, true);
    if (!cut) open.item = before;
    else
      open.isLoose ||= tokens
        .slice(
          0,
          tokens.findLastIndex(({ type }) => type !== "space"),
        )
        .some(isBlankLine);
    return cut;
  }

  #quote(flow: Flow, token: Tokens.Blockquote, place: Place): Cut | null {
    if (!(flow.next instanceof Element)) return null;
    const before = flow.open;
    const open = before instanceof OpenQuote ? before : new OpenQuote(flow.next);
    flow.open = open;
    const inner = { ...place, pad: `${place.pad}> `, isItem: false };
    const cut = this.#flow(open.flow, token.tokens, token.text, inner, true);
    if (!cut) flow.open = before;
    return cut;
  }

  #table(flow: Flow, token: Tokens.Table, text: string, place: Place): Cut | null {
    // One whole row stays, so that it is a table whatever comes.
    const rows = Math.min(token.rows.length - 1, this.#lines.length - 2 - (place.line + 2));
    if (rows < 1 || !(flow.next instanceof Element)) return null;
    const cut = this.#without(text, place, 2, rows);
    if (!cut) return null;
    const open = flow.open instanceof OpenTable ? flow.open : new OpenTable(flow.next, token);
    flow.open = open;
    open.commit(rows);
    return cut;
  }

  #raw(flow: Flow, token: RawToken, text: string, place: Place): Cut | null {
    if (isClosed(token.raw) || !text.includes("\n") || !(flow.next instanceof Element)) return null;
    const open = flow.open instanceof OpenRaw ? flow.open : new OpenRaw(token);
    const isFence = token.type === "code" && !isIndented(token);
    // The last one stays, so that it is the same block whatever comes.
    const last = lineBreaks(isFence ? token.text : token.text.trimEnd()) - (token.type === "html" ? open.head : 0);
    let lines = Math.min(last, this.#lines.length - 2 - (place.line + open.head));
    if (open.head === 0) while (lines > 0 && this.#lines[place.line + lines]?.trim() === "") lines -= 1;
    const cut = lines < 1 ? null : this.#without(text, place, open.head, lines);
    if (!cut && (place.pad !== "" || !isFence)) return null;
    if (flow.open !== open) flow.next.replaceWith(open.el);
    flow.open = open;
    if (cut) open.commit(lines);
    return cut;
  }

  /** The first `head` lines stay, and the next `count` go. */
  #without(text: string, place: Place, head: number, count: number): Cut | null {
    const lines = text.split("\n", head + count + 1);
    const opening = [...place.opening, ...lines.slice(0, head).map((line) => place.pad + line)];
    return this.#resume({ line: place.line + head + count, pad: place.pad, opening }, lines.at(-1) ?? "");
  }

  #text(flow: Flow, token: Tokens.Paragraph, place: Place): Cut | null {
    const text = token.text.startsWith(GOES_ON) ? token.text.slice(1) : token.text;
    let count = 0;
    let end = 0;
    for (const piece of pieces(text)) {
      if (decided(text).length - end <= longest(text.slice(end))) break;
      end += piece.length;
      count += 1;
    }
    if (count === 0 || !(flow.next instanceof Element)) return null;
    const line = place.line + lineBreaks(text.slice(0, end));
    const rest = firstLine(text.slice(end));
    const whole = this.#lines[line]?.trimEnd() ?? "";
    if (rest === "" || !whole.endsWith(rest.trimEnd())) return null;
    const open = flow.open instanceof OpenText ? flow.open : new OpenText(flow.next);
    flow.open = open;
    open.commit(count);
    const first = place.pad + GOES_ON + (this.#lines[line] ?? "").slice(whole.length - rest.trimEnd().length);
    return { line, opening: place.opening, first };
  }
}

/** An item that makes its list loose: a blank line is in it, or between it and the next. */
function isLoose({ raw, tokens }: Tokens.ListItem): boolean {
  return /\n[ \t]*\n[ \t]*$/.test(raw) || tokens.some(isBlankLine);
}

function isBlankLine(token: Token): boolean {
  return token.type === "space" && /\n.*\n/.test(token.raw);
}

/** Without the last lines: they may not stay part of a paragraph. */
function decided(text: string): string {
  let end = text.length;
  for (let lines = 0; lines < 2; lines++) {
    const start = text.lastIndexOf("\n", end - 1);
    if (start < 0 || end - start > NO_HEAD) break;
    end = start;
  }
  return text.slice(0, end);
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
