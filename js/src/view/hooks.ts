import { useEffect, useReducer } from "preact/hooks";

/** Draws the component again every second while `on`. */
export function useSeconds(on: boolean): void {
  const [, tick] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => tick(undefined), 1000);
    return () => clearInterval(timer);
  }, [on]);
}

export function now(): number {
  return Date.now() / 1000;
}
