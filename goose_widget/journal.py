"""The log's way into the session's file.

Nothing is shown before it was handed to the system, and nothing is dropped when that fails: it stays in memory, and all
of it is saved once that works again.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from . import events as ev
from .errors import SessionFileError, UsageError
from .redact import redact, redact_header
from .store import Entry, Header, SessionFile, Store

# What makes a file worth having: a session that nobody used leaves none behind.
_WORTH_KEEPING: Final = (
    ev.UserMessage,
    ev.Queued,
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

# Making a file may be slow where it fails (a whole conversation is copied): not for every piece of a reply.
_TRIES_AGAIN: Final = (ev.UserMessage, ev.TurnEnded)

_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def is_open_here(path: Path) -> bool:
    """Whether a chat of this process has the session's file to write."""
    files = [journal.file for journal in list(_journals)]
    return any(file is not None and file.writable and file.path == path for file in files)


class Journal:
    """Appends entries to the session's file, which it makes when there is something to keep.

    Args:
        store: where new files go; None to write nothing.
        header: the header of a new file; None while the session has no id yet.
        tell: called with a notice when saving fails and when it works again.

    Attributes:
        problem: why the conversation is not being saved, a sentence; "" while it is.
    """

    def __init__(
        self, store: Store | None, header: Callable[[], Header | None], tell: Callable[[ev.Notice], None]
    ) -> None:
        self._store, self._header, self._tell = store, header, tell
        self._file: SessionFile | None = None
        self._left: SessionFile | None = None  # the file to go on from in a new one
        self._waiting: list[Entry] = []
        self._held: list[Entry] | None = None  # what came while the file is written anew
        self._is_worth_keeping = False
        self._closed = False
        self.problem = ""
        _journals.add(self)

    @property
    def file(self) -> SessionFile | None:
        """The file that it writes; None if there is none yet."""
        return self._file

    def adopt(self, file: SessionFile) -> None:
        """Go on in the file of a resumed session, also after `close`."""
        self._file, self._closed = file, False

    def move(self) -> None:
        """Go on in a new file, which begins with all that is in this one."""
        self._left, self._file = self._file or self._left, None

    def append(self, entries: list[Entry]) -> None:
        """Write `entries`. What can't be written waits, and is written before the next ones."""
        if self._store is None:
            return
        self._is_worth_keeping |= any(isinstance(entry.event, _WORTH_KEEPING) for entry in entries)
        if self._held is not None:
            self._held += entries
            return
        self._waiting += entries
        is_due = not self.problem or any(isinstance(entry.event, _TRIES_AGAIN) for entry in entries)
        if not self._closed:
            self._save(may_make=is_due)

    def retry(self) -> None:
        """Try again to write what waits. To be called every few seconds while there is a problem."""
        if self.problem and not self._closed and self._held is None:
            self._save(may_make=True)

    def hold(self) -> None:
        """Leave the file alone until `release`: another thread writes it anew, with `redact`.

        Raises:
            UsageError: it is held already.
        """
        if self._held is not None:
            raise UsageError("A text is being removed from this conversation. Wait until that is done.")
        self._held = []

    def release(self) -> None:
        """Write what came meanwhile; close the file if that was asked for meanwhile."""
        held, self._held = self._held or [], None
        self._waiting += held
        if self._closed:
            self._closed = False
            self.close()
        elif self._waiting:
            self._save(may_make=True)

    def _save(self, *, may_make: bool) -> None:
        try:
            file = self._current(may_make)
            if file is None:
                return
            waiting, self._waiting = self._waiting, []
            file.append(waiting)
        except (OSError, SessionFileError) as error:
            self._fail(error)
            return
        was_failing, self.problem = bool(self.problem), ""
        if was_failing:
            self._tell(ev.Notice("info", "The conversation is saved again, all of it."))
        if was_failing or any(isinstance(entry.event, ev.TurnEnded) for entry in waiting):
            self._sync(file)

    def _fail(self, error: Exception) -> None:
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        plain = cause.strerror if isinstance(cause, OSError) else None
        where = f" ({cause.filename})" if isinstance(cause, OSError) and cause.filename else ""
        why = f"{plain}{where}" if plain else str(cause).rstrip(".")
        known, self.problem = self.problem, f"This conversation is not being saved: {why}."
        if not known:
            text = f"{self.problem} It goes on, and all of it is saved once that works again."
            self._tell(ev.Notice("error", text))

    def _current(self, may_make: bool) -> SessionFile | None:
        """The file to write to; None if there is nothing to keep yet, or if it is not to be made now."""
        if self._file is not None and not self._file.is_deleted:
            return self._file
        if may_make:
            if self._file is not None:
                self._replace(self._file)
            else:
                self._begin()
            return self._file
        return None

    def _begin(self) -> None:
        assert self._store is not None
        header = self._header()
        if header is None or not (self._is_worth_keeping or self._left is not None):
            return
        if self._left is not None:
            header = replace(header, after=self._left.header.uid, continues=self._left.header.session_id)
        self._file = self._store.create(header, begins_with=self._left)
        if self._left is not None:
            self._left.close()
            self._left = None

    def _replace(self, deleted: SessionFile) -> None:
        assert self._store is not None
        self._file = self._store.create(deleted.header, begins_with=deleted)
        deleted.close()
        self._tell(ev.Notice("warning", "The file of this conversation was deleted. All of it was written anew."))

    def _sync(self, file: SessionFile) -> None:
        """Off the loop's thread: a disk may take its time."""
        try:
            asyncio.get_running_loop().run_in_executor(None, file.sync)
        except RuntimeError:  # no loop runs: nobody waits for this thread either
            file.sync()

    def redact(self, text: str) -> int:
        """Remove a text for good from all that was and will be written here. Returns how often it was there.

        For any thread, between `hold` and `release`.

        Files that this one goes on from hold it too: `Store.lineage` names them.

        Raises:
            UsageError: the text is empty or only white space.
            SessionFileError: another process has the file.
            OSError: it can't be written; the file is as it was.
        """
        waiting, count = redact(self._waiting, text)
        for file in (self._file, self._left):
            if file is not None:
                count += redact_file(file, text)
        self._waiting = waiting
        return count

    def close(self) -> None:
        """Write what is left, and let others have the file."""
        if self._held is not None:
            self._closed = True  # `release` does the rest
            return
        if self._store is not None and not self._closed:
            self._save(may_make=True)
        self._closed = True
        for file in (self._file, self._left):
            if file is not None:
                file.close()


def redact_file(file: SessionFile, text: str) -> int:
    """Remove a text for good from an acquired file. Returns how often it was there.

    Raises:
        UsageError: the text is empty or only white space.
        SessionFileError: another process has the file.
        OSError: it can't be written; the file is as it was.
    """
    entries, count = redact(list(file.read()), text)
    header = redact_header(file.header, text)
    count += header != file.header
    file.rewrite(header, entries)
    return count
