"""One session's file: append-only JSON lines, written by one process at a time.

- Whole lines, handed to the system before an event is shown, synced to disk at the end of a turn. What could not be
  written (a full disk) is kept and written as soon as that works again.
- Nothing is rewritten but to remove a text for good (`rewrite`), which puts a new file in the place of the old one. A
  torn last line (the kernel was killed while it wrote) is cut off when the file is opened to write.
- Who writes holds its lock (`lock.py`). Another process that wants to go on with the session leaves a sign; whoever
  writes decides when to give way.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from . import events as ev
from . import private
from .errors import SessionFileError
from .lines import (
    BLOCK,
    MAX_HEADER,
    MAX_LINE,
    Entry,
    Header,
    Reader,
    entry_line,
    header_line,
    is_json,
    parse_header,
    turn_start,
    whole_end,
    whole_lines,
)
from .lock import WriteLock, lock_descriptor, unlock_descriptor

_UNFINISHED: Final = ".goose-session-{}.tmp"


class SessionFile:
    """A session's file. Made by `Store.create`, `Store.find` and `session_file`.

    Attributes:
        path: where it is.
        header: its first line.
        writable: False when another process has it open; nothing that writes must then be called.
        damaged: lines that `read` could not read.
        last_seq: the number of the last entry that `read` gave.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self.writable = False
        self.damaged = 0
        self.last_seq = 0
        self._fd: int | None = None
        self._backlog: deque[bytes] = deque()  # whole lines
        self._torn_at: int | None = None  # the offset of half a line that could not be taken back
        self._lock = WriteLock(path)

    # Who writes it.

    def acquire(self) -> bool:
        """Take the file to write; False if another process has it. The lock of a dead process is no lock.

        What it holds may have changed: read it after this. A sign that was there is removed.
        """
        if self.writable:
            return True
        try:
            self._lock.take()
            self._take(self._open())
        except BlockingIOError:
            self._lock.release()
            return False
        except OSError:
            pass  # `append` tries again, and says why not
        self.writable = True
        self._lock.hear()
        return True

    def _open(self) -> int:
        fd = private.open_to_append(self.path)
        try:
            lock_descriptor(fd)
        except BlockingIOError:
            os.close(fd)
            raise
        return fd

    def _take(self, fd: int) -> None:
        self._fd = fd
        self.mend()

    def request(self) -> None:
        """Ask whoever writes the file to give way, by a sign beside it. It may be there already.

        Ask again when nothing happens: a process that just took the file removes the sign unread.

        Raises:
            SessionFileError: the sign can't be left.
        """
        try:
            self._lock.request()
        except OSError as error:
            raise SessionFileError(f"The session can't be asked for: {error}.") from error

    @property
    def is_wanted(self) -> bool:
        """Whether another process asked for the file since this one has it."""
        return self._lock.is_wanted

    # Writing.

    def append(self, entries: list[Entry]) -> None:
        """Write `entries`, after what could not be written before.

        Raises:
            OSError: it can't be written now; it is kept, and written with the next ones.
        """
        if entries:
            self._backlog.append(b"".join(map(entry_line, entries)))
        if self._fd is None:
            self._take(self._open())
        self._flush()

    def _flush(self) -> None:
        assert self._fd is not None
        if self._torn_at is not None:
            os.ftruncate(self._fd, self._torn_at)
            self._torn_at = None
        while self._backlog:
            end = os.fstat(self._fd).st_size
            try:
                private.write_all(self._fd, self._backlog[0])
            except OSError:
                self._torn_at = end  # half a line must not be glued to the next try
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, end)
                    self._torn_at = None
                raise
            self._backlog.popleft()

    def mend(self) -> None:
        """Cut off a torn last line, so that the next one begins on a line of its own."""
        if self._fd is None:
            return
        end = whole_end(self._fd)
        size = os.fstat(self._fd).st_size - end
        if 0 < size <= MAX_LINE and is_json(os.pread(self._fd, size, end)):
            self._backlog.appendleft(b"\n")
            with contextlib.suppress(OSError):
                self._flush()
        elif size:
            os.ftruncate(self._fd, end)

    @property
    def is_deleted(self) -> bool:
        """Whether somebody deleted or replaced the file while it was to be written."""
        return self._fd is not None and os.fstat(self._fd).st_nlink == 0

    def sync(self) -> None:
        """Wait until the disk has it. May take long: not for the event loop's thread."""
        with contextlib.suppress(OSError), self._reading() as fd:
            os.fsync(fd)
        private.sync_folder(self.path.parent)

    def rewrite(self, header: Header, entries: Iterable[Entry]) -> None:
        """Put a new file with this header and these entries in the place of this one, in one step.

        What was damaged in the old one is gone with it, and so is what could not be written before: `read` gives that
        too. The file stays acquired.

        Raises:
            SessionFileError: it is another process's.
            OSError: it can't be written; the old one is as it was.
        """
        if not self.writable:
            raise SessionFileError(f"{self.path.name} is open in another kernel.")
        path = _temporary(self.path)
        fd = private.create(path)
        try:
            lock_descriptor(fd)
            _write_lines(fd, header_line(header), map(entry_line, entries))
            os.fsync(fd)
            path.replace(self.path)
        except BaseException:
            os.close(fd)
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        private.sync_folder(self.path.parent)
        old, self._fd, self.header = self._fd, fd, header
        self._backlog.clear()
        self._torn_at = None
        if old is not None:
            os.close(old)

    def copy_to(self, other: SessionFile, *, until: int | None = None) -> None:
        """Write the entries to another file, which has none, also what is deleted or could not be written.

        Args:
            other: an acquired file.
            until: the number of the last entry to copy, as `read` numbers them; None for all. Damaged lines are copied
                with all entries only.

        Raises:
            OSError: it can't be read, or written; `other` then holds a part.
        """
        assert other._fd is not None
        with self._reading() as fd:
            if until is not None:
                _write_lines(other._fd, b"", self._until(fd, until))
                return
            at, end = _after_header(fd), whole_end(fd)
            while at < end:
                block = os.pread(fd, min(BLOCK, end - at), at)
                if not block:
                    break
                private.write_all(other._fd, block)
                at += len(block)
            tail = os.pread(fd, max(0, os.fstat(fd).st_size - end), end)
            if tail and end and is_json(tail):
                private.write_all(other._fd, tail + b"\n")
        for lines in list(self._backlog):
            private.write_all(other._fd, lines.removeprefix(b"\n"))  # what mends an end

    def _until(self, fd: int, until: int) -> Iterator[bytes]:
        reader = Reader()
        for batch in self._batches(fd):
            for line in batch:
                entry = reader.entry(line)
                if entry is not None and line is not None:
                    if entry.seq > until:
                        return
                    yield line.encode() + b"\n"

    # Reading.

    def read(self) -> Iterator[Entry]:
        """The entries, oldest first, also what could not be written yet; sets `damaged` and `last_seq`.

        For any thread, with as many readers as there are.

        Raises:
            OSError: it can't be read.
        """
        reader = Reader()
        with self._reading() as fd:
            for lines in self._batches(fd):
                yield from reader.entries(lines)
        self.damaged, self.last_seq = reader.damaged, reader.seq

    def newest(self, size: int) -> list[Entry] | None:
        """The entries of about the last `size` bytes, from the beginning of a turn on; None if no turn begins there.

        For any thread.

        Raises:
            OSError: it can't be read.
        """
        with self._reading() as fd:
            end = whole_end(fd)
            start = max(_after_header(fd), end - size)
            offset = turn_start(os.pread(fd, end - start, start))
            if offset is None:
                return None
            batches = self._batches(fd, start + offset)
            return list(Reader().entries(line for lines in batches for line in lines))

    def facts(self, kinds: tuple[str, ...]) -> list[Entry]:
        """The entries of some kinds, by their names in the file; quick, as the others are not decoded.

        Raises:
            OSError: it can't be read.
        """
        starts = tuple(f'{{"e":"{kind}"' for kind in kinds)
        with self._reading() as fd:
            lines = (line for batch in self._batches(fd) for line in batch)
            return list(Reader().entries(line for line in lines if line is not None and line.startswith(starts)))

    def _batches(self, fd: int, start: int | None = None) -> Iterator[list[str | None]]:
        yield from whole_lines(fd, _after_header(fd) if start is None else start)
        for lines in list(self._backlog):
            if text := lines.decode().strip("\n"):
                yield list(text.split("\n"))

    @contextlib.contextmanager
    def _reading(self) -> Iterator[int]:
        """A descriptor of its own, which a `close` meanwhile does not take away."""
        fd = private.open_to_read(self.path) if self._fd is None else os.dup(self._fd)
        try:
            yield fd
        finally:
            os.close(fd)

    def damage(self) -> ev.Notice | None:
        """What to tell of the lines that could not be read; None if there were none."""
        if not self.damaged:
            return None
        lines = f"{self.damaged} line{'s' * (self.damaged > 1)} of {self.path.name}"
        return ev.Notice("warning", f"{lines} could not be read and {'is' if self.damaged == 1 else 'are'} left out.")

    # Its end.

    def discard(self) -> None:
        """Close and remove a file that is not worth having."""
        was_writable = self.writable
        self.close()
        if was_writable:
            for path in (self.path, self._lock.path):
                with contextlib.suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        """Close the file and let others write it. May be called twice."""
        if self.writable:
            self._lock.hear()
        self.writable = False
        if self._fd is not None:
            fd, self._fd = self._fd, None
            unlock_descriptor(fd)
            os.close(fd)
        self._lock.release()


