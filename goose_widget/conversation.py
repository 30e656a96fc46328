"""The log of one conversation and the facts around it: written, reduced, shown. It knows no server.

All of it belongs to the background thread, but for reading the `log`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Protocol

from . import errors
from . import events as ev
from .facts import Facts
from .journal import Journal
from .log import Log
from .store import Entry, Header, SessionFile, Store
from .transcript import Change, Transcript


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
        self._continues = ""  # the session that this one goes on from
        self._pending: list[ev.Event] = []
        self._said_once: set[str] = set()
        self._turn: str | None = None
        self._journal = Journal(store if saved else None, self._new_header, self._say)
        self.log = Log(self._journal)

    @property
    def turn(self) -> str | None:
        """The running turn's prompt id."""
        return self._turn

    @property
    def pending(self) -> bool:
        """Whether `commit` has something to do."""
        return bool(self._pending)

    def open_requests(self) -> list[str]:
        """Permission requests that wait for an answer."""
        return self.log.read(Transcript.open_requests)

    def status(self) -> str:
        """The one word for the state."""
        return self.facts.status

    # The file.

    def read(self) -> SessionFile | None:
        """Read the file of the session to resume; None if the store has none. May be called again after it failed.

        What it finds to say (damaged lines) is pending: show the file first, then `commit`.

        Raises:
            SessionInUse: another kernel writes it; its conversation is shown all the same.
        """
        assert self.facts.session_id is not None
        file = self.store.find(self.facts.session_id)
        if file is None:
            return None
        writable = file.acquire()
        if writable:
            file.mend()
        entries = list(file.read())
        self.log.restore(entries)
        watcher, self.watcher = self.watcher, None  # who resumes reads the facts at the end, not one by one
        for entry in entries:
            self._note(entry.event)
        self.watcher = watcher
        if not writable:
            raise errors.SessionInUse(self.facts.session_id)
        self._journal.adopt(file)
        if (damage := file.damage()) is not None:
            self._say(damage)
        return file

    def _new_header(self) -> Header | None:
        if self.facts.session_id is None:
            return None
        now = round(time.time(), 3)
        return Header(self.facts.session_id, self.place, now, self._notebook, self._cwd, self._continues, self._agent)

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
            self._note(entry.event)
        if self.watcher is not None:
            self.watcher.changed(before, self.log.seq, changes)
        self._refresh()
        if self.watcher is not None:
            self.watcher.logged(entries)

    def _is_news(self, event: ev.Event) -> bool:
        """goose repeats its facts; the log has each once."""
        match event:
            case ev.Title(title):
                return title != self.facts.title
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
            case ev.Commands():
                return False  # nothing shows them yet
            case _:
                return True

    def _note(self, event: ev.Event) -> None:
        """Keep the facts that an event tells."""
        match event:
            case ev.TurnStarted(prompt_id):
                self._turn = prompt_id
            case ev.TurnEnded(_, _, usage, _):
                self._turn = None
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
        old, self.facts = self.facts, replace(self.facts, **facts)
        if old != self.facts and self.watcher is not None:
            self.watcher.facts_changed(old, self.facts)

    def _refresh(self) -> None:
        """Say the status that follows from the state."""
        self._change(status=self.status())

    def say(self, notice: ev.Notice) -> None:
        """Add a notice of our own."""
        self._say(notice)
        self.commit()
