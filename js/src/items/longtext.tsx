/** A tool's text: data as a tree or a table, all else as a terminal would show it. */
import { useMemo } from "preact/hooks";
import { Foreign } from "../view/dom";
import { OutputView } from "./output";

/** `hint`: its MIME type or the name of its file. */
export function LongText({ text, hint }: { text: string; hint?: string }) {
  const view = useMemo(() => new OutputView(() => text, { settled: true, data: true, hint: hint ?? "" }), [text, hint]);
  return <Foreign node={view.el} />;
}
