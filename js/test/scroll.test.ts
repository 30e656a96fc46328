import { afterEach, expect, it, vi } from "vitest";
import { Scroll } from "../src/view/scroll";

afterEach(() => void vi.unstubAllGlobals());

/** A box of 100 px with as much content as a test says; happy-dom lays nothing out. */
function box(content: number) {
  let height = content;
  let top = 0;
  let size = 100;
  let shown = true;
  const el = document.createElement("div");
  Object.defineProperties(el, {
    clientHeight: { get: () => (shown ? size : 0) },
    scrollHeight: { get: () => (shown ? height : 0) },
    scrollTop: {
      get: () => (shown ? top : 0),
      set: (value: number) => {
        if (shown) top = Math.max(0, Math.min(value, height - size));
      },
    },
  });
  const grow = (by: number) => {
    height += by;
  };
  const moved = vi.fn();
  let resized = () => {};
  let frame: (() => void) | undefined;
  vi.stubGlobal("requestAnimationFrame", (callback: () => void) => {
    expect(frame).toBeUndefined();
    frame = callback;
    return 1;
  });
  vi.stubGlobal("cancelAnimationFrame", () => {
    frame = undefined;
  });
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
    stream: (by: number) => scroll.stream(() => grow(by)),
    resize: (by: number) => {
      grow(by);
      top = Math.max(0, Math.min(top, height - size));
      resized();
    },
    scrollTo: (value: number) => {
      el.scrollTop = value;
      el.dispatchEvent(new Event("scroll"));
    },
    frame: () => {
      frame?.();
      frame = undefined;
    },
    show: (value: boolean) => {
      shown = value;
      resized();
    },
    showMore: (by: number) => {
      size += by;
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

it.each([
  ["before a change", "grow"],
  ["before the frame that follows text", "stream"],
] as const)(
  "lets a reader go who has moved up by a few pixels, as a wheel does in its first frame: %s",
  (_when, how) => {
    const { scroll, moved, top, scrollTo, frame, ...ways } = box(500);
    scroll.toEnd();
    for (const place of [397, 385, 340]) {
      scrollTo(place);
      expect(moved).toHaveBeenLastCalledWith(false);
      scroll.keep(() => {});
      ways[how](100);
      frame();
      expect(top()).toBe(place);
    }
  },
);

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

it("follows text once for each frame, however often it comes", () => {
  const { scroll, moved, top, stream, frame } = box(500);
  scroll.toEnd();
  moved.mockClear();
  for (let n = 0; n < 5; n++) stream(100);
  expect(top()).toBe(400);
  expect(scroll.isAtEnd()).toBe(true);
  frame();
  expect(top()).toBe(900);
  expect(moved.mock.calls).toEqual([[true]]);
  stream(10);
  frame();
  expect(top()).toBe(910);
});

it.each(["grow", "stream"] as const)(
  "knows how much is seen when something is drawn (%s) in a box that has just grown",
  (how) => {
    const { scroll, showMore, ...ways } = box(500);
    scroll.toEnd();
    ways[how](10);
    ways.frame();
    expect(scroll.height).toBe(100);
    showMore(50);
    ways[how](10);
    expect(scroll.height).toBe(150);
  },
);

it("leaves a reader where he went before the frame that follows text", () => {
  const { scroll, moved, top, stream, frame, scrollTo } = box(500);
  scroll.toEnd();
  stream(100);
  scrollTo(200);
  expect(moved).toHaveBeenLastCalledWith(false);
  frame();
  stream(100);
  frame();
  expect(top()).toBe(200);
});

it("follows text also where less is shown by a little, as when a paragraph becomes a table", () => {
  const { scroll, top, stream, frame, scrollTo } = box(500);
  scroll.toEnd();
  stream(-20);
  scrollTo(380);
  stream(100);
  frame();
  expect(top()).toBe(480);
});

it("follows text before a click opens what the reader looks at, and after it", () => {
  const { scroll, top, stream, frame, click } = box(500);
  scroll.toEnd();
  stream(100);
  click();
  expect(top()).toBe(500);
  frame();
  stream(100);
  frame();
  expect(top()).toBe(600);
});

it("goes to the end at once with another change, and nowhere with what is let go of", () => {
  const { scroll, top, stream, grow, frame } = box(500);
  scroll.toEnd();
  stream(100);
  grow(100);
  expect(top()).toBe(600);
  stream(100);
  scroll.letGo();
  frame();
  expect(top()).toBe(600);
});

it("follows text that came while its tab was hidden", () => {
  const { scroll, top, stream, frame, show } = box(500);
  scroll.toEnd();
  show(false);
  for (let n = 0; n < 3; n++) stream(100);
  frame();
  show(true);
  expect(top()).toBe(700);
});
