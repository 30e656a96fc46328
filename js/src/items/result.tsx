/** What a tool returned. */
import { terminalText } from "../ansi";
import { isRecord } from "../guard";
import { Code } from "../view/dom";
import type { Block, ToolItem } from "../wire";
import { Blocks } from "./blocks";
import { LongText } from "./longtext";

/** goose's shell sends its output live, then once more as the result. Past this length nobody compares by eye. */
const COMPARE = 1_000_000;

export function Result({ item }: { item: ToolItem }) {
  const blocks = item.content.filter((block) => !repeats(block, item.output));
  const shell = shellResult(item.result);
  const failed = item.status === "failed";
  return (
    <div class={failed ? "goose-result goose-error" : "goose-result"}>
      <Blocks blocks={blocks} plain />
      {item.content.length === 0 && item.output === "" && item.result !== null && !shell && (
        <Code text={JSON.stringify(item.result, null, 2)} language="json" />
      )}
      {shell && item.content.length === 0 && item.output === "" && (
        <LongText text={[shell.stdout, shell.stderr].filter((text) => text !== "").join("\n")} />
      )}
      {shell && shell.code !== 0 && <div class="goose-exit">Exit code {shell.code}</div>}
      {failed && blocks.length === 0 && item.output === "" && item.result === null && (
        <div class="goose-exit">The tool failed without saying why.</div>
      )}
    </div>
  );
}

function repeats(block: Block, output: string): boolean {
  if (block.type !== "text" || output === "" || output.length > COMPARE) return false;
  return terminalText(output).trim() === terminalText(block.text).trim();
}

function shellResult(result: unknown): { stdout: string; stderr: string; code: number } | null {
  if (!isRecord(result) || typeof result.exit_code !== "number") return null;
  const text = (x: unknown) => (typeof x === "string" ? x : "");
  return { stdout: text(result.stdout), stderr: text(result.stderr), code: result.exit_code };
}
