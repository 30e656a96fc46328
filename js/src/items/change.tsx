/** A change of a file; until the part that compares texts is there, the new text. */
import type { ComponentProps } from "preact";
import { Revealed } from "../view/dom";
import { Late } from "../view/late";
import type { DiffView } from "./diffview";

export function Changed(props: ComponentProps<typeof DiffView>) {
  return (
    <Late draw={({ drawDiff }, el) => drawDiff(el, props)} inputs={Object.values(props)}>
      <pre class="goose-text">
        <Revealed text={`${props.path}\n${props.after}`} />
      </pre>
    </Late>
  );
}
