"""A chat as its traits: what is shown of the session in which it is, for observers and for a page."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import traitlets as t

from . import errors
from .facts import Facts
from .loop import background
from .mirror import Mirror
from .room import Room
from .session import Session
from .store import Entry, SessionFile
from .transcript import Change, Item

log = logging.getLogger(__name__)


class Shown(t.HasTraits):
    """The traits of a chat, kept up with its room.

    Args:
        room: the session in which it begins.
    """

    status = t.Enum(
        ["connecting", "ready", "running", "waiting", "reconnecting", "failed", "closed"],
        default_value="connecting",
        read_only=True,
        help="what the chat is doing; waiting: for your answer to a permission question",
    ).tag(sync=True)
    session_id = t.Unicode(None, allow_none=True, read_only=True, help="None until the server made the session").tag(
        sync=True
    )
    title = t.Unicode("", read_only=True).tag(sync=True)
    mode = t.Unicode("", read_only=True, help="change it with set_mode").tag(sync=True)
    model = t.Unicode("", read_only=True, help="change it with set_model").tag(sync=True)
    usage = t.Dict(
        read_only=True,
        help="tokens: `used` of `size` in the context; `input_tokens`, `output_tokens`, … of the last turn",
    ).tag(sync=True)
    server = t.Unicode("", read_only=True, help="name, version and place of the server").tag(sync=True)
    problem = t.Dict(
        default_value=None, allow_none=True, read_only=True, help="why the chat can't go on: `code`, `title`, `text`"
    ).tag(sync=True)
    reconnect = t.Dict(default_value=None, allow_none=True, read_only=True, help="`attempt`, `retry_at`, `reason`").tag(
        sync=True
    )
    read_only = t.Bool(False, read_only=True).tag(sync=True)
    resumed = t.Enum(
        ["", "attached", "restored", "read-only"],
        default_value="",
        read_only=True,
        help="how a session came back: the server had it; it was brought there from its file; it can only be read",
    ).tag(sync=True)
    interrupted = t.Dict(
        default_value=None,
        allow_none=True,
        read_only=True,
        help="the newest turn, if it was cut off: `prompt_id`, `time`, `cause`, `partial` (some of the reply came)",
    ).tag(sync=True)
    unsaved = t.Unicode("", read_only=True, help="why the conversation is not being saved; empty if it is").tag(
        sync=True
    )
    cwd = t.Unicode("", read_only=True).tag(sync=True)
    modes: t.List[dict[str, str]] = t.List(read_only=True, help="dicts with `id`, `name`, `description`").tag(sync=True)
    models: t.List[dict[str, str]] = t.List(read_only=True, help="dicts with `id`, `name`, `description`").tag(
        sync=True
    )
    queue: t.List[dict[str, Any]] = t.List(
        read_only=True, help="prompts that wait to be sent: dicts with `id`, `text`, `attachments`, `steers`"
    ).tag(sync=True)
    queue_paused = t.Unicode(
        "", read_only=True, help="why the queue waits for a click, a sentence; empty if it goes on by itself"
    ).tag(sync=True)
    commands: t.List[dict[str, str]] = t.List(
        read_only=True, help='what can follow a "/": dicts with `name`, `description`, `hint`'
    ).tag(sync=True)
    accepts: t.List[str] = t.List(read_only=True, help='of "image" and "file", what a prompt may carry').tag(sync=True)
    can_steer = t.Bool(False, read_only=True, help="the running turn takes more").tag(sync=True)
    items: t.List[Item] = t.List(
        read_only=True,
        help="the transcript as dicts with `id`, `kind`, `text` and more; one list that grows, observable",
    )

    def __init__(self, room: Room, **traits: Any) -> None:
        self._room = room
        super().__init__(**traits)
        facts = room.session.facts
        self.set_trait("cwd", facts.cwd)
        self.set_trait("session_id", facts.session_id if room.recording is None else room.recording.header.session_id)
        self._mirror = Mirror(self.items, lambda item_id: self._room.session.log.item(item_id), self._tell_items)

    @property
    def _session(self) -> Session:
        return self._room.session

    def go_to(self, file: SessionFile | None = None, *, take_over: bool = False) -> None:
        """Leave the session for another one: that of a file, or a new one. On the background thread.

        Raises:
            UsageError: a turn is running.
        """
        if self._room.recording is not None:
            raise errors.UsageError("This is a recording: it has no other sessions.")
        if self._session.facts.status in ("running", "waiting"):
            raise errors.UsageError("goose is still working in this session. Wait until it is done, or stop it first.")
        left = self._room
        facts = left.session.facts
        # A file says how its session is set. A new session goes on with what is set here, at the same server.
        mode, model = (facts.mode or None, facts.model or None) if file is None else (None, None)
        terms = replace(left.terms, mode=mode, model=model)
        room = Room(terms, self, file=file, target=left.target if file is None else None)
        left.leave()
        self._room = room
        self.facts_changed(left.session.facts, room.session.facts)
        self.restored()
        background().spawn(room.start(take_over=take_over))

    # Told by the session, on the background thread.

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """Keep `items` up with the transcript."""
        self._mirror.apply(changes)

    def _tell_items(self) -> None:
        # Assigning a list would compare and copy all of it; observers get the list that grows.
        with _observed():
            self.notify_change(t.Bunch(name="items", old=self.items, new=self.items, owner=self, type="change"))

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Set the traits that changed."""
        for name in Facts.__dataclass_fields__:
            value = getattr(new, name)
            if value != getattr(old, name):
                with _observed():
                    self.set_trait(name, _to_trait(value))

    def logged(self, entries: list[Entry]) -> None:
        """Nothing more to do."""

    def restored(self) -> None:
        """The transcript is another one."""
        self._mirror.reset(self._session.log.snapshot()[1])
        self.facts_changed(Facts(), self._session.facts)

    # A person at a page.

    def has_view(self) -> bool:
        """Whether somebody could click."""
        return False

    def patience(self) -> float:
        """Seconds to wait for a view that may be on its way."""
        return 0.0


@contextlib.contextmanager
def _observed() -> Iterator[None]:
    """A user's observer that fails must not take the chat with it."""
    try:
        yield
    except (Exception, SystemExit, KeyboardInterrupt, asyncio.CancelledError):
        log.exception("an observer of the chat failed")


def _to_trait(value: Any) -> Any:
    if isinstance(value, errors.GooseError):
        return value.to_wire()
    if isinstance(value, tuple):
        return [each if isinstance(each, str | dict) else each.to_wire() for each in value]
    return value
