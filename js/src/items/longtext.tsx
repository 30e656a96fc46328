/** A tool's text: as a terminal would show it. */
import { useState } from "preact/hooks";
import { terminalText } from "../ansi";
import { size } from "../format";

/** More than this is shown on demand. */
const KEEP = 64_000;

export function LongText({ text }: { text: string }) {
  const [all, showAll] = useState(false);
  const shown = all ? text : text.slice(0, KEEP);
  return (
    <>
      <pre class="goose-text">{terminalText(shown)}</pre>
      {shown.length < text.length && (
        <button type="button" class="goose-button" onClick={() => showAll(true)}>
          Show all ({size(text.length)})
        </button>
      )}
    </>
  );
}
