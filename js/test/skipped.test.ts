import { expect, it } from "vitest";
import { MarkdownStream } from "../src/markdown/stream";

/** What a browser says when it no longer lays a box out. */
function skip(box: Element | null): void {
  box?.dispatchEvent(Object.assign(new Event("contentvisibilityautostatechange"), { skipped: true }));
}

it("inserts what is in a skipped box anew as long as text comes, in its order", async () => {
  const stream = new MarkdownStream();
  stream.push(Array.from({ length: 250 }, (_, n) => `- item ${n}\n`).join(""));
  await expect.poll(() => stream.el.querySelectorAll("li").length).toBe(250);
  const before = stream.el.innerHTML;
  const box = stream.el.querySelector(".goose-more");
  const moved: Node[] = [];
  const observer = new MutationObserver((records) =>
    moved.push(...records.flatMap(({ addedNodes }) => [...addedNodes])),
  );
  observer.observe(stream.el, { childList: true, subtree: true });
  const items = [...(box?.children ?? [])];
  skip(box);
  await expect.poll(() => moved).toEqual(items);
  expect(items).toHaveLength(100);
  expect(stream.el.innerHTML).toBe(before);

  stream.finish();
  moved.length = 0;
  skip(box);
  await new Promise((done) => setTimeout(done));
  expect(moved).toEqual([]);
  observer.disconnect();
});
