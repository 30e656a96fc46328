/** A tool's text: data as a tree or a table, all else as a terminal would show it. */
import { useLayoutEffect, useMemo } from "preact/hooks";
import { Foreign } from "../view/dom";
import { LateOutput } from "./lateoutput";

/** `hint`: its MIME type or the name of its file. */
export function LongText({ text, hint }: { text: string; hint?: string }) {
  const view = useMemo(() => new LateOutput(() => text, { settled: true, data: true, hint: hint ?? "" }), [text, hint]);
  useLayoutEffect(() => view.ask());
  useLayoutEffect(() => () => view.dispose(), [view]);
  return <Foreign node={view.el} />;
}