def session_file(path: Path) -> SessionFile:
    """The session's file at `path`, not yet acquired. A path that is a link stands for where it leads.

    Raises:
        SessionFileError: there is no such file, or it is none of a session, or of another version.
    """
    try:
        return file_at(path.resolve())
    except (RuntimeError, ValueError) as error:  # links in a circle, before Python 3.13; a NUL
        raise SessionFileError(f"{str(path)!r} can't be read: {error}.") from error


def file_at(path: Path) -> SessionFile:
    """The session's file at `path`, which must be no link; not yet acquired.

    Raises:
        SessionFileError: there is no such file, or it is none of a session, or of another version.
    """
    try:
        fd = private.open_to_read(path)
        try:
            line = _first_line(fd)
        finally:
            os.close(fd)
        return SessionFile(path, parse_header(line))
    except SessionFileError as error:
        raise SessionFileError(f"{path} can't be opened. {error}") from error
    except OSError as error:
        raise SessionFileError(f"{path} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise SessionFileError(f"{path} is no session file of goose-widget.") from error


def new_file(path: Path, header: Header, *, begins_with: SessionFile | None, until: int | None) -> SessionFile:
    """A new file, acquired. It gets its name when all that it begins with is in it; see `SessionFile.copy_to`.

    Raises:
        OSError: it can't be written; nothing is left of it.
    """
    file = SessionFile(path, header)
    temporary = _temporary(path)
    fd = private.create(temporary)
    try:
        file._lock.take()
        lock_descriptor(fd)
        private.write_all(fd, header_line(header))
        file._fd, file.writable = fd, True
        if begins_with is not None:
            begins_with.copy_to(file, until=until)
        temporary.rename(path)
    except BaseException:
        if file._fd is None:
            os.close(fd)
        file.writable = True  # so that the lock goes too
        file.discard()
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return file


def sweep(folder: Path) -> None:
    """Remove the unfinished files that killed processes left in a folder."""
    for path in folder.glob(_UNFINISHED.format("*")):
        with contextlib.suppress(OSError):
            fd = private.open_to_read(path)
            try:
                lock_descriptor(fd)  # else it is being written
                path.unlink()
            finally:
                os.close(fd)


def _temporary(path: Path) -> Path:
    return path.with_name(_UNFINISHED.format(secrets.token_hex(8)))


def _write_lines(fd: int, first: bytes, lines: Iterable[bytes]) -> None:
    waiting, size = [first], len(first)
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= BLOCK:
            private.write_all(fd, b"".join(waiting))
            waiting, size = [], 0
    private.write_all(fd, b"".join(waiting))


def _first_line(fd: int) -> bytes:
    start = b""
    for size in (4096, MAX_HEADER):
        start = os.pread(fd, size, 0)
        if end := start.find(b"\n") + 1:
            return start[:end]
    return start


def _after_header(fd: int) -> int:
    return len(_first_line(fd))
