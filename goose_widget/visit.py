"""A connection to a server without any session, to ask it about those that it keeps."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from . import errors
from .facts import Facts
from .loop import within
from .room import Room
from .store import Entry, SessionFile
from .terms import Terms
from .transcript import Change

_PATIENCE: Final = 60.0


@contextlib.asynccontextmanager
async def visit(terms: Terms, file: SessionFile | None = None) -> AsyncIterator[Room]:
    """A connection to the server without a session.

    Args:
        terms: say which server.
        file: where they do not, it is this session's.

    Raises:
        GooseError: the server can't be reached.
    """
    room = Room(terms, _Nobody(), home=file, visits=True)
    try:
        await room.start()
        try:
            await within(_PATIENCE, room.until_ready())
        except asyncio.TimeoutError:
            raise errors.ConnectionRefused(room.target.place, f"It did not answer in {_PATIENCE:g} s.") from None
        yield room
    finally:
        room.leave()


class _Nobody:
    """The host of a visit."""

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """Nothing is shown."""

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Nothing is shown."""

    def logged(self, entries: list[Entry]) -> None:
        """Nobody waits."""

    def restored(self) -> None:
        """Nothing is shown."""

    def go_to(self, file: SessionFile, *, take_over: bool) -> None:
        """Nobody asks for it."""

    def has_view(self) -> bool:
        """No."""
        return False

    def patience(self) -> float:
        """None."""
        return 0.0
