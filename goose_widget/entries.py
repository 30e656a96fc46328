"""What to show of each item of a conversation, in parts that every printed form of it has.

The parts are whole; `fitted` shortens them for where there is little room. An item of another shape than that of
`js/src/wire.ts` is shown as far as it goes.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .attachments import name_of
from .markdown import IMAGES
from .plain import changed_lines, clean, revealed, shortened, terminal_text
from .transcript import Item

log = logging.getLogger(__name__)

_LINES: Final = 800  # of one message
_MESSAGE: Final = 30_000  # characters of one message
_TASK: Final = 1_000  # characters of one entry of a plan
_PICTURE: Final = 150_000  # characters of one picture
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*")  # one class: with more, what an agent sent could take hours to refuse


@dataclass(frozen=True, slots=True)
class Quote:
    """What a person wrote, or a thought: plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Prose:
    """The agent's Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A remark."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """What a tool was given or has printed."""

    text: str


@dataclass(frozen=True, slots=True)
class Tasks:
    """A plan."""

    entries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, in base64."""

    mime: str
    data: str


@dataclass(frozen=True, slots=True)
class Address:
    """A link, if it may be one."""

    uri: str
    name: str


@dataclass(frozen=True, slots=True)
class Fold:
    """What is under a line that opens."""

    title: str
    parts: tuple[Part, ...]
    is_open: bool = False


Part: TypeAlias = Quote | Prose | Line | Code | Tasks | Picture | Address | Fold


def fitted(part: Part) -> Part:
    """The part, shortened to what there is room for beside a chat; what is left out is said."""
    match part:
        case Quote(text):
            return Quote(shortened(text, lines=_LINES, characters=_MESSAGE))
        case Prose(text):
            return Prose(shortened(text, lines=_LINES, characters=_MESSAGE))
        case Code(text):
            return Code(shortened(text))
        case Tasks(entries):
            return Tasks(tuple(shortened(entry, characters=_TASK) for entry in entries))
        case Picture(_, data) if len(data) > _PICTURE:
            return too_large(part)
        case Fold(title, parts, is_open):
            return Fold(title, tuple(fitted(each) for each in parts), is_open)
        case _:
            return part


def too_large(picture: Picture) -> Line:
    """What stands in the place of a picture."""
    return Line(f"A picture of {len(picture.data) * 3 // 4 // 1000:,} KB, too large to be kept here.")


def speaker_of(item: Any) -> str:
    """Who said it, for people."""
    return "You" if isinstance(item, dict) and item.get("kind") == "user" else "goose"


def parts_of(item: Any) -> list[Part]:
    """What to show of an item. A damaged one must not hide the others."""
    try:
        match _field(item, "kind"):
            case "user":
                return _user(item)
            case "agent":
                return _agent(item)
            case "thought":
                return [Fold("Thought", (Quote(clean(_field(item, "text"))),))]
            case "tool":
                return [_tool(item)]
            case "plan":
                return [Line("Plan"), Tasks(tuple(_task(entry) for entry in _each(item, "entries")))]
            case "notice":
                return [Line(_field(item, "text"))]
            case kind:
                return [Line(f"An entry of a kind that is not known here: {revealed(kind) or 'none'}.")]
    except Exception:
        log.exception("an entry could not be printed")
        return [Line("An entry that could not be printed.")]


def _user(item: Item) -> list[Part]:
    states = {
        "failed": "Not accepted by goose.",
        "unsure": "The connection dropped while this was being sent: goose may not have it.",
    }
    text, state = _field(item, "text"), states.get(_field(item, "state"))
    parts: list[Part] = [Quote(clean(text))] if text else []
    return parts + _blocks(item, _plain) + ([Line(state)] if state else [])


def _agent(item: Item) -> list[Part]:
    text = _field(item, "text")
    parts: list[Part] = [Prose(clean(text))] if text else []
    cut = _field(item, "state") == "interrupted"  # that the turn was stopped is an entry of its own
    return parts + _blocks(item, lambda text: Prose(clean(text))) + ([Line("Interrupted.")] if cut else [])


