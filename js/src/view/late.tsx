/** Views whose code comes with a part. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Parts, partAtHand, withPart } from "../parts";

type Panels = Parts["panels"];

/** The part, once it is there; asks for it with each drawing until then. */
export function usePanels(): Panels | undefined {
  const [panels, set] = useState(() => partAtHand("panels"));
  useLayoutEffect(() => (panels ? undefined : withPart("panels", set)));
  return panels;
}

interface Props {
  draw(panels: Panels, el: Element): void;
  /** What `draw` depends on: it is called when one of them is another. */
  inputs: unknown[];
  /** Shown until then. */
  children?: ComponentChildren;
}

/** Has a root of its own, as the part has its own Preact. */
export function Late({ draw, inputs, children }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const panels = usePanels();
  useLayoutEffect(() => {
    if (panels && host.current) draw(panels, host.current);
  }, [panels, ...inputs]);
  useLayoutEffect(() => {
    const el = host.current;
    if (panels && el) return () => panels.clear(el);
  }, [panels]);
  return (
    <>
      {!panels && children}
      <div ref={host} class="goose-late" />
    </>
  );
}
