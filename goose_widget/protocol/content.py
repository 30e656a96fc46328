"""Content of the Model Context Protocol, which both wire protocols carry, as blocks of ours (js/src/wire.ts)."""

from __future__ import annotations

import json
from typing import Any

from .. import events as ev
from ..attachments import described


def text_of(value: Any) -> str:
    """`value`, if it is text.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"text expected, not {type(value).__name__}")
    return value


def as_object(value: Any) -> dict[str, Any]:
    """`value`, if it is an object; else an empty one."""
    return value if isinstance(value, dict) else {}


def malformed(reason: str, frame: str) -> ev.Raw:
    """What is shown of a frame that can't be read."""
    return ev.Raw(f"a malformed frame ({reason})", frame)


def to_block(block: Any) -> ev.Block:
    """A content block as one of ours; what can't be read is shown as it came."""
    try:
        return _known_block(block)
    except (KeyError, TypeError, AttributeError):
        return unknown(block)


def _known_block(block: dict[str, Any]) -> ev.Block:
    match block.get("type"):
        case "text":
            return {"type": "text", "text": text_of(block["text"])}
        case "image" | "audio" as kind:
            return {"type": kind, "mime": text_of(block["mimeType"]), "data": text_of(block["data"])}
        case "resource":
            resource = block["resource"]
            text = (
                resource["text"] if "text" in resource else f"({len(text_of(resource['blob'])):,} characters of base64)"
            )
            mime = str(resource.get("mimeType") or "")
            return {"type": "resource", "uri": str(resource["uri"]), "mime": mime, "text": text_of(text)}
        case "resource_link":
            name = str(block.get("title") or block.get("name") or block["uri"])
            return {"type": "link", "uri": str(block["uri"]), "name": name}
        case _:
            return unknown(block)


def from_block(block: ev.Block) -> dict[str, Any]:
    """An attachment of ours as content of a prompt."""
    match block:
        case {"type": "image", "mime": mime, "data": data}:
            return {"type": "image", "mimeType": mime, "data": data}
        case {"type": "resource", "uri": uri, "mime": mime, "text": text}:
            return {"type": "resource", "resource": {"uri": uri, "mimeType": mime, "text": text}}
        case _:
            return {"type": "text", "text": f"({described(block)['name']})"}


def unknown(block: Any) -> ev.Block:
    """A block of a kind that this version does not know, as text."""
    kind, text = as_object(block).get("type"), json.dumps(block, ensure_ascii=False)
    return {"type": "text", "text": f"(content of the kind {kind!r}, which goose-widget can't show: {text})"}
