/** One view of a chat. */
import { render } from "preact";
import type { Chat } from "../chat";
import { h } from "../dom";
import { keepKeys } from "../keys";
import { followTheme } from "../theme";
import { Banners } from "./banner";
import { Composer } from "./composer";
import { Header } from "./header";
import { Log } from "./log";

/** Shows the chat in `el`; the returned function takes the view away. */
export function mount(chat: Chat, el: HTMLElement): () => void {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const [top, bottom] = [h("div"), h("div")];
  const log = new Log(chat, signal);
  const root = h("section", { class: "goose-widget", "aria-label": "Chat with goose" }, top, log.el, bottom);
  keepKeys(root, signal);
  followTheme(root, signal);

  const draw = () => {
    root.style.height = chat.get("height");
    render(
      <>
        <Header chat={chat} />
        <Banners chat={chat} />
      </>,
      top,
    );
    drawComposer();
    log.drawTail();
  };
  const drawComposer = () => render(<Composer chat={chat} onSent={() => log.toEnd()} />, bottom);

  const unsubscribe = chat.subscribe((event) => {
    if (event.type === "transcript") log.apply(event.applied);
    else if (event.type === "draft") drawComposer();
    else draw();
  });
  draw();
  el.append(root);
  log.toEnd();
  const detach = chat.attach();
  return () => {
    detach();
    unsubscribe();
    lifetime.abort();
    render(null, top);
    render(null, bottom);
    root.remove();
  };
}
