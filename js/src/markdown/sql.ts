/** SQL for the highlighter. highlight.js's own grammar takes 6 KB, for every word of every dialect. */
import type { Language } from "highlight.js";

const KEYWORDS =
  "add all alter and any as asc begin between by case cast check column commit constraint copy create cross current " +
  "database default delete desc distinct drop else end escape except exists explain extract fetch first following for " +
  "foreign from full function grant group having if ilike in index inner insert intersect interval into is join key last " +
  "lateral left like limit materialized merge natural not nulls of offset on or order outer over partition pivot preceding " +
  "primary qualify range recursive references replace returning revoke right rollback row rows schema select set show " +
  "similar some table temp temporary then to transaction trigger truncate unbounded union unique unnest update using " +
  "values view when where window with within without";

const TYPES =
  "array bigint binary blob bool boolean bytea char date datetime decimal double enum float int integer json jsonb numeric " +
  "real serial smallint string struct text time timestamp timestamptz tinyint uuid varchar";

export default function sql(): Language {
  return {
    name: "SQL",
    case_insensitive: true,
    keywords: { keyword: KEYWORDS, type: TYPES, literal: "true false null" },
    contains: [
      { scope: "comment", begin: "--", end: "$" },
      { scope: "comment", begin: "/\\*", end: "\\*/" },
      { scope: "string", begin: "'", end: "'", contains: [{ begin: "''" }] },
      { begin: '"', end: '"' },
      { begin: "`", end: "`" },
      {
        scope: "built_in",
        match: /\b(?:avg|coalesce|count|date_trunc|max|min|now|rank|round|row_number|sum)(?=\s*\()/,
      },
      { scope: "number", match: /\b\d+(?:\.\d+)?\b/ },
    ],
  };
}
