"""A file given to import: a session file of ours, our JSON export, or an export of goose's.

They are told apart by what is in them, not by name. What a file says of ids and paths is data: nothing is opened,
run or written because of it.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from .document import EXPECTED, entries_of
from .errors import SessionFileError, UsageError
from .store import Entry, Header, SessionFile, Store, session_file

LARGEST: Final = 512 * 1024 * 1024
"""Bytes of a file, at most."""

_EXPECTED: Final = f"Expected: a session file of goose-widget (.jsonl), or {EXPECTED}."


def read(path: Path) -> tuple[Header, list[Entry]]:
    """The conversation in a file.

    Raises:
        UsageError: there is no such file, it is too large, or it is none of a session.
    """
    data = _bytes(path)
    if b'"goose_widget_session"' in data[:65536].partition(b"\n")[0]:
        return _session(path)
    try:
        return entries_of(_document(data))
    except (ValueError, RecursionError) as error:  # a UsageError is one too
        raise UsageError(f"{path} holds no session.", _EXPECTED) from error


def write(store: Store, header: Header, entries: Sequence[Entry]) -> SessionFile:
    """Put an imported conversation into a folder. Returns its file.

    A copy of a session that is in the folder already gets an id of its own, which no server knows: so it goes on apart
    from that one, and the id stays that one's.

    Raises:
        SessionFileError: it can't be written.
    """
    session_id, continues = header.session_id, ""
    if not session_id or any(file.header.session_id == session_id for file in store.files()):
        session_id, continues = f"imported-{secrets.token_hex(4)}", session_id
    now = round(time.time(), 3)
    file = store.create(Header(session_id, header.server, now, cwd=header.cwd, agent=header.agent, continues=continues))
    try:
        file.append(list(entries))
        file.sync()
    except OSError as error:
        file.discard()
        raise SessionFileError(f"{file.path} can't be written: {error.strerror or error}.") from error
    file.close()
    return session_file(file.path)


def _bytes(path: Path) -> bytes:
    try:
        is_file, size = path.is_file(), path.stat().st_size
        if is_file and size <= LARGEST:
            with path.open("rb") as file:
                return file.read(LARGEST)
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise UsageError(f"{str(path)!r} can't be read: {why}.", _EXPECTED) from error
    if not is_file:
        raise UsageError(f"{path} is no file.", _EXPECTED)
    raise UsageError(
        f"{path} is too large: {size >> 20:,} MiB.", f"Files of up to {LARGEST >> 20} MiB can be imported."
    )


def _session(path: Path) -> tuple[Header, list[Entry]]:
    try:
        file = session_file(path)
        entries = list(file.read())
    except (SessionFileError, OSError) as error:
        raise UsageError(str(error), _EXPECTED) from error
    damage = file.damage()
    if damage is not None:
        time = entries[-1].time if entries else file.header.created
        entries.append(Entry(file.last_seq + 1, time, damage))
    return file.header, entries


def _document(data: bytes) -> Any:
    """The JSON in a file. An older goose wrote what is known of the session in the first line, then a message each."""
    try:
        return json.loads(data)
    except ValueError:
        about, *messages = [json.loads(line) for line in data.splitlines() if line.strip()]
        if not isinstance(about, dict) or not all(isinstance(each, dict) and "role" in each for each in messages):
            raise
        return {**about, "messages": messages}
