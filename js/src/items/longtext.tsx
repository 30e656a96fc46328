/** A tool's text: data as a tree or a table, all else as a terminal would show it. */
import { useLayoutEffect, useMemo } from "preact/hooks";
import { Foreign } from "../view/dom";
import { LateOutput } from "./lateoutput";

interface Props {
  text: string;
  /** Its MIME type or the name of its file. */
  hint?: string;
  /** What a command printed: as a terminal shows it, and as data on demand. */
  printed?: boolean;
}

export function LongText({ text, hint = "", printed = false }: Props) {
  const view = useMemo(
    () => new LateOutput(() => text, { settled: true, data: !printed, hint }),
    [text, hint, printed],
  );
  useLayoutEffect(() => view.ask());
  useLayoutEffect(() => () => view.dispose(), [view]);
  return <Foreign node={view.el} />;
}
