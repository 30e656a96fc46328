/** A view whose code comes with a part: it has a root of its own, as the part has its own Preact. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Parts, withPart } from "../parts";

type Panels = Parts["panels"];

interface Props {
  draw(panels: Panels, el: Element): void;
  /** Shown until then. */
  children?: ComponentChildren;
}

export function Late({ draw, children }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const gone = useRef(false);
  const [drawn, setDrawn] = useState(false);
  useLayoutEffect(() => {
    withPart("panels", (panels) => {
      if (!host.current || gone.current) return;
      draw(panels, host.current);
      setDrawn(true);
    });
  });
  useLayoutEffect(() => {
    const el = host.current;
    return () => {
      gone.current = true;
      withPart("panels", ({ clear }) => el && clear(el));
    };
  }, []);
  return (
    <>
      {!drawn && children}
      <div ref={host} class="goose-late" />
    </>
  );
}
