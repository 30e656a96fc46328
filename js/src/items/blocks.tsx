/** Content that came as a whole. */
import { useMemo } from "preact/hooks";
import { h } from "../dom";
import { languageOf } from "../markdown/highlight";
import { linkAddress } from "../markdown/urls";
import { Code, Foreign, Markdown } from "../view/dom";
import type { Block, ToolItem } from "../wire";
import { zoomable } from "../zoom";
import { Changed } from "./change";
import { LongText } from "./longtext";

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const AUDIO = /^audio\/[\w.+-]+$/;

interface Props {
  blocks: Block[];
  /** Text is a tool's and not Markdown. */
  plain?: boolean;
  /** Text is what a command printed. */
  printed?: boolean;
  /** Where changes of files begin. */
  locations?: ToolItem["locations"];
}

export function Blocks({ blocks, plain = false, printed = false, locations = [] }: Props) {
  if (blocks.length === 0) return null;
  return (
    <div class="goose-blocks">
      {blocks.map((block) => (
        <One block={block} plain={plain} printed={printed} locations={locations} />
      ))}
    </div>
  );
}

function One({ block, plain, printed, locations }: Required<Omit<Props, "blocks">> & { block: Block }) {
  switch (block.type) {
    case "text":
      return plain ? <LongText text={block.text} printed={printed} /> : <Markdown text={block.text} />;
    case "image":
      return <Image mime={block.mime} data={block.data} />;
    case "audio":
      if (!AUDIO.test(block.mime)) return <Unknown what={block.mime} />;
      // biome-ignore lint/a11y/useMediaCaption: the agent sends none.
      return <audio controls src={`data:${block.mime};base64,${block.data}`} />;
    case "diff": {
      const line = locations.find(({ path }) => path === block.path)?.line ?? 1;
      return <Changed path={block.path} before={block.old} after={block.new} line={line} />;
    }
    case "resource":
      return (
        <figure>
          <figcaption>
            <Address uri={block.uri} name={block.uri} />
          </figcaption>
          <Resource {...block} />
        </figure>
      );
    case "link":
      return <Address uri={block.uri} name={block.name || block.uri} />;
  }
}

function Resource({ uri, mime, text }: Block & { type: "resource" }) {
  const hint = /[/+](csv|json|tab-separated-values)\b/.test(mime) ? mime : uri;
  if (/[/+.](csv|tsv|json|jsonl|ndjson|tab-separated-values)$/i.test(hint)) return <LongText text={text} hint={hint} />;
  return <Code text={text} language={languageOf(uri)} />;
}

/** SVG is left out: it is a document, not a picture. */
function Image({ mime, data }: { mime: string; data: string }) {
  const image = useMemo(() => {
    const src = `data:${mime};base64,${data}`;
    return zoomable(h("img", { class: "goose-picture", src, alt: "From goose" }));
  }, [mime, data]);
  return IMAGES.includes(mime) ? <Foreign node={image} /> : <Unknown what={mime} />;
}

function Unknown({ what }: { what: string }) {
  return <div class="goose-muted">Content of type {what || "unknown"} can't be shown here.</div>;
}

function Address({ uri, name }: { uri: string; name: string }) {
  const href = linkAddress(uri);
  if (href === null) return <span title={uri}>{name}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {name}
    </a>
  );
}
