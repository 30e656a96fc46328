/** What an address in the agent's text may do. */

const LINKS = ["http:", "https:", "mailto:"];
const INLINE_IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;

/** The address of a link which may be clicked, else null. */
export function linkAddress(href: string): string | null {
  const url = parse(href);
  return url && LINKS.includes(url.protocol) ? url.href : null;
}

/** An image that is contained in its address needs no request; one elsewhere can carry data out. */
export function imageAddress(href: string): { inline: string } | { remote: string; host: string } | null {
  if (INLINE_IMAGE.test(href)) return { inline: href };
  const url = parse(href);
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return null;
  return { remote: url.href, host: url.host };
}

/** Without a base: a relative address would point into the notebook server. */
function parse(href: string): URL | null {
  try {
    return new URL(href);
  } catch {
    return null;
  }
}
