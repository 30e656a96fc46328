/** The sessions: to look for one and open it, and what can be done with the one that is shown. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Chat, sorry } from "../chat";
import { ago } from "../format";
import type { Action, ExportFormat, SessionEntry } from "../wire";
import { now } from "./hooks";
import { Icon, type IconName } from "./icons";

/** Milliseconds without a key until a search is asked for. */
const PAUSE = 250;

const FORMATS: [format: ExportFormat, name: string, meaning: string][] = [
  ["md", "Markdown", "A text to read"],
  ["html", "HTML", "A page to read, in one file"],
  ["json", "JSON", "For goose: what “goose session import” reads"],
  ["ipynb", "Notebook", "A notebook with the chat's code in cells"],
];

/** What the user is being asked: another title, or whether to delete the session of this key. */
interface Question {
  about: "title" | "shown" | "listed";
  key: string;
}

export interface MenuProps {
  chat: Chat;
  id: string;
  button: HTMLElement | null;
  close(focus?: "button" | "composer"): void;
}

export function Menu({ chat, id, button, close }: MenuProps) {
  const [query, setQuery] = useState("");
  const [question, setQuestion] = useState<Question | null>(null);
  const [failure, setFailure] = useState("");
  const [gone, setGone] = useState<string[]>([]);
  const busy = useRef(false);
  /** The shown session's key, once it was listed. */
  const known = useRef({ log: "", key: "" });
  const menu = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const asker = useRef<HTMLElement | null>(null);
  const title = chat.get("title");
  const { log } = chat.transcript;

  useLayoutEffect(() => {
    // Below the header, however high that is.
    menu.current?.style.setProperty("--g-top", `${button?.closest("header")?.offsetHeight ?? 40}px`);
    search.current?.focus({ preventScroll: true });
    const outside = (event: Event) => {
      const path = event.composedPath();
      if (![menu.current, button].some((el) => el && path.includes(el))) close();
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, []);
  // A new title or session makes another list.
  useEffect(() => {
    const ask = async () => {
      const outcome = await chat.search(query);
      if (outcome.state !== "done") setFailure(sorry("The sessions could not be listed", outcome));
    };
    const timer = setTimeout(ask, query === "" ? 0 : PAUSE);
    return () => clearTimeout(timer);
  }, [chat, query, title, log]);

  const run = async (label: string, action: Action, then: () => void) => {
    if (busy.current) return;
    busy.current = true;
    setFailure("");
    const outcome = await chat.do(action);
    busy.current = false;
    if (outcome.state === "done") then();
    else setFailure(sorry(`“${label}” did not work`, outcome));
  };
  const ask = (next: Question, by: HTMLElement) => {
    asker.current = by;
    setQuestion(next);
    setFailure("");
  };
  /** The focused button or field goes with the question. */
  const answered = () => {
    setQuestion(null);
    (asker.current?.isConnected ? asker.current : search.current)?.focus({ preventScroll: true });
  };
  const remove = (key: string) =>
    run("Delete", { type: "delete", key }, () => {
      setGone([...gone, key]);
      setQuestion(null);
      search.current?.focus({ preventScroll: true });
    });
  const open = (session: SessionEntry) =>
    session.current ? close("composer") : run("Open", { type: "open", key: session.key }, () => close("composer"));

  const found = chat.sessions?.query === query ? chat.sessions.list.filter(({ key }) => !gone.includes(key)) : null;
  const listed = found?.find((session) => session.current);
  if (listed) known.current = { log, key: listed.key };
  const current = known.current.log === log ? known.current.key : "";
  return (
    <div
      ref={menu}
      id={id}
      class="goose-menu"
      role="dialog"
      aria-label="Sessions"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.isComposing) return;
        event.preventDefault();
        if (question) answered();
        else close("button");
      }}
      onFocusOut={({ relatedTarget }) => {
        const isInside = menu.current?.contains(relatedTarget as Node | null);
        if (relatedTarget && !isInside && relatedTarget !== button) close();
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings its own layout. */}
      <div class="goose-commands" role="group" aria-label="This session">
        <Command icon="plus" label="New" onClick={() => run("New", { type: "new_session" }, () => close("composer"))} />
        <Command icon="edit" label="Rename" onClick={(by) => ask({ about: "title", key: "" }, by)} />
        <Command
          icon="fork"
          label="Fork"
          onClick={() => run("Fork", { type: "fork", item: "" }, () => close("composer"))}
        />
        {current !== "" && (
          <Command icon="trash" label="Delete" onClick={(by) => ask({ about: "shown", key: current }, by)} />
        )}
      </div>
      {question?.about === "title" && (
        <Rename title={title} rename={(next) => run("Rename", { type: "rename", title: next }, answered)} />
      )}
      {question?.about === "shown" && <Doubt yes={() => remove(question.key)} no={answered} />}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset brings its own layout. */}
      <div class="goose-commands" role="group" aria-label="Export">
        <span class="goose-muted">Export</span>
        {FORMATS.map(([format, name, meaning]) => (
          <Command
            label={name}
            title={meaning}
            onClick={() => run("Export", { type: "export", format }, () => close("button"))}
          />
        ))}
      </div>
      <input
        ref={search}
        type="search"
        placeholder="Search sessions"
        aria-label="Search sessions"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <div class="goose-failure" role="alert">
        {failure}
      </div>
      <div class="goose-muted" role="status">
        {found === null && failure === "" && "Loading…"}
        {found?.length === 0 && (query === "" ? "No sessions yet." : "Nothing found.")}
      </div>
      <ul aria-label={query === "" ? "Recent sessions" : "Sessions found"}>
        {found?.map((session) => (
          <li key={session.key}>
            <Row
              session={session}
              open={() => open(session)}
              ask={(by) => ask({ about: "listed", key: session.key }, by)}
            />
            {question?.about === "listed" && question.key === session.key && (
              <Doubt yes={() => remove(session.key)} no={answered} />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

interface CommandProps {
  icon?: IconName;
  label: string;
  title?: string;
  onClick(by: HTMLElement): void;
}

function Command({ icon, label, title, onClick }: CommandProps) {
  return (
    <button type="button" class="goose-command" title={title} onClick={(event) => onClick(event.currentTarget)}>
      {icon && <Icon name={icon} />}
      {label}
    </button>
  );
}

function Rename({ title, rename }: { title: string; rename(title: string): void }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  return (
    <input
      ref={field}
      class="goose-rename"
      aria-label="New title; Enter to rename, Escape to leave it"
      defaultValue={title}
      onKeyDown={(event) => {
        const next = event.currentTarget.value.trim();
        if (event.key === "Enter" && !event.isComposing && next !== "") rename(next);
      }}
    />
  );
}

/** Asks before something is gone for good. */
function Doubt({ yes, no }: { yes(): void; no(): void }) {
  const keep = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => keep.current?.focus({ preventScroll: true }), []);
  return (
    <div class="goose-doubt" role="alert">
      Delete this session? Its file and goose's copy are removed for good.
      <div>
        <button type="button" class="goose-button goose-reject" onClick={yes}>
          Delete
        </button>
        <button ref={keep} type="button" class="goose-button" onClick={no}>
          Keep
        </button>
      </div>
    </div>
  );
}

function Row({ session, open, ask }: { session: SessionEntry; open(): void; ask(by: HTMLElement): void }) {
  const { id, title, updated, messages, server, notebook, current, snippet } = session;
  const name = title || id;
  const facts = [ago(updated, now()), `${messages} ${messages === 1 ? "message" : "messages"}`, notebook];
  return (
    <div class="goose-row">
      <button
        type="button"
        class="goose-open"
        title={[id, server].filter(Boolean).join(" · ")}
        aria-current={current ? "true" : undefined}
        onClick={open}
      >
        <b>{name}</b>
        <span class="goose-muted">
          {current && "Current · "}
          {facts.filter(Boolean).join(" · ")}
        </span>
        {snippet !== "" && <span>{snippet}</span>}
      </button>
      <button
        type="button"
        class="goose-icon-button"
        aria-label={`Delete ${name}`}
        title="Delete"
        onClick={(event) => ask(event.currentTarget)}
      >
        <Icon name="trash" />
      </button>
    </div>
  );
}
