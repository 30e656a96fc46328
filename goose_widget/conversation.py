"""The log of one conversation and the facts around it: written, reduced, shown. It knows no server.

All of it belongs to the background thread, but for reading the `log`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

from . import errors, history
from . import events as ev
from .facts import Facts
from .journal import Journal
from .log import Loaded, Log
from .queue import KEPT, Queue, Waiting, why_paused
from .store import Entry, Header, SessionFile, Store
from .transcript import Change, Transcript

_UNSENT: Final = "The kernel stopped before this message was sent: goose never got it."


class Watcher(Protocol):
    """Who is told what happened, on the background thread, after it was written."""

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """The transcript at `before` became the one at `seq`."""

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Some of the facts changed."""

    def logged(self, entries: list[Entry]) -> None:
        """These entries were written, and everything that follows from them was told."""


class Conversation:
    """What was said, in the file, in the transcript and to the watcher.

    Args:
        cwd: the folder goose works in, absolute.
        store: where the file is or will be.
        place: where the server is, "this computer" or its address.
        notebook: the notebook's path for the file's header, "" if unknown.
        session_id: the session to resume; None for a new one.
        saved: whether it gets a file; what is replayed has one.
    """

    def __init__(
        self, *, cwd: str, store: Store, place: str, notebook: str, session_id: str | None, saved: bool
    ) -> None:
        self.facts = Facts(session_id=session_id, cwd=cwd)
        self.watcher: Watcher | None = None
        self.store = store
        self.place = place
        self._cwd, self._notebook, self._saved = cwd, notebook, saved
        self._agent = ""  # name and version
        self._cut: dict[str, Any] | None = None  # the newest turn, if it was interrupted
        self._pending: list[ev.Event] = []
        self._said_once: set[str] = set()
        self._turn: str | None = None
        self._queue = Queue()
        self._paused = ""  # why the queue does not go on by itself
        self._journal = Journal(store if saved else None, self._own_header, self._say)
        self.log = Log(self._journal)

    @property
    def turn(self) -> str | None:
        """The running turn's prompt id."""
        return self._turn

    @property
    def pending(self) -> int:
        """How many events wait for `commit`."""
        return len(self._pending)

    def open_requests(self) -> list[str]:
        """Permission requests that wait for an answer."""
        return self.log.read(Transcript.open_requests)

    def status(self) -> str:
        """The one word for the state."""
        return self.facts.status

    # The file.

    def adopt(self, found: Found) -> None:
        """Show the conversation of a file, and go on in it.

        What it finds to say (damaged lines) is pending: show the file first, then `commit`.

        Raises:
            SessionInUse: another kernel writes it; its conversation is shown all the same.
        """
        self.log.adopt(found.loaded)
        watcher, self.watcher = self.watcher, None  # who resumes reads the facts at the end, not one by one
        self._queue.clear()
        for entry in found.loaded.facts:
            self._note(entry)
        self.watcher = watcher
        sent = self._forget_sent()
        self._paused = KEPT if self._queue else ""
        self._refresh()
        if not found.file.writable:
            raise errors.SessionInUse(str(self.facts.session_id))
        self._journal.adopt(found.file)
        for waiting in sent:
            was_sent = self._turn is not None or waiting.steers
            end = [] if was_sent else [ev.TurnEnded(waiting.id, "failed", {}, _UNSENT)]
            self._say(ev.Unqueued(waiting.id), *end)
        if found.loaded.damage is not None:
            self._say(found.loaded.damage)

    def _forget_sent(self) -> list[Waiting]:
        """Take out of the queue what was about to be sent when the kernel was killed: it is in the transcript."""
        sent = [each for each in self._queue if self.log.read(partial(_has_prompt, each.id))]
        for waiting in sent:
            self._queue.note(ev.Unqueued(waiting.id))
        return sent

    def complete(self, loaded: Loaded) -> None:
        """Show all of a long conversation, of which only the newest turns were adopted."""
        self.log.complete(loaded)
        self._said_once.update(e.event.text for e in loaded.facts if isinstance(e.event, ev.Notice))
        if loaded.damage is not None:
            self._say(loaded.damage)

    def redact(self, text: str) -> int:
        """Remove a text from the file, for good; `reload` it then. Returns how often it was there.

        Raises:
            UsageError: the text is empty.
            SessionFileError: another process has the file.
            OSError: it can't be written.
        """
        return self._journal.redact(text)

    def reload(self, loaded: Loaded) -> None:
        """Show what is in the file now, after it was rewritten."""
        self.log.adopt(loaded)
        title = [entry.event.title for entry in loaded.facts if isinstance(entry.event, ev.Title)]
        self._queue.clear()
        for entry in loaded.facts:
            self._queue.note(entry.event)
        self._change(title=title[-1] if title else "")
        self._refresh()

    @property
    def file(self) -> SessionFile | None:
        """The file that is written; None as long as there is none."""
        return self._journal.file

    def new_header(self, session_id: str) -> Header:
        """The header of a file for a session of this server that begins now."""
        now = round(time.time(), 3)
        return Header(session_id, self.place, now, notebook=self._notebook, cwd=self._cwd, agent=self._agent)

    def _own_header(self) -> Header | None:
        return None if self.facts.session_id is None else self.new_header(self.facts.session_id)

    def rename(self, title: str) -> None:
        """Give the conversation a title."""
        self._say(ev.Title(title))
        self.commit()

    # The log.

    def _say(self, *events: ev.Event) -> None:
        self._pending += events

    def commit(self) -> None:
        """Write what is pending, apply it, and tell the watcher."""
        while self._pending:
            pending, self._pending = self._pending, []
            news = [event for event in pending if self._is_news(event)]
            self._commit(ev.coalesce(news) if self._saved else news)  # what is replayed keeps its pieces

    def _commit(self, events: list[ev.Event]) -> None:
        if not events:
            return
        before, changes, entries = self.log.append(events)
        for entry in entries:
            self._note(entry)
        if self.watcher is not None:
            self.watcher.changed(before, self.log.seq, changes)
        self._refresh()
        if self.watcher is not None:
            self.watcher.logged(entries)

    def _is_news(self, event: ev.Event) -> bool:
        """goose repeats its facts; the log has each once."""
        match event:
            case ev.Title(title):
                return not history.is_same(self.facts.title, title)
            case ev.Mode(mode):
                return mode != self.facts.mode
            case ev.Model(model):
                return model != self.facts.model
            case ev.Usage(used, size, cost):
                known = self.facts.usage
                return (used, size, cost) != (known.get("used"), known.get("size"), known.get("cost"))
            case ev.Notice(_, text, _, True):
                is_new = text not in self._said_once
                self._said_once.add(text)
                return is_new
            case ev.Commands(commands):
                self._change(commands=commands)
                return False  # the server says them again in every session
            case _:
                return True

    def _note(self, entry: Entry) -> None:
        """Keep the facts that an entry tells."""
        match entry.event:
            case ev.UserMessage() as message:
                self._cut = None
                self._queue.note(message)
            case ev.Queued() | ev.QueueEdited() | ev.Unqueued() as change:
                self._queue.note(change)
            case ev.TurnStarted(prompt_id):
                self._turn, self._cut = prompt_id, None
            case ev.TurnEnded(prompt_id, stop_reason, usage, error):
                self._turn = None
                if self._queue:
                    self._paused = self._paused or why_paused(stop_reason)
                if stop_reason == "interrupted":
                    self._cut = {"prompt_id": prompt_id, "time": entry.time, "cause": error}
                self._change(usage={**self.facts.usage, **usage})
            case ev.Notice(_, text, _, True):
                self._said_once.add(text)
            case ev.Title(title):
                self._change(title=title)
            case ev.Mode(mode):
                self._change(mode=mode)
            case ev.Model(model):
                self._change(model=model)
            case ev.Usage(used, size, cost):
                self._change(usage={**self.facts.usage, "used": used, "size": size} | ({"cost": cost} if cost else {}))

    def _change(self, **facts: Any) -> None:
        if all(getattr(self.facts, name) == value for name, value in facts.items()):
            return
        old, self.facts = self.facts, replace(self.facts, **facts)
        if self.watcher is not None:
            self.watcher.facts_changed(old, self.facts)

    def _refresh(self) -> None:
        """Say what follows from the state."""
        if not self._queue:
            self._paused = ""
        self._change(
            status=self.status(),
            interrupted=self._interrupted(),
            unsaved=self._journal.problem,
            queue=tuple(self._queue),
            queue_paused=self._paused,
        )

    def _interrupted(self) -> dict[str, Any] | None:
        known = self.facts.interrupted
        if self._cut is None or (known is not None and known["prompt_id"] == self._cut["prompt_id"]):
            return known if self._cut is not None else None
        items = self.log.turn(self._cut["prompt_id"])
        return {**self._cut, "partial": any(item["kind"] in REPLY for item in items)}

    @property
    def is_wanted(self) -> bool:
        """Whether another kernel asks for the session."""
        return self.file is not None and self.file.writable and self.file.is_wanted

    def save_again(self) -> None:
        """Try again to save what could not be saved."""
        if self._journal.problem:
            self._journal.retry()
            self.commit()
            self._refresh()

    def say(self, notice: ev.Notice) -> None:
        """Add a notice of our own."""
        self._say(notice)
        self.commit()


def _has_prompt(prompt_id: str, transcript: Transcript) -> bool:
    return transcript.prompt_item(prompt_id) is not None


REPLY: Final = ("agent", "thought", "tool")
"""The kinds of items that a reply consists of."""


@dataclass(frozen=True, slots=True)
class Found:
    """The file of a session to resume, acquired if that could be, and what is in it."""

    file: SessionFile
    loaded: Loaded
