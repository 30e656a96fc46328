/** Buttons for the ways on from where the chat is stuck. */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Chat, sorry } from "../chat";
import type { Action } from "../wire";

export interface Way {
  label: string;
  action: Action;
}

/** A button for each way on. `first`: the first one leads on at once, the others after something else was done. */
export function Ways({ chat, ways, first = false }: { chat: Chat; ways: Way[]; first?: boolean }) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const el = useKeptFocus<HTMLDivElement>();
  const go = async ({ label, action }: Way) => {
    if (busy) return;
    setBusy(true);
    setFailure("");
    const outcome = await chat.do(action);
    setBusy(false);
    if (outcome.state !== "done") setFailure(sorry(`“${label}” did not work`, outcome));
  };
  if (ways.length === 0) return null;
  return (
    <div class="goose-ways" ref={el}>
      {ways.map((way, index) => (
        <button
          type="button"
          class={first && index === 0 ? "goose-button goose-primary" : "goose-button"}
          aria-disabled={busy}
          onClick={() => go(way)}
        >
          {way.label}
        </button>
      ))}
      <div class="goose-failure">{failure}</div>
    </div>
  );
}

/** For what may go while it has the focus: on the page's body the keyboard would be the notebook's. */
export function useKeptFocus<T extends HTMLElement>(): RefObject<T | null> {
  const ref = useRef<T>(null);
  useLayoutEffect(() => {
    const el = ref.current;
    return () => {
      if (el?.contains((el.getRootNode() as Document | ShadowRoot).activeElement)) {
        el.closest(".goose-widget")
          ?.querySelector<HTMLElement>(".goose-field textarea")
          ?.focus({ preventScroll: true });
      }
    };
  }, []);
  return ref;
}
