"""Session files: the conversation beside the notebook, as one append-only JSONL file each.

The first line is the header, every further line one event with its `seq` and `time`. Rules:

- Whole lines, handed to the system before an event is shown, synced to disk at the end of a turn. What could not be
  written (a full disk) is kept and written as soon as that works again.
- Nothing is rewritten. A torn last line (the kernel was killed while it wrote) is cut off when the file is opened to
  write; a damaged line is skipped and counted.
- A file belongs to one conversation. Session ids repeat (goose counts anew after a delete, and on every machine), so a
  new conversation always gets a new file, and a session is found by the headers, never by making a path of its id.
- The folder is private (0700, files 0600) and kept out of git by a `.gitignore` until its owner decides otherwise.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from . import events as ev
from .errors import SessionFileError

FORMAT: Final = 1
_FORMAT_KEY: Final = "goose_widget_session"


@dataclass(frozen=True, slots=True)
class Header:
    """Whose conversation a file holds.

    `created` in seconds since the epoch; `server` is where it is and `agent` its name and version; `continues` is the
    session whose conversation this one goes on with, "" for none.
    """

    session_id: str
    server: str = ""
    created: float = 0.0
    notebook: str = ""
    cwd: str = ""
    continues: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    seq: int
    time: float
    event: ev.Event


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session in a list: what its file says of it."""

    session_id: str
    title: str
    updated: datetime
    messages: int
    notebook: str
    server: str
    path: Path


def default_folder(notebook_folder: Path) -> Path:
    """Where the sessions of the notebooks in a folder are."""
    return notebook_folder / ".goose" / "sessions"


def file_name(session_id: str, token: str) -> str:
    """A new file's name: readable, unique by `token`, and harmless whatever the id holds."""
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", session_id).strip("-")[:60] or "session"
    return f"{slug}-{token}.jsonl"


class SessionFile:
    """A session's file. Made by `Store.create` and `Store.open`.

    Attributes:
        path: where it is.
        header: its first line.
        writable: False when another process has it open; `append` then must not be called.
        damaged: lines that could not be read.
        next_seq: the number of the next entry.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self.writable = False
        self.damaged = 0
        self.next_seq = 1
        self._fd: int | None = None
        self._backlog = b""
        self._lock = FileLock(f"{path}.lock", mode=0o600)

    def acquire(self) -> bool:
        """Take the file to write; False if another process has it. The lock of a dead process is no lock."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except (OSError, NotImplementedError):
            pass  # a read-only folder or a file system without locks: whether it can be written shows next
        self.writable = True
        with contextlib.suppress(OSError):  # `append` tries again, and says why not
            self._fd = self._open()
        return True

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_APPEND)

    def append(self, entries: list[Entry]) -> None:
        """Write `entries`, after what could not be written before.

        Raises:
            OSError: it can't be written now; it is kept, and written with the next ones.
        """
        lines = [_line({**ev.to_json(e.event), "seq": e.seq, "time": e.time}) for e in entries]
        self._backlog += b"".join(lines)
        if self._fd is None:
            self._fd = self._open()
        end = os.fstat(self._fd).st_size
        try:
            _write_all(self._fd, self._backlog)
        except OSError:
            os.ftruncate(self._fd, end)  # half a line must not be glued to the next try
            raise
        self._backlog = b""

    def damage(self) -> ev.Notice | None:
        """What to tell of the lines that could not be read; None if there were none."""
        if not self.damaged:
            return None
        lines = f"{self.damaged} line{'s' * (self.damaged > 1)} of {self.path.name}"
        return ev.Notice("warning", f"{lines} could not be read and {'is' if self.damaged == 1 else 'are'} left out.")

    @property
    def is_deleted(self) -> bool:
        """Whether somebody deleted or replaced the file while it was open."""
        return self._fd is not None and os.fstat(self._fd).st_nlink == 0

    def copy_to(self, other: SessionFile) -> None:
        """Write all entries to another file, which has none, also what is deleted or could not be written."""
        if self._fd is not None:
            data = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
            other._backlog = data[data.find(b"\n") + 1 :]
        other._backlog += self._backlog

    def sync(self) -> None:
        """Wait until the disk has it. May take long: not for the event loop's thread."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._fd)

    def read(self) -> Iterator[Entry]:
        """The entries, oldest first; sets `damaged` and `next_seq`."""
        self.damaged = 0
        with self.path.open("rb") as file:
            file.readline()
            for line in file:
                if not line.endswith(b"\n") and not _is_json(line):
                    return  # torn: whoever writes it is not done, or never will be
                try:
                    record = json.loads(line)
                    entry = Entry(int(record["seq"]), float(record["time"]), ev.from_json(record))
                except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
                    self.damaged += 1
                    continue
                self.next_seq = entry.seq + 1
                yield entry

    def mend(self) -> None:
        """Cut off a torn last line, so that the next one begins on a line of its own."""
        if self._fd is None:
            return
        data_end = os.fstat(self._fd).st_size
        with self.path.open("rb") as file:
            tail_start = data_end
            tail = b""
            while tail_start > 0 and b"\n" not in tail:
                step = min(65536, tail_start)
                tail_start -= step
                file.seek(tail_start)
                tail = file.read(step) + tail
        last = tail[tail.rfind(b"\n") + 1 :]
        if not last:
            return
        if _is_json(last):
            _write_all(self._fd, b"\n")
        else:
            os.ftruncate(self._fd, data_end - len(last))

    def discard(self) -> None:
        """Close and remove a file in which nothing is."""
        self.close()
        for path in (self.path, Path(f"{self.path}.lock")):
            with contextlib.suppress(OSError):
                path.unlink()

    def close(self) -> None:
        """Close the file and let others write it. May be called twice."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            self.writable = False
            os.close(fd)
        self._lock.release()


