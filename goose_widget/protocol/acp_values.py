"""What the updates of the Agent Client Protocol hold: tool calls and settings, as events of ours. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from .. import events as ev
from ..events import Event
from . import Choice, Choices, Signal
from .content import as_object, text_of, to_block, unknown

_STATUSES: Final = ("pending", "in_progress", "completed", "failed")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_count(value: Any) -> bool:
    """Whether it is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def settings(result: dict[str, Any]) -> Iterator[Event | Signal]:
    """Modes, models and their current values, from `modes` and `configOptions` (the latter say more and come later)."""
    values: dict[str, str] = {}
    choices: dict[str, tuple[Choice, ...]] = {}
    try:
        if isinstance(modes := result.get("modes"), dict):
            values["mode"] = str(modes["currentModeId"])
            choices["mode"] = tuple(_choice(each, "id") for each in modes["availableModes"])
        for option in result.get("configOptions") or ():
            if option.get("id") in ("mode", "model"):
                values[option["id"]] = str(option["currentValue"])
                choices[option["id"]] = tuple(_choice(each, "value") for each in _flat(option.get("options") or ()))
    except (KeyError, TypeError, AttributeError) as error:  # the session they came with is good all the same
        yield ev.Raw(f"settings that can't be read ({error!r})", result)
    if choices:
        yield Choices(choices.get("mode"), choices.get("model"))
    if "mode" in values:
        yield ev.Mode(values["mode"])
    if "model" in values:
        yield ev.Model(values["model"])


def _flat(options: Any) -> Iterator[dict[str, Any]]:
    for option in options:
        if "options" in option:  # a group
            yield from option["options"]
        else:
            yield option


def _choice(option: dict[str, Any], key: str) -> Choice:
    name = option.get("name") or option[key]
    return Choice(str(option[key]), str(name), str(option.get("description") or ""))


def tool_call(update: dict[str, Any], *, starts: bool = False) -> ev.ToolCall:
    """What an update says of a tool call."""
    origin = as_object(as_object(as_object(update.get("_meta")).get("goose")).get("toolCall"))
    content, locations = update.get("content"), update.get("locations")
    status = update.get("status")
    return ev.ToolCall(
        call_id=text_of(update["toolCallId"]),
        starts=starts,
        title=maybe_text(update.get("title")),
        name=maybe_text(origin.get("toolName")),
        extension=maybe_text(origin.get("extensionName")),
        tool_kind=maybe_text(update.get("kind")),
        status=status if status in _STATUSES else None,
        input=update.get("rawInput"),
        content=None if content is None else tuple(_tool_content(each) for each in _list(content)),
        locations=None if locations is None else tuple(_location(each) for each in _list(locations)),
        result=update.get("rawOutput"),
    )


def maybe_text(value: Any) -> str | None:
    """`value`, if it is text."""
    return value if isinstance(value, str) else None


# What of these can't be read is shown as it came: the rest of the update, above all a tool's status, must get through.


def _location(location: Any) -> dict[str, Any]:
    path, line = as_object(location).get("path"), as_object(location).get("line")
    path = path if isinstance(path, str) else json.dumps(location, ensure_ascii=False)
    return {"path": path, "line": line if is_count(line) else None}


def _tool_content(content: Any) -> ev.Block:
    match content:
        case {"type": "content", "content": block}:
            return to_block(block)
        case {"type": "diff", "path": str(path), "newText": str(new)} if isinstance(content.get("oldText"), str | None):
            return {"type": "diff", "path": path, "old": content.get("oldText"), "new": new}
        case {"type": "terminal", "terminalId": terminal}:
            return {"type": "text", "text": f"(terminal {terminal})"}
        case _:
            return unknown(content)
