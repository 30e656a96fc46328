"""All that an agent, a user or the connection can say.

Both wire protocols decode into these; nothing above `protocol/` knows which server it talks to. An event is a fact: it
is logged, then reduced to changes of the transcript, then shown. Events are frozen and never subclassed; dispatch with
`match`.

In the session file an event is a JSON object with its kind under `"e"`; fields that hold their default are left out.
`from_json` turns a kind that this version does not know into `Raw`, so that a newer file opens in an older version.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
"""Any JSON value, as `json.loads` gives it."""

Block: TypeAlias = dict[str, Any]
"""A piece of content that is not streamed text; its shapes are `Block` in `js/src/wire.ts`."""


@dataclass(frozen=True, slots=True)
class UserMessage:
    """A prompt, whole, with its attachments. `prompt_id` is ours; None where it comes from the server's history.

    `steered`: the running turn took it up; it begins none. `more`: it goes on with the message before it.
    """

    text: str
    prompt_id: str | None = None
    content: tuple[Block, ...] = ()
    steered: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class Queued:
    """A prompt that waits to be sent. It leaves the queue with the `UserMessage` of this id, or with `Unqueued`.

    `steers`: it was handed to the running turn, which has not taken it up yet.
    """

    prompt_id: str
    text: str
    content: tuple[Block, ...] = ()
    steers: bool = False


@dataclass(frozen=True, slots=True)
class QueueEdited:
    """A waiting prompt has another text."""

    prompt_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Unqueued:
    """A prompt does not wait any more."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the reply. The same `message_id` means the same message."""

    text: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Thought:
    """A piece of the agent's reasoning."""

    text: str
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """An image, a resource or a link in the reply."""

    block: Block
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What is known of a tool call: None leaves a field as it is. Events of a call come in any order.

    `starts`: the server announced a new call. Some models count their calls from 0 in every turn, so an id of an
    earlier turn is then another call.
    """

    call_id: str
    starts: bool = False
    title: str | None = None
    name: str | None = None
    extension: str | None = None
    tool_kind: str | None = None
    status: str | None = None
    input: Json = None
    content: tuple[Block, ...] | None = None
    locations: tuple[dict[str, Any], ...] | None = None
    result: Json = None


@dataclass(frozen=True, slots=True)
class LiveOutput:
    """What a tool printed while it runs, stdout and stderr as they came."""

    call_id: str
    text: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class PermissionAsked:
    """The agent may not go on without an answer.

    `options` are `{id, name, kind}`; `cwd` is where the tool would run.
    """

    request_id: str
    call_id: str
    options: tuple[dict[str, str], ...]
    cwd: str = ""


@dataclass(frozen=True, slots=True)
class PermissionAnswered:
    """`option_id` None: no longer to be answered (`note` says why)."""

    request_id: str
    option_id: str | None
    by: str = "user"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan, `{content, status, priority}` each; it replaces the one before it in the same turn."""

    entries: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens in the context, and how many fit."""

    used: int
    size: int
    cost: str | None = None


@dataclass(frozen=True, slots=True)
class Mode:
    """The session's mode is now this one."""

    mode: str


@dataclass(frozen=True, slots=True)
class Model:
    """The session's model is now this one."""

    model: str


@dataclass(frozen=True, slots=True)
class Title:
    """The session's title, as the server made it or the user renamed it."""

    title: str


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands that the server offers, `{name, description, hint}` each."""

    commands: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The prompt was handed to the server."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """Everything of the turn came before this.

    `stop_reason`: what the server said (end_turn, cancelled, refusal, max_tokens, max_turn_requests), or ours:
    `interrupted` (the connection dropped), `failed` (the server refused the prompt: it never ran), `error` (the agent
    gave up). `error` says why, for people.
    """

    prompt_id: str
    stop_reason: str
    usage: dict[str, int] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know: `level` is info, warning or error.

    `once`: not a second time in a conversation.
    """

    level: str
    text: str
    detail: str = ""
    once: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """Something that this version does not understand, kept as it came and shown as a notice."""

    what: str
    payload: Json = None


Event: TypeAlias = (
    UserMessage
    | Queued
    | QueueEdited
    | Unqueued
    | Text
    | Thought
    | Content
    | ToolCall
    | LiveOutput
    | PermissionAsked
    | PermissionAnswered
    | Plan
    | Usage
    | Mode
    | Model
    | Title
    | Commands
    | TurnStarted
    | TurnEnded
    | Notice
    | Raw
)

