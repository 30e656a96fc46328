/** Content that came as a whole. */
import { languageOf } from "../markdown/highlight";
import { linkAddress } from "../markdown/urls";
import { Code, Markdown } from "../view/dom";
import type { Block } from "../wire";
import { DiffView } from "./diffview";
import { LongText } from "./longtext";

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const AUDIO = /^audio\/[\w.+-]+$/;

/** `plain`: text is a tool's and not Markdown. */
export function Blocks({ blocks, plain = false }: { blocks: Block[]; plain?: boolean }) {
  if (blocks.length === 0) return null;
  return (
    <div class="goose-blocks">
      {blocks.map((block) => (
        <One block={block} plain={plain} />
      ))}
    </div>
  );
}

function One({ block, plain }: { block: Block; plain: boolean }) {
  switch (block.type) {
    case "text":
      return plain ? <LongText text={block.text} /> : <Markdown text={block.text} />;
    case "image":
      return <Image mime={block.mime} data={block.data} />;
    case "audio":
      if (!AUDIO.test(block.mime)) return <Unknown what={block.mime} />;
      // biome-ignore lint/a11y/useMediaCaption: the agent sends none.
      return <audio controls src={`data:${block.mime};base64,${block.data}`} />;
    case "diff":
      return <DiffView path={block.path} before={block.old} after={block.new} />;
    case "resource":
      return (
        <figure>
          <figcaption>
            <Address uri={block.uri} name={block.uri} />
          </figcaption>
          <Code text={block.text} language={languageOf(block.uri)} />
        </figure>
      );
    case "link":
      return <Address uri={block.uri} name={block.name || block.uri} />;
  }
}

/** SVG is left out: it is a document, not a picture. */
function Image({ mime, data }: { mime: string; data: string }) {
  if (!IMAGES.includes(mime)) return <Unknown what={mime} />;
  return <img class="goose-picture" src={`data:${mime};base64,${data}`} alt="From goose" />;
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
