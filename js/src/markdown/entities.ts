/** marked leaves HTML entities to the browser's parser, which is not used here. These are the ones that models write. */
const NAMED: Record<string, number> = {
  amp: 0x26, // &
  lt: 0x3c, // <
  gt: 0x3e, // >
  quot: 0x22, // "
  apos: 0x27, // '
  nbsp: 0xa0,
  copy: 0xa9, // ©
  reg: 0xae, // ®
  trade: 0x2122, // ™
  deg: 0xb0, // °
  plusmn: 0xb1, // ±
  times: 0xd7, // ×
  divide: 0xf7, // ÷
  middot: 0xb7, // ·
  bull: 0x2022, // •
  hellip: 0x2026, // …
  ndash: 0x2013, // –
  mdash: 0x2014, // —
  lsquo: 0x2018, // ‘
  rsquo: 0x2019, // ’
  ldquo: 0x201c, // “
  rdquo: 0x201d, // ”
  laquo: 0xab, // «
  raquo: 0xbb, // »
  larr: 0x2190, // ←
  rarr: 0x2192, // →
  uarr: 0x2191, // ↑
  darr: 0x2193, // ↓
  harr: 0x2194, // ↔
  rArr: 0x21d2, // ⇒
  le: 0x2264, // ≤
  ge: 0x2265, // ≥
  ne: 0x2260, // ≠
  infin: 0x221e, // ∞
  euro: 0x20ac, // €
  pound: 0xa3, // £
  sect: 0xa7, // §
  para: 0xb6, // ¶
  check: 0x2713, // ✓
};

export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g, (all, decimal, hex, name) => {
    if (name !== undefined && !Object.hasOwn(NAMED, name)) return all;
    const code = NAMED[name] ?? Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
  });
}
