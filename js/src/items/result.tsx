/** What a tool returned. */
import { useMemo } from "preact/hooks";
import { isRecord } from "../guard";
import { usePanels } from "../view/late";
import type { Block, ToolItem } from "../wire";
import { commandOf } from "./args";
import { Blocks } from "./blocks";
import { plain } from "./lateoutput";
import { LongText } from "./longtext";
import { isRejected } from "./permission";

/** Past this length nobody compares by eye. */
const COMPARE = 1_000_000;

/**
 * The text among what a tool returned that has all of its live output, and lines that were lost on the way: it is shown in
 * its place.
 */
export function wholeOutput({ content, output, ended }: ToolItem, textOf: (text: string) => string) {
  if (ended === null || output === "" || output.length > COMPARE) return undefined;
  const live = textOf(output).trim();
  return content.find((block) => {
    const text = block.type === "text" ? textOf(block.text).trim() : "";
    return live !== "" && text.length > live.length && !isMore(text, live) && hasAll(text, live);
  });
}

/** The output, and what is to be said about it, as how the command ended. */
function isMore(text: string, live: string): boolean {
  return text.startsWith(`${live}\n\n`);
}

function hasAll(text: string, live: string): boolean {
  const lines = live.split("\n");
  let found = 0;
  for (const line of text.split("\n")) if (line === lines[found]) found += 1;
  return found === lines.length;
}

export function Result({ item }: { item: ToolItem }) {
  const textOf = usePanels()?.terminalText ?? plain;
  const blocks = useMemo(() => {
    const whole = wholeOutput(item, textOf);
    return beyond(
      item.content.filter((block) => block !== whole),
      whole ? "" : item.output,
      textOf,
    );
  }, [item.content, item.output, item.ended, textOf]);
  const shell = shellResult(item.result);
  const failed = item.status === "failed" && !isRejected(item.permission);
  const said = (code: number) =>
    blocks.some((block) => block.type === "text" && new RegExp(`\\bcode:? ${code}\\b`).test(block.text));
  return (
    <div class={failed ? "goose-result goose-error" : "goose-result"}>
      <Blocks blocks={blocks} plain printed={commandOf(item.input) !== null} locations={item.locations} />
      {item.content.length === 0 && item.output === "" && item.result !== null && !shell && (
        <LongText text={JSON.stringify(item.result, null, 2)} />
      )}
      {shell && item.content.length === 0 && item.output === "" && (
        <LongText text={[shell.stdout, shell.stderr].filter((text) => text !== "").join("\n")} printed />
      )}
      {shell && shell.code !== 0 && !said(shell.code) && <div class="goose-exit">Exit code {shell.code}</div>}
      {failed && blocks.length === 0 && item.output === "" && item.result === null && (
        <div class="goose-exit">The tool failed without saying why.</div>
      )}
    </div>
  );
}

/** What the blocks say beyond the live output: goose's shell sends that once more. */
function beyond(blocks: Block[], output: string, textOf: (text: string) => string): Block[] {
  if (output === "" || output.length > COMPARE || !blocks.some(({ type }) => type === "text")) return blocks;
  const live = textOf(output).trim();
  return blocks.flatMap((block) => {
    if (block.type !== "text" || live === "") return block;
    const text = textOf(block.text).trim();
    if (text === live) return [];
    return isMore(text, live) ? { ...block, text: text.slice(live.length).trim() } : block;
  });
}

function shellResult(result: unknown): { stdout: string; stderr: string; code: number } | null {
  if (!isRecord(result) || typeof result.exit_code !== "number") return null;
  const text = (x: unknown) => (typeof x === "string" ? x : "");
  return { stdout: text(result.stdout), stderr: text(result.stderr), code: result.exit_code };
}
