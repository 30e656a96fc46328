/**
 * Markdown that streams. Blocks which no further text can change are committed; only what follows them is lexed again. An
 * open fence is not lexed at all until it closes.
 */
import { Lexer, type Token, type Tokens } from "marked";
import { h } from "../dom";
import { type Fence, openFence } from "./fence";
import { MATH } from "./math";
import { morph } from "./morph";
import { type RenderOptions, renderBlocks } from "./render";

type Links = Record<string, { href: string | null; title: string | null }>;

/** Drawing may take this share of the time at most; a big open block (a table of 1,000 rows) is drawn less often. */
const SHARE = 1 / 8;
const CHEAP = 4;

export class MarkdownStream {
  readonly el = h("div", { class: "goose-md" });
  readonly #options: RenderOptions = { shownImages: new Set() };
  #chunks: string[] = [];
  /** Text after the committed blocks, without that of an open fence. */
  #tail = "";
  /** Text that came since the last drawing. */
  #fresh = "";
  #carriageReturn = false;
  #committed: ChildNode | null = null;
  #links: Links = {};
  /** A definition was seen, somewhere. */
  #defines = false;
  #fence: Fence | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #rest = 0;

  /** `around` wraps every change of the document that comes later than the call that caused it. */
  constructor(private readonly around: (change: () => void) => void = (change) => change()) {}

  push(chunk: string): void {
    this.#take(chunk);
    if (this.#timer !== undefined) return;
    const wait = this.#rest - performance.now();
    if (wait <= 0) this.#draw();
    else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.around(() => this.#draw());
      }, wait);
    }
  }

  /** No more text will come: the document now equals one drawn in one go. */
  finish(): void {
    this.#stopTimer();
    if (this.#carriageReturn) this.#take("\n");
    this.#tail += (this.#fence?.parts.join("") ?? "") + this.#fresh;
    this.#fresh = "";
    this.#fence = null;
    let tokens = this.#lex(this.#tail);
    // A definition at the end gives the references before it their address.
    if (this.#defines) {
      this.#tail = this.#chunks.join("");
      this.#committed = null;
      this.#links = {};
      tokens = this.#lex(this.#tail);
    }
    this.#show(tokens);
  }

  /** Starts over with another text. */
  reset(text: string): void {
    this.#stopTimer();
    this.#rest = 0;
    this.#chunks = [];
    this.#tail = "";
    this.#fresh = "";
    this.#carriageReturn = false;
    this.#committed = null;
    this.#links = {};
    this.#defines = false;
    this.#fence = null;
    this.el.replaceChildren();
    if (text !== "") this.push(text);
  }

  close(): void {
    this.#stopTimer();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #take(chunk: string): void {
    let text = this.#carriageReturn ? `\r${chunk}` : chunk;
    // Whether a final \r is half of a line break is known with the next chunk.
    this.#carriageReturn = text.endsWith("\r");
    if (this.#carriageReturn) text = text.slice(0, -1);
    text = text.replace(/\r\n?/g, "\n");
    this.#chunks.push(text);
    this.#fresh += text;
  }

  #draw(): void {
    const start = performance.now();
    const fresh = this.#fresh;
    this.#fresh = "";
    if (!this.#fence) {
      this.#tail += fresh;
      this.#drawTail();
    } else if (this.#fence.feed(fresh)) {
      this.#tail = this.#fence.parts.join("");
      this.#fence = null;
      this.#drawTail();
    }
    const cost = performance.now() - start;
    this.#rest = cost > CHEAP ? start + cost / SHARE : 0;
  }

  #drawTail(): void {
    const tokens = this.#lex(this.#tail);
    const nodes = this.#show(tokens);
    const final = tokens.slice(0, settled(tokens, this.#tail));
    const raw = final.map((token) => token.raw).join("");
    if (this.#tail.startsWith(raw)) this.#commit(final, nodes.slice(0, final.length), raw.length);
    const rest = tokens.slice(final.length).filter((token) => token.type !== "space");
    const only = rest.length === 1 ? rest[0] : undefined;
    if (only?.type !== "code") return;
    const fence = openFence(this.#tail, only as Tokens.Code);
    if (!fence) return;
    this.#fence = fence;
    this.#tail = "";
    morph(this.el, this.#committed, [fence.el]);
  }

  #lex(text: string): Token[] {
    const lexer = new Lexer({ ...MATH, gfm: true });
    Object.assign(lexer.tokens.links, this.#links);
    const tokens = lexer.lex(text);
    this.#defines ||= Object.keys(lexer.tokens.links).length > 0;
    return tokens;
  }

  /** Draws the tail; returns how many nodes each token became. */
  #show(tokens: Token[]): number[] {
    const nodes = tokens.map((token) => renderBlocks([token], this.#options));
    morph(this.el, this.#committed, nodes.flat());
    return nodes.map((list) => list.length);
  }

  /** These are drawn already; from now on they stay. */
  #commit(tokens: Token[], nodes: number[], length: number): void {
    for (let count = nodes.reduce((sum, n) => sum + n, 0); count > 0; count--) {
      this.#committed = this.#committed ? this.#committed.nextSibling : this.el.firstChild;
    }
    for (const token of tokens) {
      if (token.type === "def") this.#links[token.tag] ??= { href: token.href, title: token.title };
    }
    this.#tail = this.#tail.slice(length);
  }
}

/** An incomplete line longer than this can't become the marker of a list item any more. */
const MARKER = 20;

/**
 * How many of the tokens no further text can change. The last block is open, and what stands before it without a blank
 * line may turn out to be one with it ("a\n-" to a table). A list goes on across blank lines, as long as the line after
 * them may become an item ("1. a\n\n2").
 */
function settled(tokens: Token[], text: string): number {
  const last = tokens.findLastIndex((token) => token.type !== "space");
  if (last < 1) return 0;
  const start = tokens.slice(0, last).reduce((sum, token) => sum + token.raw.length, 0);
  const decided = text.includes("\n", start) || text.length - start > MARKER;
  let open = last;
  for (; open > 0; open--) {
    const token = tokens[open - 1];
    if (token?.type === "space") {
      const before = tokens[open - 2];
      if (decided || !before || !(before.type === "list" || isIndented(before))) break;
    } else if (token?.type === "heading" || token?.type === "hr" || (token?.type === "code" && !isIndented(token))) {
      break;
    }
  }
  return open;
}

function isIndented(token: Token): boolean {
  return token.type === "code" && token.codeBlockStyle === "indented";
}
