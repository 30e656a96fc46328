"""What a user can do in the browser, decoded from its messages. Shapes: `Action` in `js/src/wire.ts`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from .errors import UsageError


@dataclass(frozen=True, slots=True)
class Hello:
    """A view is there; it has the transcript of the log `log` up to `have`."""

    have: int
    log: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Send this text and these files (`{name, mime, data}`), now or when those before it are done."""

    text: str
    attachments: list[Any]


@dataclass(frozen=True, slots=True)
class EditQueued:
    """Give a waiting prompt another text."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class RemoveQueued:
    """Do not send a waiting prompt."""

    id: str


@dataclass(frozen=True, slots=True)
class SendQueued:
    """Send a waiting prompt next, and then the others."""

    id: str


@dataclass(frozen=True, slots=True)
class Steer:
    """Tell this to the running turn."""

    text: str


@dataclass(frozen=True, slots=True)
class Files:
    """List the files of the folder whose paths match `query`."""

    query: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel the running turn."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a permission request with one of its options."""

    request: str
    option: str


@dataclass(frozen=True, slots=True)
class SetMode:
    """Change the mode."""

    value: str


@dataclass(frozen=True, slots=True)
class SetModel:
    """Change the model."""

    value: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Connect now."""


@dataclass(frozen=True, slots=True)
class Accept:
    """Do what the problem's banner offers."""

    offer: str


@dataclass(frozen=True, slots=True)
class Part:
    """Send a part of the front end that is a file of its own."""

    name: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """Send the items before this one."""

    before: str


@dataclass(frozen=True, slots=True)
class Find:
    """Tell in which items of the conversation `query` is."""

    query: str


@dataclass(frozen=True, slots=True)
class Around:
    """Send this item with those around it."""

    item: str


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on with the reply that was cut off."""


@dataclass(frozen=True, slots=True)
class Again:
    """Ask again what was asked when the reply was cut off."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """List the sessions beside the notebook: the newest, or those that hold `query`."""

    query: str


@dataclass(frozen=True, slots=True)
class Open:
    """Go to a session of the list."""

    key: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """Go to a new session."""


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the session another title."""

    title: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Go to a second session that begins as this one: before a prompt, after another item's turn; "": all of it."""

    item: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a session of the list for good."""

    key: str


@dataclass(frozen=True, slots=True)
class Export:
    """Write the conversation to a file beside the notebook: md, html, json or ipynb."""

    format: str


Action: TypeAlias = (
    Hello
    | Prompt
    | EditQueued
    | RemoveQueued
    | SendQueued
    | Steer
    | Files
    | Part
    | Stop
    | Answer
    | SetMode
    | SetModel
    | Retry
    | Accept
    | Earlier
    | Find
    | Around
    | Continue
    | Again
    | Sessions
    | Open
    | NewSession
    | Rename
    | Fork
    | Delete
    | Export
)

_ACTIONS: dict[str, type[Action]] = {
    "hello": Hello,
    "prompt": Prompt,
    "edit_queued": EditQueued,
    "remove_queued": RemoveQueued,
    "send_queued": SendQueued,
    "steer": Steer,
    "files": Files,
    "part": Part,
    "stop": Stop,
    "answer": Answer,
    "set_mode": SetMode,
    "set_model": SetModel,
    "retry": Retry,
    "accept": Accept,
    "earlier": Earlier,
    "find": Find,
    "around": Around,
    "continue": Continue,
    "again": Again,
    "sessions": Sessions,
    "open": Open,
    "new_session": NewSession,
    "rename": Rename,
    "fork": Fork,
    "delete": Delete,
    "export": Export,
}
_TYPES: dict[str, type] = {"int": int, "str": str, "list[Any]": list}


def decode(message: Any) -> tuple[str, Action]:
    """The id and the action in a message of the browser.

    Raises:
        UsageError: it is no action, or one of its fields is missing or of the wrong type.
    """
    if not isinstance(message, dict) or not isinstance(message.get("aid"), str):
        raise UsageError("The page sent a message that is not an action.")
    cls = _ACTIONS.get(str(message.get("type")))
    if cls is None:
        raise UsageError(f"The page sent an unknown action, {message.get('type')!r}. Reload it.")
    values: dict[str, Any] = {}
    for spec in fields(cls):
        value = message.get(spec.name)
        if type(value) is not _TYPES[str(spec.type)]:
            raise UsageError(f"The page sent the action {message['type']!r} without a valid {spec.name!r}. Reload it.")
        values[spec.name] = value
    return message["aid"], cls(**values)
