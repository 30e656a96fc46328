/** Code in an element: as it is at first, in colours once their part is there. */
import { withPart } from "../parts";
import { TextStream } from "../textstream";

/** A text of more characters is in boxes, as one that streams. */
export const LONG = 4000;
/** Past this many characters, or with a line of so many, colouring would be felt: it tries many rules at each character. */
const LIMIT = 50_000;
const LONG_LINE = /[^\n]{2000}/;

/** What an element shows: by the time that colours come it may be something else. */
const shown = new WeakMap<HTMLElement, string>();

export function fillCode(code: HTMLElement, text: string, language: string): void {
  if (text.length <= LONG) code.textContent = text;
  else {
    const boxes = new TextStream("code");
    boxes.append(text);
    code.replaceChildren(...boxes.el.childNodes);
  }
  addColours(code, text, language);
}

/** `code` shows the text already. */
export function addColours(code: HTMLElement, text: string, language: string): void {
  shown.set(code, text);
  if (language === "" || text.length > LIMIT || LONG_LINE.test(text)) return;
  const isShown = () => shown.get(code) === text;
  withPart("highlight", ({ colour }) => isShown() && colour(code, text, language, isShown));
}

const BY_SUFFIX: Record<string, string> = { ipynb: "json", txt: "" };

/** A language name for a file; one that is not known is shown without colours. */
export function languageOf(path: string): string {
  const suffix = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return BY_SUFFIX[suffix] ?? suffix;
}
