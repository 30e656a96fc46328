"""One open session of a chat, on the background thread: its log, its connection, and who asks and answers.

A chat that goes to another session leaves its room and enters a new one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import weakref
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from . import errors
from . import events as ev
from .answers import Answers
from .asks import Asks
from .conversation import Found
from .endpoint import Endpoint
from .facts import Facts
from .log import load, load_newest
from .loop import background, in_thread, within
from .protocol.requests import Answered, Declined, Request
from .recording import Recording
from .replay import Player
from .session import Session
from .store import Entry, SessionFile, session_file
from .target import Target
from .terms import Terms
from .transcript import Change

if TYPE_CHECKING:
    from .client import Client

log = logging.getLogger(__name__)

T = TypeVar("T")

# Changing the model can make goose start another provider.
_SET_PATIENCE: Final = 30.0

_REQUEST_PATIENCE: Final = 60.0
_WATCH_EVERY: Final = 1.0  # seconds between two looks after the file
_TAKE_OVER_PATIENCE: Final = 8.0  # seconds that another kernel has to give a session up
_TAKE_OVER_LOOK: Final = 0.1
_NOT_LET_GO: Final = "The other kernel did not let go of it. It may hang: shut it down, then press Retry."

_CLOSED: Final = "This chat is closed."
_LEFT: Final = "The chat went to another session before this was done."

_open_rooms: weakref.WeakSet[Room] = weakref.WeakSet()


class Host(Protocol):
    """The chat, as its room knows it."""

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """The transcript at `before` became the one at `seq`."""

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Some of the facts changed."""

    def logged(self, entries: list[Entry]) -> None:
        """These entries were written."""

    def restored(self) -> None:
        """The transcript is another one."""

    def go_to(self, file: SessionFile, *, take_over: bool) -> None:
        """Leave this room for one with this file."""

    def has_view(self) -> bool:
        """Whether somebody could click."""

    def patience(self) -> float:
        """Seconds to wait for a view that may be on its way."""


