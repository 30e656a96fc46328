/** The list that completes commands and files: a combobox, in which the focus stays in the text. */
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../chat";
import { useUnique } from "../view/hooks";
import { Icon } from "../view/icons";
import { commandsFor, filesFor, type Option, type Token, tokenAt } from "./token";

/** Milliseconds without a key until files are asked for. */
const PAUSE = 120;

export function useCompletion(chat: Chat, area: RefObject<HTMLTextAreaElement | null>) {
  const id = useUnique();
  /** -1 while nothing is to be completed. */
  const [caret, setCaret] = useState(-1);
  const [chosen, choose] = useState({ of: "", at: 0 });
  const token = caret < 0 || chat.silent ? null : tokenAt(chat.draft, caret);
  const asked = token?.kind === "@" ? token.query : null;
  useEffect(() => {
    if (asked === null) return;
    const timer = setTimeout(() => void chat.lookFor(asked), PAUSE);
    return () => clearTimeout(timer);
  }, [chat, asked]);

  const options = token ? optionsFor(chat, token) : [];
  const key = `${token?.kind}${token?.query}`;
  const at = Math.min(chosen.of === key ? chosen.at : 0, options.length - 1);
  const close = () => setCaret(-1);
  const accept = ({ insert, open }: Option) => {
    const field = area.current;
    if (!field || !token) return;
    const { start, end } = token;
    const text = open || /^\s/.test(field.value.slice(end)) ? insert : `${insert} `;
    field.focus({ preventScroll: true });
    field.setSelectionRange(start, end);
    // Which can be undone; else without that.
    if (!document.execCommand?.("insertText", false, text)) field.setRangeText(text, start, end, "end");
    chat.type(field.value);
    setCaret(open ? field.selectionStart : -1);
  };
  /** Whether the key was for the list. */
  const onKeyDown = (event: KeyboardEvent): boolean => {
    const option = options[at];
    if (!token || !option || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape") close();
    else if (step) choose({ of: key, at: (at + step + options.length) % options.length });
    // What is there already need not be accepted: Enter is meant for all of the text.
    else if (event.key === "Enter" && chat.draft.slice(token.start, token.end) === option.insert) {
      close();
      return false;
    } else if (event.key === "Enter" || event.key === "Tab") accept(option);
    else return false;
    event.preventDefault();
    return true;
  };
  const isOpen = options.length > 0;
  // While it is open only: what is no more than a text field is announced as one.
  const combobox: Record<string, string | boolean> = {
    role: "combobox",
    "aria-expanded": true,
    "aria-autocomplete": "list",
    "aria-controls": id,
    "aria-activedescendant": `${id}-${at}`,
  };
  return {
    isOpen,
    close,
    /** The text or the caret has changed; a list opens when something is typed. */
    follow: (typed = false) => (typed || isOpen) && setCaret(area.current?.selectionStart ?? -1),
    onKeyDown,
    attributes: isOpen ? combobox : {},
    list: isOpen && (
      <List
        id={id}
        label={token?.kind === "/" ? "Commands" : "Files"}
        options={options}
        at={at}
        accept={accept}
        point={(index) => choose({ of: key, at: index })}
      />
    ),
  };
}

function optionsFor(chat: Chat, { kind, query }: Token): Option[] {
  if (kind === "/") return commandsFor(chat.get("commands"), query);
  const { files } = chat;
  if (!files) return [];
  // Until the answer is there: what is left of the one before.
  const fits = (path: string) => path.toLowerCase().includes(query.toLowerCase());
  return filesFor(files.query === query ? files.list : files.list.filter(fits));
}

interface ListProps {
  id: string;
  label: string;
  options: Option[];
  at: number;
  accept(option: Option): void;
  point(index: number): void;
}

function List({ id, label, options, at, accept, point }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const [box, option] = [list.current, list.current?.children[at] as HTMLElement | undefined];
    if (!box || !option) return;
    // Not scrollIntoView, which would scroll the notebook too.
    const below = option.offsetTop + option.offsetHeight - box.clientHeight;
    box.scrollTop = Math.max(below, Math.min(box.scrollTop, option.offsetTop));
  }, [at, options.length]);
  return (
    <div ref={list} id={id} class="goose-completions" role="listbox" aria-label={label}>
      {options.map((option, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text, whose keys these are.
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above.
        <div
          id={`${id}-${index}`}
          class="goose-completion"
          role="option"
          aria-selected={index === at}
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => index !== at && point(index)}
          onClick={() => accept(option)}
        >
          {label === "Files" && <Icon name={option.open ? "folder" : "file"} />}
          <b>{option.label}</b>
          {option.detail !== "" && <span class="goose-muted">{option.detail}</span>}
        </div>
      ))}
    </div>
  );
}