class Store:
    """The sessions in one folder. The folder is made with the first session.

    Args:
        folder: where the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, header: Header) -> SessionFile:
        """A new file for a new conversation.

        Raises:
            SessionFileError: the folder or the file can't be written.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            ignore = self.folder / ".gitignore"
            if not ignore.exists():
                ignore.write_text(
                    "# Conversations are private until you decide otherwise: delete this file to share them.\n*\n"
                )
            file = SessionFile(self.folder / file_name(header.session_id, secrets.token_hex(3)), header)
            os.close(os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                if not file.acquire():
                    raise OSError("it can't be locked")
                assert file._fd is not None
                _write_all(file._fd, _line({_FORMAT_KEY: FORMAT, **asdict(header)}))
            except OSError:
                file.discard()
                raise
        except OSError as error:
            raise SessionFileError(f"The conversation can't be saved in {self.folder}: {error}.") from error
        return file

    def find(self, session_id: str) -> SessionFile | None:
        """The newest file of a session id, not yet acquired."""
        found = [file for file in self.files() if file.header.session_id == session_id]
        return max(found, key=lambda file: file.header.created, default=None)

    def sessions(self) -> list[SessionInfo]:
        """The sessions in the folder that hold a message, newest first."""
        infos = [_summary(file) for file in self.files()]
        return sorted((info for info in infos if info.messages), key=lambda info: info.updated, reverse=True)

    def files(self) -> Iterator[SessionFile]:
        """The sessions' files, by name; what else lies in the folder is passed over."""
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.glob("*.jsonl")):
            with contextlib.suppress(SessionFileError):
                yield session_file(path)


def session_file(path: Path) -> SessionFile:
    """The session's file at `path`, not yet acquired.

    Raises:
        SessionFileError: there is no such file, or it is none of a session, or of another version.
    """
    try:
        with path.open("rb") as file:
            record = json.loads(file.readline(65536))
        version = record[_FORMAT_KEY]
        if version != FORMAT:
            raise SessionFileError(f"{path} has the format {version!r}; this version of goose-widget reads {FORMAT}.")
        return SessionFile(path, _header(record))
    except OSError as error:
        raise SessionFileError(f"{path} can't be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SessionFileError(f"{path} is no session file of goose-widget.") from error


def _header(record: dict[str, Any]) -> Header:
    header = Header(**{name: record[name] for name in Header.__dataclass_fields__ if name in record})
    for name, value in asdict(header).items():
        if not isinstance(value, int | float if name == "created" else str):
            raise TypeError(f"{name} is {value!r}")
    return header


def _summary(file: SessionFile) -> SessionInfo:
    """Read without decoding every line: `to_json` writes the kind first."""
    title, first, messages = "", "", 0
    with file.path.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"e":"user"'):
                messages += 1
                first = first or _field(line, "text")
            elif line.startswith(b'{"e":"title"'):
                title = _field(line, "title") or title
    return SessionInfo(
        session_id=file.header.session_id,
        title=title or first[:80],
        updated=datetime.fromtimestamp(file.path.stat().st_mtime).astimezone(),
        messages=messages,
        notebook=file.header.notebook,
        server=file.header.server,
        path=file.path,
    )


def _field(line: bytes, name: str) -> str:
    try:
        return str(json.loads(line).get(name, ""))
    except ValueError:
        return ""


def _line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "replace") + b"\n"


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _write_all(fd: int | None, data: bytes) -> None:
    assert fd is not None
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


class Sessions(list[SessionInfo]):
    """A list of sessions that shows as a table in a notebook."""

    def __repr__(self) -> str:
        if not self:
            return "No sessions here yet."
        wide = max(len(session.session_id) for session in self)
        return "\n".join(
            f"{s.session_id:{wide}}  {s.updated:%Y-%m-%d %H:%M}  {s.messages:4} prompts  {s.title}" for s in self
        )

    def _repr_html_(self) -> str:
        if not self:
            return "No sessions here yet."
        left = " style='text-align:left'"
        rows = "".join(
            f"<tr><td><code>{html.escape(s.session_id)}</code></td><td{left}>{html.escape(s.title)}</td>"
            f"<td>{s.updated:%Y-%m-%d %H:%M}</td><td>{s.messages}</td>"
            f"<td{left}>{html.escape(Path(s.notebook).name)}</td></tr>"
            for s in self
        )
        head = "".join(f"<th>{name}</th>" for name in ("session", "title", "updated", "prompts", "notebook"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
