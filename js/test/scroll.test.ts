import { expect, it, vi } from "vitest";
import { Scroll } from "../src/view/scroll";

/** A box of 100 px with as much content as a test says; happy-dom lays nothing out. */
function box(content: number) {
  let height = content;
  let top = 0;
  const el = document.createElement("div");
  Object.defineProperties(el, {
    clientHeight: { value: 100 },
    scrollHeight: { get: () => height },
    scrollTop: {
      get: () => top,
      set: (value: number) => {
        top = Math.max(0, Math.min(value, height - 100));
      },
    },
  });
  const grow = (by: number) => {
    height += by;
  };
  const moved = vi.fn();
  const scroll = new Scroll(el, [], moved, new AbortController().signal);
  return {
    scroll,
    moved,
    top: () => top,
    grow: (by: number) => scroll.around(() => grow(by)),
    growUnannounced: grow,
    scrollTo: (value: number) => {
      el.scrollTop = value;
      el.dispatchEvent(new Event("scroll"));
    },
    click: () => el.dispatchEvent(new Event("click")),
  };
}

it("follows what grows at the end", () => {
  const { scroll, top, grow } = box(50);
  scroll.toEnd();
  grow(300);
  grow(40);
  expect(top()).toBe(290);
});

it("leaves a reader where he is, and says that there is more", () => {
  const { scroll, moved, top, grow, scrollTo } = box(500);
  scroll.toEnd();
  scrollTo(200);
  grow(100);
  expect(top()).toBe(200);
  expect(moved).toHaveBeenLastCalledWith(false);
});

it("follows again when the reader is back at the end", () => {
  const { scroll, top, grow, scrollTo } = box(500);
  scroll.toEnd();
  scrollTo(200);
  scrollTo(395);
  grow(100);
  expect(top()).toBe(500);
});

it("still follows after something grew by itself, like an image that loaded", () => {
  const { scroll, top, grow, growUnannounced } = box(500);
  scroll.toEnd();
  growUnannounced(300);
  grow(10);
  expect(top()).toBe(710);
});

it("does not pull a reader away from what he just opened", () => {
  const { scroll, top, grow, growUnannounced, click } = box(500);
  scroll.toEnd();
  click();
  growUnannounced(300);
  grow(10);
  expect(top()).toBe(400);
});
