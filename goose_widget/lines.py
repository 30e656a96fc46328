"""The lines of a session file: the header, then one entry each. What a file holds is anybody's, so:

- A line that can't be read is left out and counted, never an error. That is one with bytes that are no UTF-8, one that
  is no entry, one that is nested deeper than `MAX_DEPTH` or longer than `MAX_LINE` (which is not held in memory).
- A last line without its end is torn, and passed over, unless it is whole but for its end.
- Entries come out numbered upwards: one whose number is not above that of the entry before it, as two writers would
  leave it, gets the next one. So the ids of items, which are made of these numbers, are unique, and the same each time.
- Halves of surrogate pairs, which no page or file could hold, are replaced; numbers that are none (NaN) become null.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from . import events as ev
from .errors import SessionFileError

FORMAT: Final = 1
_FORMAT_KEY: Final = "goose_widget_session"

MAX_HEADER: Final = 2**20
"""Bytes."""

MAX_LINE: Final = 6 * 64 * 2**20
"""Bytes: what the client takes in one message, each character escaped."""

MAX_DEPTH: Final = 200
"""Objects and arrays in each other. Python's own encoder and decoder give up at about a thousand."""

BLOCK: Final = 2**20
"""Bytes that are read at once."""

_MAX_SEQ: Final = 2**52  # beyond it a page could not count by ones
_EARLIEST: Final = -6e10  # seconds; before it there are no dates
_LATEST: Final = 2.5e11
_NUMBERS: Final = (int, float)
_BETWEEN_TURNS: Final = tuple(f'{{"e":"{kind}"'.encode() for kind in ("notice", "title", "usage", "mode", "model"))
_SURROGATES: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Header:
    """Whose conversation a file holds.

    Attributes:
        session_id: the server's name for it.
        server: where it is, "this computer" or an address.
        created: when the file was made, in seconds since the epoch.
        notebook: the path of the notebook, "" if unknown.
        cwd: the folder goose worked in.
        continues: the session whose conversation this one goes on with, "" for none. For people.
        agent: its name and version.
        uid: the name of this file's conversation, random; "" in files of older versions.
        after: the `uid` of the file that this one goes on from: it begins with all of that file's entries. "" for none.
    """

    session_id: str
    server: str = ""
    created: float = 0.0
    notebook: str = ""
    cwd: str = ""
    continues: str = ""
    agent: str = ""
    uid: str = ""
    after: str = ""

    @property
    def is_goose_web(self) -> bool:
        """Whether the session is at a `goose web`, by the path of its address."""
        return self.server.endswith("/ws")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    seq: int
    time: float
    event: ev.Event


# Writing.


def header_line(header: Header) -> bytes:
    """The first line of a file.

    Raises:
        OSError: it would be too long to be read again.
    """
    line = _line({_FORMAT_KEY: FORMAT, **asdict(header)})
    if len(line) > MAX_HEADER:
        raise OSError("what it says of the session is too long")
    return line


def entry_line(entry: Entry) -> bytes:
    """An entry's line; of one that could not be read again it only says that there was something."""
    try:
        line = _line({**ev.to_json(entry.event), "seq": entry.seq, "time": entry.time})
    except RecursionError:
        line = b""
    if line and len(line) <= MAX_LINE:
        return line
    return _line({**ev.to_json(ev.Raw("something too large to be saved")), "seq": entry.seq, "time": entry.time})


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


def _line(record: dict[str, Any]) -> bytes:
    return _encoder.encode(record).encode("utf-8", "replace") + b"\n"


# Reading.

_decoder = json.JSONDecoder(parse_constant=lambda _: None)
_scan: Any = _decoder.scan_once  # type: ignore[attr-defined]  # a value at a place, without a look at what surrounds it


def parse_header(line: bytes) -> Header:
    """The header in a file's first line.

    Raises:
        ValueError: it is none.
        SessionFileError: it is one of another version.
    """
    try:
        record = _repaired(_decoder.decode(line.decode("utf-8")))
        version = record[_FORMAT_KEY]
        if version != FORMAT:
            raise SessionFileError(
                f"It has the format {repr(version)[:40]}; this version of goose-widget reads {FORMAT}."
            )
        header = Header(**{name: record[name] for name in Header.__dataclass_fields__ if name in record})
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    for name, value in asdict(header).items():
        if name == "created":
            if type(value) not in _NUMBERS or not is_time(value):
                raise ValueError(f"{name} is {value!r}")
        elif type(value) is not str:
            raise ValueError(f"{name} is {value!r}")
    return header


