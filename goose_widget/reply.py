"""What a turn came to, and the items of a chat as code sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from .transcript import Item


def with_text(item: Item) -> Item:
    """The item with a `text`, whatever its kind: what a reader would copy from it."""
    match item["kind"]:
        case "tool":
            return {**item, "text": tool_text(item)}
        case "plan":
            marks = {"completed": "x", "in_progress": "~"}
            lines = (
                f"- [{marks.get(entry.get('status', ''), ' ')}] {entry.get('content', '')}" for entry in item["entries"]
            )
            return {**item, "text": "\n".join(lines)}
        case _:
            return item


def tool_text(item: Item) -> str:
    """What a tool returned, as text; what it has printed so far where it has not returned."""
    texts = [str(block.get("text", "")) for block in item["content"] if block.get("type") in ("text", "resource")]
    if texts:
        return "\n".join(texts)
    if item["output"] or item["result"] is None:
        return str(item["output"])
    return item["result"] if isinstance(item["result"], str) else json.dumps(item["result"], ensure_ascii=False)


@dataclass(frozen=True)
class Reply:
    """The reply to one prompt. In a notebook it shows as Markdown.

    Attributes:
        items: everything of the turn in its order, the prompt first: dicts with `id`, `kind`, `text` and more.
        stop_reason: why the turn ended: end_turn, cancelled (somebody pressed Stop), refusal, max_tokens,
            max_turn_requests.
        usage: tokens, as far as the server tells: `input_tokens`, `output_tokens`, `total_tokens`. goose tells
            those of the last request to the model only.
    """

    items: list[Item]
    stop_reason: str
    usage: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What the agent said, as Markdown; its messages joined by an empty line."""
        texts = (item["text"].strip("\n") for item in self.items if item["kind"] == "agent")
        return "\n\n".join(text for text in texts if text)

    @property
    def tools(self) -> list[Item]:
        """The tool calls of the turn: dicts with `title`, `input`, `status`, `text` and more."""
        return [item for item in self.items if item["kind"] == "tool"]

    @property
    def duration(self) -> float | None:
        """Seconds from the prompt to the end of the turn; None where that is not known, or the agent said nothing."""
        turns = [item.get("turn") for item in self.items if item["kind"] == "agent"]
        return turns[-1]["duration"] if turns and turns[-1] else None

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        text = self.text if len(self.text) <= 70 else self.text[:69] + "…"
        return f"Reply({text!r}, tools={len(self.tools)}, stop_reason={self.stop_reason!r})"

    def _repr_markdown_(self) -> str:
        return self.text or f"*(no text; {len(self.tools)} tool calls, {self.stop_reason})*"


def to_public(items: list[Any]) -> list[Item]:
    """Items as `Reply.items` and `Chat.items` have them."""
    return [with_text(item) for item in items]
