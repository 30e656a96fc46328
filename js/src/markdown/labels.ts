/** Labels of references and definitions, as marked names them. */

const LABEL = /\[((?:\\[\s\S]|[^[\]\\])+)\]/g;

/** Every label that a reference in the text may mean. */
export function labelsIn(source: string): string[] {
  if (!source.includes("[")) return [];
  return Array.from(source.matchAll(LABEL), ([, label = ""]) => normalize(label));
}

export function normalize(label: string): string {
  return label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase();
}
