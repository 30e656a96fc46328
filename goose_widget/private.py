"""Files that only their owner reads, in a folder where anything may lie.

No link at the end of a path is followed, and only an ordinary file is opened: a link that somebody put there must not
lead a reader or a writer out of the folder, and a pipe must not hold them up. The umask has no say.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

_MODE: Final = 0o600
_SAFE: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def open_to_read(path: Path) -> int:
    """A descriptor of an ordinary file.

    Raises:
        OSError: there is none, or it is a link or something else.
    """
    return _ordinary(os.open(path, os.O_RDONLY | _SAFE), path)


def open_to_append(path: Path) -> int:
    """A descriptor of an ordinary file, which from now on only its owner can read.

    Raises:
        OSError: there is none, it is a link or something else, or it can't be written.
    """
    return _tightened(_ordinary(os.open(path, os.O_RDWR | os.O_APPEND | _SAFE), path))


def create(path: Path) -> int:
    """A descriptor of a new, empty file.

    Raises:
        OSError: there is something already, or it can't be written.
    """
    return _tightened(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | _SAFE, _MODE))


def make_folder(path: Path) -> None:
    """Make a folder that only its owner can enter, and those above it that are missing. One that exists stays as it is.

    Raises:
        OSError: it can't be made.
    """
    missing = []
    while not path.is_dir():
        missing.append(path)
        if path == path.parent:
            break
        path = path.parent
    for folder in reversed(missing):
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:  # another kernel made it just now; or it is a file, which the next step says
            continue
        folder.chmod(0o700)


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`.

    Raises:
        OSError: some or none of it was written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder, where that can be asked for."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _ordinary(fd: int, path: Path) -> int:
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{path} is no ordinary file")
    return fd


def _tightened(fd: int) -> int:
    if stat.S_IMODE(os.fstat(fd).st_mode) != _MODE:
        with contextlib.suppress(OSError):  # somebody else's file that we may write: its mode is theirs
            os.fchmod(fd, _MODE)
    return fd
