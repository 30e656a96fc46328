"""Who writes a file: one process at a time, and how another asks for it.

There are two locks: on a file beside it, and on the file itself, for a disk that is too full for the first. The system
takes both from a process that ends, however it does. A sign beside the file says that somebody waits for it; one that
was there before a process took the file means nothing to it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import ModuleType

from . import private

_fcntl: ModuleType | None
try:
    import fcntl as _fcntl
except ImportError:
    _fcntl = None


class WriteLock:
    """The lock beside a file, and the sign. Taken on one thread, it may be released on another.

    Args:
        path: of the file.

    Attributes:
        path: of the lock.
    """

    def __init__(self, path: Path) -> None:
        from filelock import FileLock  # here: importing it takes a while, and a new chat has no file yet

        self.path = Path(f"{path}.lock")
        self._lock = FileLock(self.path, mode=0o600, thread_local=False)
        self._wanted = Path(f"{path}.wanted")
        self._stale: tuple[int, int] | None = None  # a sign that can't be removed

    def take(self) -> None:
        """Take it, where locks can be made: else the one on the file itself has to do.

        Raises:
            BlockingIOError: another process has it.
        """
        from filelock import Timeout  # here, as above

        with contextlib.suppress(OSError):
            if self.path.is_symlink():
                self.path.unlink()  # never one of ours, and a lock must not be made where it leads
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise BlockingIOError(str(error)) from error
        except (OSError, NotImplementedError):
            pass  # a full disk, a read-only folder, a file system without locks

    def release(self) -> None:
        """Let others have it. May be called twice, and without `take`."""
        self._lock.release()

    def request(self) -> None:
        """Leave a sign. It may be there already.

        Raises:
            OSError: it can't be left.
        """
        with contextlib.suppress(FileExistsError):
            os.close(private.create(self._wanted))

    @property
    def is_wanted(self) -> bool:
        """Whether somebody left a sign that was not heard."""
        return (sign := self._sign()) is not None and sign != self._stale

    def hear(self) -> None:
        """Remove the sign."""
        with contextlib.suppress(OSError):
            self._wanted.unlink()
        self._stale = self._sign()

    def _sign(self) -> tuple[int, int] | None:
        try:
            status = self._wanted.lstat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns


def lock_descriptor(fd: int) -> None:
    """Lock an open file, where the file system has locks.

    Raises:
        BlockingIOError: another process has it.
    """
    if _fcntl is not None:
        try:
            _fcntl.flock(fd, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass


def unlock_descriptor(fd: int) -> None:
    """Let others have an open file, even if somebody still reads from a copy of the descriptor."""
    if _fcntl is not None:
        with contextlib.suppress(OSError):
            _fcntl.flock(fd, _fcntl.LOCK_UN)
