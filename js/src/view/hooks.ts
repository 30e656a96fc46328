import { useEffect, useReducer, useState } from "preact/hooks";
import type { Chat } from "../chat";
import { randomId } from "../random";

/** Draws the component again every second while `on`. */
export function useSeconds(on: boolean): void {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => tick(undefined), 1000);
    return () => clearInterval(timer);
  }, [on]);
}

/** Whether the chat's kernel is silent; draws the component again when that changes. False unless `on`. */
export function useSilence(chat: Chat, on: boolean): boolean {
  const [silent, set] = useState(chat.silent);
  useEffect(() => {
    if (!on) return;
    set(chat.silent);
    return chat.subscribe(() => set(chat.silent));
  }, [chat, on]);
  return on && silent;
}

/** An id for an element. Preact's `useId` gives the same ones in every root, and there are many on a page. */
export function useUnique(): string {
  return useState(randomId)[0];
}

export function now(): number {
  return Date.now() / 1000;
}