KINDS: dict[str, type[Event]] = {
    "user": UserMessage,
    "queued": Queued,
    "queue_edited": QueueEdited,
    "unqueued": Unqueued,
    "text": Text,
    "thought": Thought,
    "content": Content,
    "tool": ToolCall,
    "output": LiveOutput,
    "asked": PermissionAsked,
    "answered": PermissionAnswered,
    "plan": Plan,
    "usage": Usage,
    "mode": Mode,
    "model": Model,
    "title": Title,
    "commands": Commands,
    "started": TurnStarted,
    "ended": TurnEnded,
    "notice": Notice,
    "raw": Raw,
}
_NAMES = {cls: name for name, cls in KINDS.items()}
_FIELDS: dict[type[Event], tuple[Field[Any], ...]] = {cls: fields(cls) for cls in KINDS.values()}


def _default(spec: Field[Any]) -> Any:
    return spec.default_factory() if spec.default_factory is not MISSING else spec.default


def to_json(event: Event) -> dict[str, Json]:
    """`event` as a JSON object, the fields that hold their default left out."""
    cls = type(event)
    record: dict[str, Json] = {"e": _NAMES[cls]}
    for spec in _FIELDS[cls]:
        value = getattr(event, spec.name)
        if value != _default(spec):
            record[spec.name] = value
    return record


def from_json(record: dict[str, Json]) -> Event:
    """The event that `to_json` wrote; `Raw` for a kind or a field that this version does not know.

    Raises:
        ValueError: a known kind with a field missing or of the wrong type.
    """
    values = {key: value for key, value in record.items() if key not in _OF_THE_LINE}
    return from_values(record.get("e"), values)


def from_values(name: Json, values: dict[str, Json]) -> Event:
    """`from_json` for a long file: the kind's name and its fields, which may be changed here."""
    cls = KINDS.get(name) if type(name) is str else None
    if cls is None:
        return Raw(f"a record of the kind {name!r}", values)
    expected = _EXPECTED[cls]
    try:
        for key, value in values.items():
            types = expected[key]
            if types is None or type(value) in types:
                continue
            if not values.keys() <= expected.keys():
                break
            if tuple not in types or type(value) is not list or any(type(each) is not dict for each in value):
                raise ValueError(f"a record of the kind {name!r} has a field {key!r} of the wrong type")
            values[key] = tuple(value)
        else:
            return cls(**values)
    except KeyError:
        pass
    except TypeError as error:
        raise ValueError(f"a record of the kind {name!r} lacks a field: {error}") from None
    return Raw(f"a record of the kind {name!r}", values)


_OF_THE_LINE: Final = frozenset({"e", "seq", "time"})
_TYPES: Final[dict[str, type]] = {
    "str": str,
    "None": type(None),
    "bool": bool,
    "int": int,
    "Block": dict,
    "dict": dict,
    "tuple": tuple,
}


def _expectation(annotation: str) -> frozenset[type] | None:
    """The types of a field's value in a file, None for any; a tuple is an array there, always of objects."""
    names = [each.split("[")[0] for each in annotation.split(" | ")]
    return None if "Json" in names else frozenset(_TYPES[name] for name in names)


# Once for all: a long session has hundreds of thousands of records.
_EXPECTED: Final = {cls: {spec.name: _expectation(str(spec.type)) for spec in specs} for cls, specs in _FIELDS.items()}


def coalesce(events: list[Event]) -> list[Event]:
    """`events` with each run of pieces of one stream joined into one, in time linear in their size."""
    result: list[Event] = []
    run: list[str] = []
    for event in events:
        last = result[-1] if result else None
        match last, event:
            case (Text(_, one), Text(text, two)) | (Thought(_, one), Thought(text, two)) if one == two:
                run.append(text)
            case (LiveOutput(one, _, cut), LiveOutput(two, text, cut_too)) if one == two and cut == cut_too:
                run.append(text)
            case _:
                _close(result, run)
                run = [event.text] if isinstance(event, Text | Thought | LiveOutput) else []
                result.append(event)
    _close(result, run)
    return result


def _close(result: list[Event], run: list[str]) -> None:
    if len(run) > 1:
        match result[-1]:
            case Text(_, message_id):
                result[-1] = Text("".join(run), message_id)
            case Thought(_, message_id):
                result[-1] = Thought("".join(run), message_id)
            case LiveOutput(call_id, _, truncated):
                result[-1] = LiveOutput(call_id, "".join(run), truncated)
