/** Characters that a reader can't see, or that change what he sees. An approval must show what will really be run. */
const HIDDEN = new RegExp(
  [
    "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u00a0\\u00ad]", // controls, no-break space, soft hyphen
    "[\\u115f\\u1160\\u17b4\\u17b5\\u2800\\u3164\\uffa0]", // blank letters
    "[\\u061c\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\ufeff\\ufff0-\\ufffb]", // spaces, joiners, bidirectional
    "\\u034f|[\\u180b-\\u180f]|[\\ufe00-\\ufe0d]|[\\u{1d173}-\\u{1d17a}]|[\\u{e0000}-\\u{e0fff}]", // joiner, selectors, tags
    "\\p{Cs}", // half of a pair
  ].join("|"),
  "gu",
);

export type Piece = { text: string; hidden: boolean };

/** Cuts `text` into plain pieces and hidden characters, these as ⟦U+202E⟧. */
export function reveal(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), hidden: false });
    const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    pieces.push({ text: `⟦U+${code}⟧`, hidden: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), hidden: false });
  return pieces;
}

export function revealed(text: string): string {
  return reveal(text)
    .map((piece) => piece.text)
    .join("");
}
