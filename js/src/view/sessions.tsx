/** The button that opens the list of sessions. */
import { useRef, useState } from "preact/hooks";
import type { Chat } from "../chat";
import { useUnique } from "./hooks";
import { Icon } from "./icons";
import { Late } from "./late";

export function Sessions({ chat }: { chat: Chat }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useUnique();
  const close = (focus?: "button" | "composer") => {
    setOpen(false);
    const root = button.current?.closest(".goose-widget");
    if (focus) (focus === "button" ? button.current : root?.querySelector("textarea"))?.focus({ preventScroll: true });
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class="goose-sessions"
        title="Sessions"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name="sessions" />
        <span>Sessions</span>
      </button>
      {open && (
        <Late
          draw={({ drawMenu }, el) => drawMenu(el, { chat, id, button: button.current, close })}
          inputs={[chat.get("title"), chat.transcript.log, chat.sessions]}
        />
      )}
    </>
  );
}
