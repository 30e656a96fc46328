import { afterEach, expect, it, vi } from "vitest";
import { Scroll } from "../src/view/scroll";

afterEach(() => void vi.unstubAllGlobals());

/** A box of 100 px with as much content as a test says; happy-dom lays nothing out. */
function box(content: number) {
  let height = content;
  let top = 0;
  let shown = true;
  const el = document.createElement("div");
  Object.defineProperties(el, {
    clientHeight: { get: () => (shown ? 100 : 0) },
    scrollHeight: { get: () => (shown ? height : 0) },
    scrollTop: {
      get: () => (shown ? top : 0),
      set: (value: number) => {
        if (shown) top = Math.max(0, Math.min(value, height - 100));
      },
    },
  });
  const grow = (by: number) => {
    height += by;
  };
  const moved = vi.fn();
  let resized = () => {};
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(callback: () => void) {
        resized = callback;
      }
      observe() {}
      disconnect() {}
    },
  );
  const scroll = new Scroll(el, [], moved, new AbortController().signal);
  return {
    scroll,
    moved,
    top: () => top,
    grow: (by: number) => scroll.around(() => grow(by)),
    growUnannounced: grow,
    resize: (by: number) => {
      grow(by);
      top = Math.max(0, Math.min(top, height - 100));
      resized();
    },
    scrollTo: (value: number) => {
      el.scrollTop = value;
      el.dispatchEvent(new Event("scroll"));
    },
    show: (value: boolean) => {
      shown = value;
      resized();
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

it("still follows after the page got wider, so that there was less to scroll, and narrow again", () => {
  const { scroll, top, resize } = box(500);
  scroll.toEnd();
  resize(-300);
  expect(top()).toBe(100);
  resize(300);
  expect(top()).toBe(400);
});

it("leaves a reader where he is when the page gets wider", () => {
  const { scroll, top, scrollTo, resize } = box(500);
  scroll.toEnd();
  scrollTo(50);
  resize(-200);
  resize(200);
  expect(top()).toBe(50);
});

it("does not pull a reader away from what he just opened", () => {
  const { scroll, top, grow, growUnannounced, click } = box(500);
  scroll.toEnd();
  click();
  growUnannounced(300);
  grow(10);
  expect(top()).toBe(400);
});

it.each([
  ["at the end", 400, 1400],
  ["elsewhere", 200, 200],
])("is %s again when its tab is shown again, however much came meanwhile", (_name, before, after) => {
  const { scroll, top, grow, scrollTo, show } = box(500);
  scroll.toEnd();
  scrollTo(before);
  show(false);
  grow(1000);
  expect(scroll.isAtEnd()).toBe(before === 400);
  show(true);
  expect(top()).toBe(after);
});
