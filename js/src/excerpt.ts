/** A part of the conversation that somebody reads, away from its end, so that the page need not hold all in between. */
import type { Transcript } from "./transcript";
import type { Inbound, Item } from "./wire";

export interface Excerpt {
  /** In the order in which they are shown. */
  items: Map<string, Item>;
  /** How many items are before these, and after. */
  earlier: number;
  later: number;
}

type Around = Extract<Inbound, { type: "around" }>;

const mapOf = (items: Item[]) => new Map(items.map((item) => [item.id, item]));

export function excerptOf({ items, earlier, later }: Around): Excerpt {
  return { items: mapOf(items), earlier, later };
}

/** `size` items of the transcript, with the given one in their middle as far as that goes. */
export function cutOut(transcript: Transcript, id: string, size: number): Excerpt {
  const items = [...transcript.items.values()];
  const at = items.findIndex((item) => item.id === id);
  const start = Math.max(0, Math.min(at - size / 2, items.length - size));
  const part = items.slice(start, start + size);
  return {
    items: mapOf(part),
    earlier: transcript.earlier + start,
    later: items.length - start - part.length,
  };
}

/** The excerpt with what is around its first or last item; at the other end it lets go of what is more than `most`. */
export function extended(excerpt: Excerpt, answer: Around, most: number): Excerpt {
  const ids = [...excerpt.items.keys()];
  const news = mapOf(answer.items);
  const up = news.has(ids[0] ?? "");
  const down = news.has(ids.at(-1) ?? "");
  // What is there already stays as it is: it is drawn.
  const all = up ? [...answer.items, ...excerpt.items.values()] : [...excerpt.items.values(), ...answer.items];
  const items = mapOf(all.map((item) => excerpt.items.get(item.id) ?? item));
  let { earlier, later } = excerpt;
  if (up) earlier = answer.earlier;
  if (down) later = answer.later;
  const gone = [...items.keys()];
  gone.splice(up ? 0 : Math.max(0, gone.length - most), most);
  for (const id of gone) items.delete(id);
  if (up) later += gone.length;
  else earlier += gone.length;
  return { items, earlier, later };
}