def _task(entry: Any) -> str:
    mark = {"completed": "✓", "in_progress": "▸"}.get(_field(entry, "status"), "○")
    return f"{mark} {clean(_field(entry, 'content'))}"


_ANSWERS: Final = {
    "allow_once": "Allowed once",
    "allow_always": "Always allowed",
    "reject_once": "Rejected once",
    "reject_always": "Always rejected",
}
_BY: Final = {"user": "by you", "code": "by code", "policy": "by the chat's on_permission"}


def _tool(item: Item) -> Fold:
    status, answer = _field(item, "status"), item.get("permission")
    rejected = status == "failed" and _is_rejected(answer)
    asking = isinstance(answer, dict) and _field(answer, "state") == "open"
    content = _blocks(item, _plain)
    parts: list[Part] = [Line(_answer(answer))] if isinstance(answer, dict) else []
    if not any(_field(block, "type") == "diff" for block in _each(item, "content")):
        parts += _arguments(item.get("input"))
    output = terminal_text(_field(item, "output")).strip("\n")
    whole = next((part for part in content if isinstance(part, Code) and _has_all(part.text, output)), None)
    if output.strip():
        parts.append(whole or Code(output))
    if item.get("truncated"):
        parts.append(Line("goose left out some of the output."))
    parts += (part for part in content if part is not whole)
    if not content and not output.strip():
        parts += _result(item.get("result"))
    marks = {"completed": "✓", "failed": "✗", "cancelled": "■", "interrupted": "■"}
    words = {"failed": "failed", "cancelled": "stopped", "interrupted": "interrupted", "completed": ""}
    word = "waits for permission" if asking else "rejected" if rejected else words.get(status, "running")
    title = f"{marks.get(status, '…')} {_title(item)}{f' ({word})' if word else ''}"
    shows = any(isinstance(part, Picture) for part in parts)
    return Fold(title, tuple(parts), is_open=shows or (status in ("failed", "interrupted") and not rejected))


def _has_all(text: str, output: str) -> bool:
    """Whether a result has all of the live output: goose's shell sends that once more, with lines that were lost."""
    lines = iter(text.split("\n"))
    return bool(output) and all(line in lines for line in output.strip().split("\n"))


def _title(item: Item) -> str:
    title = _field(item, "title") or _field(item, "name") or "Tool"
    arguments = item.get("input")
    about = (_command(arguments) or _path(arguments) or "").split("\n")[0] if isinstance(arguments, dict) else ""
    if about and about not in title:
        title = f"{title} · {about}"
    line = revealed(title.replace("\n", " "))
    return line if len(line) <= 200 else f"{line[:199]}…"


def _option(answer: Any) -> Any:
    chosen = answer.get("option") if isinstance(answer, dict) else None
    return next((option for option in _each(answer, "options") if chosen and _field(option, "id") == chosen), None)


def _is_rejected(answer: Any) -> bool:
    return _field(answer, "state") == "answered" and _field(_option(answer), "kind").startswith("reject")


def _answer(answer: dict[str, Any]) -> str:
    """How the question whether the tool may run was answered."""
    option = _option(answer)
    match _field(answer, "state"):
        case "open":
            line = "goose asks for permission"
        case "void":
            line = "No longer asked"
        case _:
            kind = _field(option, "kind")
            line = _ANSWERS.get(kind) or (f"“{revealed(_field(option, 'name'))}”" if option else "Answered")
    by, note = _BY.get(_field(answer, "by")), revealed(_field(answer, "note"))
    return f"{line}{f' {by}' if by else ''}{f': {note}' if note else ''}"


_EDITS: Final = (
    ("before", "after"),
    ("old_str", "new_str"),
    ("old_string", "new_string"),
    ("old_text", "new_text"),
    ("oldText", "newText"),
    ("", "content"),
    ("", "file_text"),
)
_PATHS: Final = ("path", "file_path", "filePath")


