/** The part of anywidget's model that this widget uses; and what other front ends may lack is optional. */
import type { Traits } from "./wire";

export interface Model {
  get<K extends keyof Traits>(name: K): Traits[K];
  on(event: string, callback: (...args: unknown[]) => void): void;
  off(event: string, callback: (...args: unknown[]) => void): void;
  send(content: unknown): void;
  widget_manager?: unknown;
}
