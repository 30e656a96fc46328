"""Wire protocols of goose servers, without I/O: frames in, events and signals out, frames out.

A signal is what the session's owner must know and no reader of the chat: the server greeted, a session is open, a
request was refused. Signals are not logged; everything that is said in the chat is an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be chosen: a mode, a model."""

    id: str
    name: str
    description: str = ""

    def to_wire(self) -> dict[str, str]:
        """As JSON for the browser."""
        return {"id": self.id, "name": self.name, "description": self.description}


@dataclass(frozen=True, slots=True)
class Greeted:
    """The server accepted the connection and said who it is."""

    agent: str
    version: str
    can_load: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """A session can be prompted. If it was loaded, its history came before this."""

    session_id: str
    loaded: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """What the server offers; an empty tuple where it offers nothing."""

    modes: tuple[Choice, ...] | None = None
    models: tuple[Choice, ...] | None = None


@dataclass(frozen=True, slots=True)
class Configured:
    """The server took a value of a setting, `mode` or `model`."""

    setting: str
    value: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused a request: `greet`, `new`, `load`, `mode` or `model`."""

    request: str
    code: int
    message: str


Signal: TypeAlias = Greeted | Opened | Choices | Configured | Refused