class Reader:
    """Makes entries of lines, one after the other.

    Attributes:
        seq: the number of the last one.
        damaged: how many could not be read.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.damaged = 0

    def entry(self, line: str | None) -> Entry | None:
        """The entry of the next line; None if it is none. A line of which nothing can be said is None itself."""
        return next(self.entries([line]), None)

    def entries(self, lines: Iterable[str | None]) -> Iterator[Entry]:
        """The entries of the next lines. One loop without calls of ours: a long session has 400,000 of them."""
        for line in lines:
            try:
                if line is None:
                    raise ValueError
                try:
                    record, end = _scan(line, 0)
                except StopIteration:
                    end = -1
                if end != len(line):
                    record = _decoder.decode(line)  # takes white space around it, and raises
                if len(line) > 2 * MAX_DEPTH and _is_deep(line, record):
                    raise ValueError
                if "\\ud" in line or "\\uD" in line:
                    record = _repaired(record)
                seq, time, kind = record.pop("seq"), record.pop("time"), record.pop("e", None)
                if type(seq) is not int or type(time) not in _NUMBERS or not _EARLIEST < time < _LATEST:
                    raise ValueError
                event = ev.from_values(kind, record)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self.damaged += 1
                continue
            self.seq = seq = seq if self.seq < seq < _MAX_SEQ else self.seq + 1
            yield Entry(seq, float(time), event)


def _is_deep(line: str, record: Any) -> bool:
    return line.count("{") + line.count("[") > MAX_DEPTH and _depth(record) > MAX_DEPTH


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [child for each in level for child in (each.values() if isinstance(each, dict) else each)]
    return depth


def _repaired(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_SURROGATES.sub("\ufffd", key): _repaired(each) for key, each in value.items()}
    return [_repaired(each) for each in value] if isinstance(value, list) else value


def whole_lines(fd: int, start: int) -> Iterator[list[str | None]]:
    """The lines of an open file, in batches; None for one that is too long or no text.

    Args:
        fd: the file.
        start: the offset of the first line.
    """
    carry = b""
    while block := os.pread(fd, BLOCK, start + len(carry)):
        data = carry + block
        end = data.rfind(b"\n") + 1
        if end:
            yield _texts(data[:end])
            start, carry = start + end, data[end:]
        elif len(data) < BLOCK:
            carry = data
        else:
            length = _line_length(fd, start)
            if length is None:
                carry = os.pread(fd, MAX_LINE, start) if os.fstat(fd).st_size - start <= MAX_LINE else b""
                break  # the last one, without its end
            yield [None] if length > MAX_LINE else _texts(os.pread(fd, length, start))
            start, carry = start + length, b""
    if carry and is_json(carry):
        yield _texts(carry + b"\n")


def _line_length(fd: int, start: int) -> int | None:
    at = start
    while block := os.pread(fd, BLOCK, at):
        if found := block.find(b"\n") + 1:
            return at + found - start
        at += len(block)
    return None


def _texts(lines: bytes) -> list[str | None]:
    """The lines, of which each has its end."""
    try:
        return lines[:-1].decode("utf-8").split("\n")  # type: ignore[return-value]
    except UnicodeDecodeError:
        return [_text(line) for line in lines[:-1].split(b"\n")]


def _text(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def whole_end(fd: int) -> int:
    """The offset after the last line that has its end; 0 if none has."""
    at = os.fstat(fd).st_size
    while at > 0:
        size = min(BLOCK, at)
        at -= size
        if found := os.pread(fd, size, at).rfind(b"\n") + 1:
            return at + found
    return 0


def turn_start(lines: bytes) -> int | None:
    """The offset of the first prompt in a piece of a file that follows the end of a turn; None if there is none."""
    has_ended = False
    at = lines.find(b"\n") + 1  # the first line may be half a one
    while 0 < at < len(lines):
        if has_ended and lines.startswith(b'{"e":"user"', at):
            return at
        if lines.startswith(b'{"e":"ended"', at):
            has_ended = True
        elif not lines.startswith(_BETWEEN_TURNS, at):
            has_ended = False
        at = lines.find(b"\n", at) + 1
    return None


def is_json(line: bytes) -> bool:
    """Whether a line is whole."""
    try:
        json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    return True


def is_time(value: float) -> bool:
    """Whether a number can be the seconds of a date."""
    return _EARLIEST < value < _LATEST
