"""The log's way into the session's file.

Nothing is shown before it was handed to the system, and nothing is dropped when that fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from . import events as ev
from .errors import SessionFileError
from .store import Entry, Header, SessionFile, Store

# What makes a file worth having: a session that nobody used leaves none behind.
_WORTH_KEEPING: Final = (
    ev.UserMessage,
    ev.Text,
    ev.Thought,
    ev.Content,
    ev.ToolCall,
    ev.LiveOutput,
    ev.Plan,
    ev.PermissionAsked,
    ev.Notice,
    ev.Raw,
)


class Journal:
    """Appends entries to the session's file, which it makes when there is something to keep.

    Args:
        store: where new files go; None to write nothing.
        header: the header of a new file; None while the session has no id yet.
        tell: called with a notice when saving fails and when it works again.
    """

    def __init__(
        self, store: Store | None, header: Callable[[], Header | None], tell: Callable[[ev.Notice], None]
    ) -> None:
        self._store, self._header, self._tell = store, header, tell
        self._file: SessionFile | None = None
        self._left: SessionFile | None = None  # the file to go on from in a new one
        self._waiting: list[Entry] = []
        self._failed = False
        self._closed = False

    def adopt(self, file: SessionFile) -> None:
        """Go on in the file of a resumed session."""
        self._file = file

    def move(self) -> None:
        """Go on in a new file, which begins with all that is in this one."""
        self._left, self._file = self._file or self._left, None

    def append(self, entries: list[Entry]) -> None:
        """Write `entries`. What can't be written waits, and is written before the next ones."""
        if self._store is None:
            return
        self._waiting += entries
        try:
            if self._closed or (self._file is None and not self._begin()):
                return
            assert self._file is not None
            if self._file.is_deleted:
                self._replace(self._file)
            waiting, self._waiting = self._waiting, []
            self._file.append(waiting)
        except (OSError, SessionFileError) as error:
            if not self._failed:
                self._failed = True
                text = f"This conversation is not being saved: {error}. It goes on, and is saved once that works again."
                self._tell(ev.Notice("error", text))
            return
        if self._failed:
            self._failed = False
            self._tell(ev.Notice("info", "The conversation is saved again, all of it."))
        if any(isinstance(entry.event, ev.TurnEnded) for entry in waiting):
            self._sync()

    def _begin(self) -> bool:
        assert self._store is not None
        header = self._header()
        is_worth_keeping = any(isinstance(entry.event, _WORTH_KEEPING) for entry in self._waiting)
        if header is None or not (is_worth_keeping or self._left is not None):
            return False
        self._file = self._store.create(header)
        if self._left is not None:
            self._left.copy_to(self._file)
            self._left.close()
            self._left = None
        return True

    def _replace(self, deleted: SessionFile) -> None:
        assert self._store is not None
        self._file = self._store.create(deleted.header)
        deleted.copy_to(self._file)
        deleted.close()
        self._tell(ev.Notice("warning", "The file of this conversation was deleted. All of it was written anew."))

    def _sync(self) -> None:
        """Off the loop's thread: a disk may take its time."""
        assert self._file is not None
        try:
            asyncio.get_running_loop().run_in_executor(None, self._file.sync)
        except RuntimeError:  # no loop runs: nobody waits for this thread either
            self._file.sync()

    def close(self) -> None:
        """Write what is left, and let others have the file."""
        self.append([])
        self._closed = True
        for file in (self._file, self._left):
            if file is not None:
                file.close()
