"""The session files beside the notebook: the folder they are in, and which of them is meant.

- A file belongs to one conversation. Session ids repeat (goose counts anew after a delete, and on every machine), so a
  new conversation always gets a new file, and a session is found by the headers, never by making a path of its id.
- A file may go on from another (`Header.after`): the other one is then done with, and its id stands for the newest file
  that goes on from it.
- The folder is private (0700, files 0600) and kept out of git by a `.gitignore` until its owner decides otherwise. A
  link that lies in it is passed over; the folder itself may be one.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from . import private
from .errors import AmbiguousSession, SessionFileError
from .lines import Entry, Header
from .session_file import SessionFile, file_at, new_file, session_file, sweep
from .sessions import SessionInfo, Sessions, describe

__all__ = [
    "Entry",
    "Header",
    "SessionFile",
    "SessionInfo",
    "Sessions",
    "Store",
    "default_folder",
    "file_name",
    "session_file",
]

_IGNORE: Final = b"# Conversations are private until you decide otherwise: delete this file to share them.\n*\n"


def default_folder(notebook_folder: Path) -> Path:
    """Where the sessions of the notebooks in a folder are."""
    return notebook_folder / ".goose" / "sessions"


def file_name(session_id: str, token: str) -> str:
    """A new file's name: readable, unique by `token`, and harmless whatever the id holds."""
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", session_id[:1000]).strip("-")[:60] or "session"
    return f"{slug}-{token}.jsonl"


class Store:
    """The sessions in one folder. The folder is made with the first session.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(
        self, header: Header, *, begins_with: SessionFile | None = None, until: int | None = None
    ) -> SessionFile:
        """A new file for a new conversation, acquired. It is there with all that it begins with, or not at all.

        Args:
            header: its first line; it gets a `uid` if it has none.
            begins_with: the file whose entries come first. Name it in `header.after` if that is all of them.
            until: the number of the last of these entries; None for all.

        Raises:
            SessionFileError: the folder or the file can't be written.
        """
        header = header if header.uid else replace(header, uid=secrets.token_hex(8))
        try:
            private.make_folder(self.folder)
            self._ignore()
            sweep(self.folder)
            path = self.folder / file_name(header.session_id, secrets.token_hex(4))
            return new_file(path, header, begins_with=begins_with, until=until)
        except OSError as error:
            raise SessionFileError(f"The conversation can't be saved in {self.folder}: {error}.") from error

    def _ignore(self) -> None:
        path = self.folder / ".gitignore"
        try:
            fd = private.create(path)
        except FileExistsError:
            return
        try:
            private.write_all(fd, _IGNORE)
        except OSError:
            path.unlink()
            raise
        finally:
            os.close(fd)

    def find(self, session_id: str, *, server: str = "") -> SessionFile | None:
        """The file in which a session's conversation goes on, not yet acquired; None if there is none.

        Args:
            session_id: of this file, or of one that it goes on from.
            server: where the session is, with or without the protocol's own path, to choose by if several have this id;
                "" if that is not known.

        Raises:
            AmbiguousSession: there are several conversations of this id.
        """
        files = list(self.files())
        links = _Links(files)
        named = [file for file in files if file.header.session_id == session_id]
        ends = links.ends(*named)
        if len(ends) > 1 and server:
            there = [file for file in named if file.header.server in (server, f"{server}/acp", f"{server}/ws")]
            if len(there) == 1:
                ends = links.ends(*there)
        if len(ends) > 1:  # a file in which nothing was said yet is no conversation
            ends = [end for end in ends if any(info.messages for info in _described([end]))] or ends[:1]
        if len(ends) > 1:
            raise AmbiguousSession(session_id, _described(ends))
        return ends[0] if ends else None

    def lineage(self, file: SessionFile) -> list[SessionFile]:
        """The files that a file goes on from, the newest first: they hold the beginning of its conversation too."""
        files = list(self.files())
        found: list[SessionFile] = []
        seen = {file.path}
        before = [file]
        while before:
            uids = {each.header.after for each in before} - {""}
            before = [each for each in files if each.header.uid in uids and each.path not in seen]
            seen.update(each.path for each in before)
            found += before
        return found

    def sessions(self) -> list[SessionInfo]:
        """The sessions in the folder that hold a message, newest first; not those that go on in another file."""
        infos = _described(self.heads())
        return sorted((info for info in infos if info.messages), key=lambda info: info.updated, reverse=True)

    def heads(self) -> list[SessionFile]:
        """The sessions' files, by name, but those that go on in another one."""
        files = list(self.files())
        links = _Links(files)
        return [file for file in files if links.ends(file) == [file]]

    def files(self) -> Iterator[SessionFile]:
        """The sessions' files, by name; what else lies in the folder is passed over, links too."""
        with contextlib.suppress(OSError):
            for path in sorted(self.folder.glob("*.jsonl")):
                with contextlib.suppress(SessionFileError):
                    yield file_at(path)


def _described(files: list[SessionFile]) -> list[SessionInfo]:
    infos = []
    for file in files:
        with contextlib.suppress(OSError):  # deleted just now
            infos.append(describe(file))
    return infos


class _Links:
    """Which file goes on from which."""

    def __init__(self, files: Iterable[SessionFile]) -> None:
        self._following: dict[str, list[SessionFile]] = {}
        for file in files:
            if file.header.after and file.header.after != file.header.uid:
                self._following.setdefault(file.header.after, []).append(file)

    def ends(self, *starts: SessionFile) -> list[SessionFile]:
        """The files in which the conversations go on: one itself if it does in none, or only in a circle."""
        found = {end.path: end for start in starts for end in self._ends(start)}
        return list(found.values())

    def _ends(self, start: SessionFile) -> list[SessionFile]:
        seen, ends, waiting = {start.path}, [], [start]
        while waiting:
            this = waiting.pop()
            following = self._following.get(this.header.uid, [])
            if not following:
                ends.append(this)
            waiting += [each for each in following if each.path not in seen]
            seen.update(each.path for each in following)
        return ends or [start]