def _path(arguments: dict[str, Any]) -> str | None:
    return next((arguments[name] for name in _PATHS if isinstance(arguments.get(name), str)), None)


def _command(arguments: dict[str, Any]) -> str | None:
    """The shell's command; an editor's is one word beside a path."""
    command = arguments.get("command")
    if not isinstance(command, str) or (_path(arguments) is not None and re.fullmatch(r"\w+", command)):
        return None
    return command


def _arguments(value: Any) -> list[Part]:
    """A tool's arguments, every one of them: what is not known by name is shown as it is."""
    if not isinstance(value, dict):
        return [] if value is None else [_code(_json(value))]
    rest, parts = dict(value), []
    if (command := _command(rest)) is not None:
        parts.append(_code(command))
        del rest["command"]
    if (path := _path(rest)) is not None:
        for old, new in _EDITS:
            before, after = rest.get(old, "" if not old else None), rest.get(new)
            if isinstance(before, str) and isinstance(after, str):
                parts += _diff(path, before, after)
                for name in (old, new, *_PATHS):
                    rest.pop(name, None)
                break
    if rest:
        rows = (f"{name}: {each if isinstance(each, str) else _json(each)}" for name, each in rest.items())
        parts.append(_code("\n".join(rows)))
    return parts


def _result(result: Any) -> list[Part]:
    """What a tool returned that has sent no content: goose's shell returns a record, others anything."""
    if result is None or result == "":
        return []
    if isinstance(result, dict) and isinstance(result.get("exit_code"), int):
        printed = "\n".join(filter(None, (_field(result, "stdout"), _field(result, "stderr"))))
        parts: list[Part] = [Code(terminal_text(printed).strip("\n"))] if printed.strip() else []
        return parts + ([Line(f"Exit code {result['exit_code']}")] if result["exit_code"] else [])
    return [_code(result if isinstance(result, str) else _json(result))]


# Content that came as a whole.


def _blocks(item: Item, text: Callable[[str], Part]) -> list[Part]:
    return [part for block in _each(item, "content") for part in _block(block, text)]


def _block(block: Any, text: Callable[[str], Part]) -> list[Part]:
    match _field(block, "type"):
        case "text":
            said = _field(block, "text")
            return [text(said)] if said.strip() else []
        case "image":
            return [_picture(_field(block, "mime"), _field(block, "data"))]
        case "diff":
            return _diff(_field(block, "path"), _field(block, "old"), _field(block, "new"))
        case "resource":
            uri, code = _field(block, "uri"), _code(_field(block, "text"))
            name = name_of(uri)
            return [Fold(name, (code,))] if name != uri else [Address(uri, uri), code]
        case "link":
            return [Address(_field(block, "uri"), _field(block, "name") or _field(block, "uri"))]
        case kind:
            return [Line(f"Content of type {revealed(_field(block, 'mime') or kind) or 'unknown'}.")]


def _picture(mime: str, data: str) -> Part:
    if mime not in IMAGES or _BASE64.fullmatch(data) is None:
        return Line(f"A picture that can't be shown here: {revealed(mime[:100]) or 'unknown type'}.")
    return Picture(mime, data)


def _diff(path: str, before: str, after: str) -> list[Part]:
    changes = changed_lines(before, after)
    return [Line(revealed(path)), *([_code(changes)] if changes else [])]


def _plain(text: str) -> Part:
    return Code(terminal_text(text).strip("\n"))


def _code(text: str) -> Part:
    return Code(revealed(text.strip("\n")))


# Values of any type, as text.


def _field(record: Any, name: str) -> str:
    """A text field of `record`, whatever these are."""
    value = record.get(name) if isinstance(record, dict) else None
    return value if isinstance(value, str) else "" if value is None else _json(value)


def _each(record: Any, name: str) -> list[Any]:
    value = record.get(name) if isinstance(record, dict) else None
    return list(value) if isinstance(value, (list, tuple)) else []


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=repr)
