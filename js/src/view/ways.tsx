/** Buttons for the ways on from where the chat is stuck. */
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
  const el = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => keepFocus(el.current), []);
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

/** The buttons go when one has helped, and with the focus on the page's body the keyboard would be the notebook's. */
function keepFocus(el: HTMLElement | null): () => void {
  return () => {
    if (el?.querySelector(":focus")) {
      el.closest(".goose-widget")?.querySelector("textarea")?.focus({ preventScroll: true });
    }
  };
}
