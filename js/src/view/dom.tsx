/** Pieces that several views use. Layout effects, because the log measures its height right after drawing. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { copyFrom } from "../copy";
import { reveal } from "../hidden";
import { codeBlock } from "../markdown/codeblock";
import { MarkdownStream } from "../markdown/stream";
import { Icon } from "./icons";

/** Shows a node that Preact does not manage. */
export function Foreign({ node, class: name }: { node: Node; class?: string }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => host.current?.replaceChildren(node), [node]);
  return <div class={name} ref={host} />;
}

/** Markdown which does not stream. */
export function Markdown({ text }: { text: string }) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const markdown = new MarkdownStream();
    markdown.push(text);
    markdown.finish();
    host.current?.replaceChildren(markdown.el);
  }, [text]);
  return <div ref={host} />;
}

/** Text in which hidden characters are made visible. */
export function Revealed({ text }: { text: string }) {
  return (
    <>
      {reveal(text).map((piece) =>
        piece.hidden ? (
          <mark class="goose-hidden-char" title="A character that can't be seen, or that changes what is seen">
            {piece.text}
          </mark>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}

/** Code, coloured; without colours where it holds hidden characters, which are then shown. */
export function Code({ text, language, label = language }: { text: string; language: string; label?: string }) {
  const host = useRef<HTMLDivElement>(null);
  const hidden = reveal(text).some((piece) => piece.hidden);
  useLayoutEffect(() => {
    if (!hidden) host.current?.replaceChildren(codeBlock(text, language, label));
  }, [text, language, label, hidden]);
  if (!hidden) return <div ref={host} />;
  return (
    <div class="goose-code">
      <pre>
        <code>
          <Revealed text={text} />
        </code>
      </pre>
    </div>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [said, say] = useState("");
  return (
    <button
      type="button"
      class="goose-icon-button"
      aria-label={label}
      title={said || label}
      onClick={({ currentTarget }) => copyFrom(currentTarget, text, say)}
    >
      <Icon name={said === "Copied" ? "check" : "copy"} />
    </button>
  );
}
