/** Code in an element: as it is at first, in colours once their part is there. */
import { withPart } from "../parts";

/** Past this many characters, or with a line of so many, colouring would be felt: it tries many rules at each character. */
const LIMIT = 50_000;
const LONG_LINE = /[^\n]{2000}/;

export function fillCode(code: HTMLElement, text: string, language: string): void {
  code.textContent = text;
  if (language === "" || text.length > LIMIT || LONG_LINE.test(text)) return;
  withPart("highlight", ({ colour }) => {
    // By now it may show something else.
    if (code.textContent === text) colour(code, text, language);
  });
}

const BY_SUFFIX: Record<string, string> = { ipynb: "json", txt: "" };

/** A language name for a file; one that is not known is shown without colours. */
export function languageOf(path: string): string {
  const suffix = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return BY_SUFFIX[suffix] ?? suffix;
}
