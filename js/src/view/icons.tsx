/** Small line icons; always beside words, so hidden from screen readers. */
const PATHS = {
  terminal: "M3 4.5l3.5 3.5L3 11.5M8.5 12h4.5",
  edit: "M10.8 2.7l2.5 2.5L5.5 13H3v-2.5z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  search: "M7 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM10 10l3.5 3.5",
  globe: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM2 8h12M8 2c4 4 4 8 0 12M8 2C4 6 4 10 8 14",
  trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5L5 13h6l.5-8.5",
  move: "M2.5 8h11M10 4.5L13.5 8 10 11.5",
  tool: "M13 4.5a3.3 3.3 0 0 1-4.4 4L4.8 12.3a1.3 1.3 0 0 1-1.9-1.9L6.8 6.6a3.3 3.3 0 0 1 4-4.4L8.9 4.1l.4 1.9 1.9.4z",
  thought: "M5.5 12.5h5M6.5 14.5h3M8 1.8a4.2 4.2 0 0 0-2.4 7.6c.6.5.9 1 .9 1.6h3c0-.6.3-1.1.9-1.6A4.2 4.2 0 0 0 8 1.8z",
  check: "M3 8.5l3.3 3.3L13 5",
  cross: "M4 4l8 8M12 4l-8 8",
  stop: "M4.5 4.5h7v7h-7z",
  question: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM6.3 6.4a1.7 1.7 0 1 1 2.5 1.5c-.5.3-.8.6-.8 1.1M8 11.2v.1",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3.2l2.2 1.4",
  chevron: "M6 4l4 4-4 4",
  copy: "M6 6h7v7H6zM3 10V3h7",
  send: "M8 13V3.5M4 7.5l4-4 4 4",
  down: "M8 3v9.5M4 8.5l4 4 4-4",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  info: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 7.5V11M8 5v.1",
  warning: "M8 2.5l6 11H2zM8 7v3M8 12v.1",
  sessions: "M3 4h10M3 8h10M3 12h6",
  attach: "M12.8 7.6l-5 5a3.1 3.1 0 0 1-4.4-4.4l5.3-5.3a2.1 2.1 0 0 1 3 3L6.5 11a1 1 0 0 1-1.5-1.4l4.4-4.4",
  folder: "M2 4h4.2l1.5 1.8H14v7.2H2z",
  plus: "M8 3v10M3 8h10",
  fork: "M4.5 6v4M4.5 2.8a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2zM4.5 10a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2zM11.5 2.8a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2zM11.5 6c0 2.4-3.5 2-6 3.7",
  columns: "M2.5 3h11v10h-11zM8 3v10",
  rows: "M2.5 3h11v10h-11zM2.5 8h11",
  plan: "M2.5 4l1 1L5 3.2M2.5 8.5l1 1L5 7.7M2.5 13l1 1L5 12.2M7.5 4.3h6M7.5 8.8h6M7.5 13.3h6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`goose-icon goose-icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export function Spinner() {
  return <span class="goose-spinner" aria-hidden="true" />;
}
