/** One view of a chat. */
import { render } from "preact";
import { offerCells } from "../cells";
import type { Chat } from "../chat";
import { Composer } from "../composer/composer";
import { takeDrops } from "../composer/drop";
import { h } from "../dom";
import { keepKeys } from "../keys";
import { followTheme } from "../theme";
import { askInTitle } from "../title";
import { Banners } from "./banner";
import { offerFind } from "./finding";
import { Header } from "./header";
import { Log } from "./log";
import { asks } from "./state";

/** Shows the chat in `el`; the returned function takes the view away. */
export function mount(chat: Chat, el: HTMLElement): () => void {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const [top, bottom] = [h("div"), h("div")];
  const log = new Log(chat, signal);
  const root = h("section", { class: "goose-widget", "aria-label": "Chat with goose" }, top, log.el, bottom);
  const finding = offerFind(chat, log, root, signal);
  keepKeys(root, signal);
  followTheme(root, signal);
  takeDrops(chat, root, signal);
  offerCells(chat, root, signal);

  let status = chat.get("status");
  const announceEnd = () => {
    const before = status;
    status = chat.get("status");
    if ((before === "running" || before === "waiting") && status === "ready") {
      log.announcer.say("Turn ended");
      finding()?.again();
    }
  };
  let untitle: (() => void) | null = null;
  const titled = (asks: boolean) => {
    if (asks === (untitle !== null)) return;
    untitle?.();
    untitle = asks ? askInTitle() : null;
  };
  const draw = () => {
    announceEnd();
    titled(asks(chat));
    // Spinners stand still.
    root.toggleAttribute("data-silent", chat.silent);
    drawTop();
    drawComposer();
    log.drawTail();
  };
  const drawTop = () =>
    render(
      <>
        <Header chat={chat} onShow={(id) => log.show(id)} />
        <Banners chat={chat} />
      </>,
      top,
    );
  const drawComposer = () => render(<Composer chat={chat} onSent={() => log.toEnd()} />, bottom);
  // Only when it changes: the user may have dragged the corner.
  const setHeight = () => {
    root.style.height = chat.get("height");
  };

  const unsubscribe = chat.subscribe((event) => {
    if (event.type === "transcript") {
      log.apply(event.applied);
      finding()?.follow(event.applied);
    } else if (event.type === "answer") {
      if (event.answer.type === "found") finding()?.found(event.answer);
      else log.answer(event.answer);
    } else if (event.type === "height") setHeight();
    else log.around(event.type === "draft" ? drawComposer : draw);
  });
  setHeight();
  draw();
  el.append(root);
  log.toEnd();
  const detach = chat.attach();
  const place = placeOf(root, signal);
  return () => {
    detach(place());
    unsubscribe();
    lifetime.abort();
    titled(false);
    render(null, top);
    render(null, bottom);
    root.remove();
  };
}

/** The notebook a view is in. It is looked for whenever it gets a size: before and after that a view is in no document. */
function placeOf(root: Element, signal: AbortSignal): () => Element | null {
  let place: Element | null = null;
  const observer = new ResizeObserver(() => {
    place = root.closest(".jp-Notebook") ?? place;
  });
  observer.observe(root);
  signal.addEventListener("abort", () => observer.disconnect());
  return () => root.closest(".jp-Notebook") ?? place;
}
