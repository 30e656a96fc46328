"""Sessions as a list: what their files say of them, and how that looks in a notebook."""

from __future__ import annotations

import functools
import html
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, Final

from . import private
from .lines import BLOCK, is_time
from .plain import revealed
from .session_file import SessionFile

_TITLE: Final = 80  # characters of a prompt that stand for a title
_HEAD: Final = 65536  # bytes of a line that are looked at


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session in a list.

    Attributes:
        session_id: the server's name for it.
        title: as the server made it or the user renamed it, else the beginning of the first prompt.
        updated: when something was last said in it.
        messages: prompts and replies; a reply that a tool call interrupts counts as two.
        server: where it is, "this computer" or an address.
        notebook: the path of its notebook, "" if unknown.
        path: its file; None for a session that only a server has.
        continues: the id of the session whose conversation it goes on with, "" for none.
    """

    session_id: str
    title: str
    updated: datetime
    messages: int
    server: str = ""
    notebook: str = ""
    path: Path | None = None
    continues: str = ""


def describe(file: SessionFile) -> SessionInfo:
    """What a file says of its session. Reads all of it, holding little in memory.

    Raises:
        OSError: it can't be read.
    """
    status = file.path.lstat()
    found = _summary(file.path, status.st_ino, status.st_size, status.st_mtime_ns)
    header = file.header
    seconds = found.time if found.time is not None else status.st_mtime
    return SessionInfo(
        session_id=header.session_id,
        title=found.title,
        updated=as_date(seconds),
        messages=found.messages,
        server=header.server,
        notebook=header.notebook,
        path=file.path,
        continues=header.continues,
    )


def as_date(seconds: float) -> datetime:
    """The date, in this computer's time zone."""
    return datetime.fromtimestamp(seconds).astimezone()


def title_of(title: str, prompt: str) -> str:
    """A session's title: its own, else one made of its first prompt."""
    return title or prompt[:_TITLE]


@dataclass(frozen=True, slots=True)
class _Summary:
    title: str
    messages: int
    time: float | None


@functools.lru_cache(maxsize=1024)
def _summary(path: Path, _inode: int, _size: int, _changed: int) -> _Summary:
    """Read without decoding every line: `to_json` writes the kind first. Read again when the file changed."""
    title, prompt, messages = "", "", 0
    replying = False
    last = b""
    fd = private.open_to_read(path)
    try:
        for line in _heads(fd):
            last = line
            if line.startswith(b'{"e":"text"'):
                messages += not replying
                replying = True
            elif line.startswith((b'{"e":"tool"', b'{"e":"thought"', b'{"e":"ended"')):
                replying = False
            elif line.startswith(b'{"e":"user"'):
                messages += 1
                replying = False
                prompt = prompt or _field(line, "text")
            elif line.startswith(b'{"e":"title"'):
                title = _field(line, "title") or title
    finally:
        os.close(fd)
    return _Summary(title_of(title, prompt), messages, _time(last))


def _heads(fd: int) -> Iterator[bytes]:
    """The lines after the first that have an end; of a long one only its head."""
    carry, is_cut, is_first = b"", False, True
    at = 0
    while block := os.pread(fd, BLOCK, at):
        at += len(block)
        first, *others = block.split(b"\n")
        carry = carry if is_cut else carry + first
        if not others:
            carry, is_cut = carry[:_HEAD], is_cut or len(carry) > _HEAD
            continue
        lines = [carry, *others]
        carry, is_cut = lines.pop(), False
        yield from lines[1:] if is_first else lines
        is_first = False


def _field(line: bytes, name: str) -> str:
    """A field of a line, or its beginning where the line is cut."""
    try:
        value = json.loads(line)[name]
    except (ValueError, KeyError, RecursionError):
        value = _beginning(line, f'"{name}":"'.encode())
    return value if isinstance(value, str) else ""


def _beginning(line: bytes, start: bytes) -> str:
    raw = line[line.find(start) + len(start) :][: 4 * _TITLE] if start in line else b""
    text = raw.decode("utf-8", "ignore")
    for cut in range(len(text), max(0, len(text) - 12), -1):  # an escape of two halves may be cut in two
        try:
            return str(json.loads(f'"{text[:cut]}"'))
        except ValueError:
            continue
    return ""


def _time(line: bytes) -> float | None:
    try:
        time = json.loads(line)["time"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return float(time) if type(time) in (int, float) and is_time(time) else None


# As a table.


class Sessions(list[SessionInfo]):
    """A list of sessions that shows as a table in a notebook."""

    def __repr__(self) -> str:
        return text_table(_COLUMNS, self) if self else _NOTHING

    def _repr_html_(self) -> str:
        return html_table(_COLUMNS, self) if self else _NOTHING


_NOTHING: Final = "No sessions here yet."

Columns = dict[str, Callable[[Any], str]]
"""What is in each column, by its heading."""

_COLUMNS: Final[Columns] = {
    "session": lambda info: info.session_id,
    "title": lambda info: info.title,
    "updated": lambda info: when(info.updated),
    "messages": lambda info: str(info.messages),
    "server": lambda info: info.server,
    "notebook": lambda info: name_of(info.notebook),
}


def when(moment: datetime) -> str:
    """A date and time to read."""
    return f"{moment:%Y-%m-%d %H:%M}"


def name_of(path: str) -> str:
    """The last part of a path of whatever computer."""
    return PurePath(path.replace("\\", "/")).name


def cell(text: str, limit: int = _TITLE) -> str:
    """A text of anybody's in one line, nothing in it hidden."""
    line = " ".join(revealed(text[: 4 * limit].replace("\t", " ")).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def text_table(columns: Columns, rows: Iterable[Any]) -> str:
    """A table for a terminal."""
    table = [list(columns), *([cell(value(row)) for value in columns.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(f"{text:{width}}" for text, width in zip(line, widths, strict=True)).rstrip() for line in table
    )


def html_table(columns: Columns, rows: Iterable[Any]) -> str:
    """A table for a notebook, all of it text; the first column is there to be copied."""
    left = " style='text-align:left'"
    head = "".join(f"<th{left}>{html.escape(name)}</th>" for name in columns)
    body = ""
    for row in rows:
        first, *others = (html.escape(cell(value(row))) for value in columns.values())
        body += f"<tr><td{left}><code>{first}</code></td>{''.join(f'<td{left}>{each}</td>' for each in others)}</tr>"
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
