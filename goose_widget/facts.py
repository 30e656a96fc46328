"""What is shown around the transcript: small values, each of which replaces the one before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from . import errors
from .protocol import Choice
from .queue import Waiting


@dataclass(frozen=True, slots=True)
class Facts:
    """What is shown around the transcript, all of it small. The fields are the traits of `Chat` with the same names."""

    status: str = "connecting"
    reconnect: dict[str, Any] | None = None
    problem: errors.GooseError | None = None
    session_id: str | None = None
    title: str = ""
    mode: str = ""
    modes: tuple[Choice, ...] = ()
    model: str = ""
    models: tuple[Choice, ...] = ()
    usage: dict[str, Any] = field(default_factory=dict)
    server: str = ""
    cwd: str = ""
    read_only: bool = False
    resumed: str = ""
    interrupted: dict[str, Any] | None = None
    unsaved: str = ""
    queue: tuple[Waiting, ...] = ()
    queue_paused: str = ""
    commands: tuple[dict[str, str], ...] = ()
    accepts: tuple[str, ...] = ()
    can_steer: bool = False


def status_of(*, closed: bool, failed: bool, ready: bool, reconnecting: bool, turn: bool, waiting: bool) -> str:
    """The one word for the state, the strongest reason first."""
    if closed:
        return "closed"
    if failed:
        return "failed"
    if not ready:
        return "reconnecting" if reconnecting else "connecting"
    if waiting:
        return "waiting"
    return "running" if turn else "ready"


WHY_NO_PROMPT: Final = {
    "connecting": "goose is still connecting. Your text is kept; send it in a moment.",
    "reconnecting": "The connection to goose is down. Your text is kept; send it when it is back.",
    "running": "goose is still working. Wait until it is done, or stop it first.",
    "waiting": "goose waits for your answer. Answer it, or stop the turn first.",
    "failed": "goose can't be reached. See the message above, then press Retry.",
    "closed": "This chat is closed.",
}
"""By status: why a prompt can't be taken now."""
