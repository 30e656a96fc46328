"""What a server can be asked besides to chat: about the sessions that it keeps.

Not every server offers all of it, and goose calls its part unstable: `Declined` says so, and is no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class ListSessions:
    """The sessions that the server keeps; answered with a tuple of `Kept`."""


@dataclass(frozen=True, slots=True)
class Export:
    """A session as goose's own document, a JSON object; answered with that."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Import:
    """Make a session of goose's own document; answered with its new id. It works in `cwd` (absolute)."""

    document: dict[str, Any]
    cwd: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Make a second session of one; answered with its id. It works in `cwd` (absolute)."""

    session_id: str
    cwd: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a session another title; answered with None."""

    session_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Archive:
    """Keep a session and list it no more; answered with None."""

    session_id: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a session for good; answered with None."""

    session_id: str


Request: TypeAlias = ListSessions | Export | Import | Fork | Rename | Archive | Delete


@dataclass(frozen=True, slots=True)
class Kept:
    """A session that a server keeps. `updated` in seconds since the epoch, 0.0 if unknown."""

    session_id: str
    title: str
    updated: float
    messages: int
    cwd: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to the request of this ticket."""

    ticket: str
    value: Any


@dataclass(frozen=True, slots=True)
class Declined:
    """The request of this ticket comes to nothing; `message` says why.

    `offered` False: the server has no such thing.
    """

    ticket: str
    message: str
    offered: bool = True
