"""Wire protocols of goose servers, without I/O: frames in, events and signals out, frames out.

A signal is what the session's owner must know and no reader of the chat: the server greeted, a session is open, a
request was refused. Signals are not logged; everything that is said in the chat is an event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from ..events import Block, Event
from .requests import Answered, Declined, Request


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
    """The server accepted the connection and said who it is.

    `accepts`: of "image" and "file", what a prompt may carry.
    """

    agent: str
    version: str
    can_load: bool
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A session can be prompted. If it was loaded, its history came before this.

    `skipped`: so many messages at the beginning of the history were left out, because only its end was asked for.
    """

    session_id: str
    loaded: bool
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class WorksIn:
    """The folder in which goose works, where the server decides that; "" if it does not tell."""

    cwd: str


@dataclass(frozen=True, slots=True)
class Steerable:
    """Whether the turn that runs takes more."""

    now: bool


@dataclass(frozen=True, slots=True)
class SteerAnswered:
    """The server has what was to steer the turn: the `UserMessage` says when the turn takes it up. Else `refusal`."""

    prompt_id: str
    refusal: str = ""


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
    """The server refused a request: `greet`, `new`, `load`, `prompt`, `mode` or `model`."""

    request: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What the server has saved of the session by now, fetched to complete what was missed while not connected.

    `over`: the turn that was open when the connection dropped has ended there, with `error` if it came to no reply.
    """

    history: tuple[Event, ...]
    over: bool
    error: str = ""


Signal: TypeAlias = (
    Greeted
    | Opened
    | WorksIn
    | Steerable
    | SteerAnswered
    | Choices
    | Configured
    | Refused
    | Saved
    | Answered
    | Declined
)


@dataclass(frozen=True, slots=True)
class Get:
    """Something to fetch from the server by HTTP, `after` so many seconds; answered by `Got`.

    `why` is for whoever asked.
    """

    path: str
    after: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Got:
    """The answer to a `Get`. `status` 0: there was none, `body` says why."""

    asked: Get
    status: int
    body: str
    location: str = ""


Outgoing: TypeAlias = str | Get
Incoming: TypeAlias = str | bytes | Got

SESSION_NOT_FOUND = -32002
"""The code of `Refused` where the server does not know the session; ACP's own."""


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """A turn that was running when the connection dropped; its prompt is the `nth` with this text that was answered.

    `heard`: something of its reply came, so the prompt had arrived.
    """

    prompt_id: str
    text: str
    nth: int = 1
    heard: bool = False


class Speaker(Protocol):
    """The client's side of one connection, whatever the server speaks.

    Methods that say something put it in the outbox; `receive` turns what comes into events and signals, in the order
    in which the server said them.

    Attributes:
        finishes_alone: the server goes on with a turn when the connection drops, and saves the reply.
        decides_itself: questions are not answered by anybody here.
    """

    finishes_alone: bool
    decides_itself: bool

    def take_outbox(self) -> list[Outgoing]:
        """What to send now, oldest first."""

    def greet(self) -> None:
        """Begin; answered by `Greeted`."""

    def new_session(self, cwd: str) -> None:
        """Make a session that works in `cwd` (absolute); answered by `Opened` and `Choices`."""

    def load_session(self, session_id: str, cwd: str, turn: OpenTurn | None = None, *, tail: int = 0) -> None:
        """Load a session; its history comes first, then `Opened`. It may be loaded again on the same connection.

        Args:
            session_id: which.
            cwd: as for `new_session`.
            turn: what was running when the connection dropped; `Saved` says how it goes on.
            tail: as many messages at the end of the history are enough, if the server can do that; 0 for all.
        """

    def prompt(self, prompt_id: str, text: str, content: tuple[Block, ...] = ()) -> None:
        """Start a turn; it ends with `TurnEnded(prompt_id)`. `content`: attachments, of what the server accepts."""

    def steer(self, prompt_id: str, text: str) -> None:
        """Tell something to the running turn, if that is `Steerable`; answered by `SteerAnswered`."""

    def cancel(self) -> list[str]:
        """Stop the running turn: every open question is answered `cancelled`. Returns those questions' ids."""

    def answer(self, request_id: str, option_id: str | None) -> bool:
        """Answer a permission request, with None for `cancelled`; False if it is not open (any more)."""

    def set(self, setting: str, value: str) -> None:
        """Change `mode` or `model`; answered by `Configured` or `Refused`."""

    def request(self, ticket: str, request: Request) -> None:
        """Ask something about the server's sessions; answered by `Answered` or `Declined` with the same ticket."""

    def receive(self, said: Incoming) -> list[Event | Signal]:
        """What the server says with it. Never raises for what a server sent."""

    def hang_up(self) -> list[Event]:
        """What there is still to say when the connection is gone."""