class Room:
    """A session, its connection, and the asks that wait for it.

    Args:
        terms: of the chat.
        host: the chat.
        session_id: a session that only the server has; None for a new one.
        file: of the session to resume.
        recording: what is replayed in place of a server, `speed` times as fast.
        home: a file at whose server it is, where no server is named.
        target: the server, where that is known already.
        visits: connect without any session.

    Raises:
        UsageError: an argument is not valid.
    """

    def __init__(
        self,
        terms: Terms,
        host: Host,
        *,
        session_id: str | None = None,
        file: SessionFile | None = None,
        recording: Recording | None = None,
        speed: float = 1.0,
        home: SessionFile | None = None,
        target: Target | None = None,
        visits: bool = False,
    ) -> None:
        self.terms, self._host, self.file, self.recording = terms, host, file, recording
        if recording is None:
            self.target = target or terms.target(file or home)
            if not self.target.is_elsewhere and not terms.directory.is_dir():
                raise errors.UsageError(f"cwd must be a folder; {terms.directory} is none.")
        self.session = Session(
            cwd=str(terms.directory) if recording is None else recording.header.cwd or str(terms.directory),
            store=terms.store,
            place=self.target.place if recording is None else recording.header.server or "an unknown server",
            notebook=terms.notebook,
            session_id=file.header.session_id if file is not None else session_id,
            mode=terms.mode,
            model=terms.model,
            saved=recording is None,
            visits=visits,
        )
        self.session.aside = self._aside
        self.answers = Answers(self.session, terms.on_permission, host.has_view, host.patience)
        self._speed = speed
        self.asks = Asks(self.session, self.answers, lambda: self.client, self.until_ready)
        self._run: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[None] | None = None  # again
        self._has_left = False
        self._watch: asyncio.Task[None] | None = None
        self._completing: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._pid = os.getpid()

    @cached_property
    def client(self) -> Client | Player:
        """What answers: the server, or the recording. Only on the background thread."""
        if self.recording is not None:
            return Player(self.session, self.recording, self._speed)
        from .client import Client  # here: importing it takes a while, in which the chat is shown

        return Client(self.session, self._locate)

    # From the beginning to the end.

    async def start(self, *, take_over: bool = False) -> None:
        """Show the session's file, and connect; nothing, if the chat has left meanwhile."""
        if self._has_left:
            return
        background().at_exit.add(self.end)
        _open_rooms.add(self)
        self.session.watcher = self
        if await self._resume(take_over=take_over):
            self._go()

    def _go(self) -> None:
        if self.session.facts.status == "closed":
            return
        self._run = background().spawn(self.client.run())
        if self.recording is None:
            self._watch = background().spawn(self._watch_file())

    async def _resume(self, *, take_over: bool = False) -> bool:
        """Show the session's file; False if the chat can't go on from it."""
        self._give_way()
        if self.file is None:
            return True
        try:
            found = await self._read(take_over=take_over)
            if self.session.facts.status == "closed":
                found.file.close()
                return False
            if not found.loaded.is_whole:
                self._completing = background().spawn(self._complete(found.file))
            self.session.resume(found)
        except Exception as error:
            if not isinstance(error, errors.GooseError):
                log.exception("a session file could not be read")
            if isinstance(error, errors.SessionInUse) and take_over:
                error.detail = _NOT_LET_GO
            self.session.show_only(error if isinstance(error, errors.GooseError) else errors.InternalError(error))
            return False
        finally:
            self._host.restored()
        self.session.commit()
        return True

    async def _read(self, *, take_over: bool) -> Found:
        assert self.file is not None
        file = session_file(self.file.path)  # as it is now
        if take_over:
            file.request()
            end = asyncio.get_running_loop().time() + _TAKE_OVER_PATIENCE
            while not file.acquire() and asyncio.get_running_loop().time() < end:
                await asyncio.sleep(_TAKE_OVER_LOOK)
                file.request()  # again: who just took it removes the sign unread
        else:
            file.acquire()
        loader = load if file.header.is_goose_web else load_newest  # what that has is compared with all of ours
        return Found(file, await in_thread(partial(loader, file), "goose-widget-resume"))

    async def whole(self) -> None:
        """Wait until all of the conversation is there: a long one begins with its newest turns."""
        if self._completing is not None:
            await asyncio.shield(self._completing)

    async def _complete(self, file: SessionFile) -> None:
        try:
            loaded = await in_thread(partial(load, file), "goose-widget-resume")
        except OSError as error:
            why = f"The beginning of this conversation could not be read: {error.strerror or error}."
            self.session.say(ev.Notice("error", why))
            return
        if self.session.watcher is self:
            self.session.complete(loaded)
            self._host.restored()
            self.session.commit()

    def _give_way(self) -> None:
        """The cell was run again: the chat that had the session in this kernel gives it up."""
        if self.session.facts.session_id is None or self.recording is not None:
            return
        for other in list(_open_rooms):
            if other is not self and other.recording is None and other._key() == self._key():
                other.end(errors.ContinuedElsewhere())

    def _key(self) -> tuple[str | None, Path]:
        return self.session.facts.session_id, self.terms.store.folder

    async def _watch_file(self) -> None:
        """Let another kernel have the session that asks for it, and save what could not be saved."""
        while True:
            await asyncio.sleep(_WATCH_EVERY)
            if self.session.is_wanted:
                self.end(errors.TakenOver())
            else:
                self.session.save_again()

    def end(self, why: errors.GooseError | None = None) -> None:
        """Disconnect, and let others have the file."""
        background().at_exit.discard(self.end)
        _open_rooms.discard(self)
        if self._run is not None:
            self._run.cancel()
            self._run = None
        self.session.close()
        if why is not None:
            self.session.fail(why)
        self._news.set()
        self.asks.give_up(_LEFT if self._has_left else _CLOSED)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def leave(self) -> None:
        """End, and tell the chat nothing more."""
        self._has_left = True
        self.session.watcher = None
        self.end()

    async def _locate(self, by_user: bool) -> Endpoint:
        try:
            return await self.target.locate(by_user=by_user)
        except errors.GooseNotFound as error:
            if self.session.facts.session_id is not None:
                error.offers = ()  # the demo knows nothing of this conversation
            raise
        finally:
            self.session.place = self.target.place

    def _aside(self, work: Callable[[], T], then: Callable[[T], object]) -> None:
        """Do what takes long on a thread of its own."""

        async def do() -> None:
            try:
                then(await in_thread(work, "goose-widget-document"))
            except Exception as error:
                log.exception("the work failed in an unforeseen way")
                self.session.fail(errors.InternalError(error))

        background().spawn(do())

    # What a person does about a problem.

    def retry(self) -> None:
        """Connect now; where the file could not be had, try that again."""
        if self._run is not None:
            self.client.retry()
        elif self.session.facts.status != "closed" and (self._starting is None or self._starting.done()):
            self._starting = background().spawn(self._start_again())

    async def _start_again(self) -> None:
        if await self._resume():
            self._go()

    def accept(self, offer: str) -> None:
        """Do what the problem's `offers` name.

        Raises:
            UsageError: it is not offered now.
        """
        problem = self.session.facts.problem
        if problem is None or offer not in dict(problem.offers):
            raise errors.UsageError("That is not on offer any more.")
        match offer:
            case "demo":
                self.target.try_demo()
                self.retry()
            case "new":
                self.session.renew()
                self.retry()
            case "restore":
                self.session.restore()
                self.retry()
            case "take-over":
                file = self.session.file or self.file
                assert file is not None
                self._host.go_to(file, take_over=True)

    # What others ask of the server.

    async def until_ready(self) -> None:
        """Wait until a prompt can be sent.

        Raises:
            GooseError: why that can't be.
        """
        while (status := self.session.facts.status) != "ready":
            problem = self.session.facts.problem
            if problem is not None:
                raise problem
            if status == "closed":
                raise errors.UsageError(_LEFT if self._has_left else _CLOSED)
            self._news.clear()
            await self._news.wait()

    async def set(self, setting: str, value: str) -> None:
        """Change `mode` or `model`.

        Raises:
            UsageError: the server refused it, or was silent.
        """
        answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def settle(refusal: str | None) -> None:
            if not answered.done():
                answered.set_result(refusal)

        self.session.set(setting, value, settle)
        try:
            refusal = await within(_SET_PATIENCE, answered)
        except asyncio.TimeoutError:
            refusal = (
                f"goose did not change the {setting} within {_SET_PATIENCE:g} s. Stop the turn, or try again later."
            )
        if refusal is not None:
            raise errors.UsageError(refusal)

    async def request(self, request: Request) -> Answered | Declined:
        """Ask the server something about its sessions."""
        answered: asyncio.Future[Answered | Declined] = asyncio.get_running_loop().create_future()
        self.session.request(request, lambda answer: None if answered.done() else answered.set_result(answer))
        try:
            return await within(_REQUEST_PATIENCE, answered)
        except asyncio.TimeoutError:
            return Declined("", f"goose did not answer within {_REQUEST_PATIENCE:g} s")

    # Told by the session.

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """Pass it on."""
        self._host.changed(before, seq, changes)

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Pass it on, and wake those who wait."""
        self._host.facts_changed(old, new)
        self._news.set()

    def logged(self, entries: list[Entry]) -> None:
        """Answer questions, and tell those who ask."""
        for entry in entries:
            self.asks.hear(entry)
            if isinstance(entry.event, ev.PermissionAsked):
                # Soon, not now: an answer is an entry too, and listeners get the entries in order.
                background().loop.call_soon(self.answers.decide, entry.event.request_id)
        self._host.logged(entries)
