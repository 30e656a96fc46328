"""What goose is asked so that it goes on with a reply that was cut off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .transcript import Item

GO_ON: Final = "Your reply was cut off when the connection dropped. Continue where it stops."
"""The prompt for a goose that has its own partial reply back."""

_QUOTED: Final = 20_000  # characters of a partial reply: its end is what matters

_ASK: Final = (
    "Your reply was cut off when the connection dropped, and you may not remember it. This is what came of it:\n\n"
    "{quote}\n\n"
    "Continue where it stops. Do not repeat it, and do not run again what has run."
)


def quoting(turn: Sequence[Item]) -> str:
    """The prompt for a goose that has forgotten its partial reply.

    Args:
        turn: the items of the interrupted turn.
    """
    said: list[str] = []
    for item in turn:
        match item["kind"]:
            case "agent" if item["text"].strip():
                said.append(item["text"].strip("\n"))
            case "tool":
                said.append(f"[You ran: {item['title']} ({_OUTCOMES.get(item['status'], 'its outcome is unknown')})]")
    text = "\n\n".join(said)
    if len(text) > _QUOTED:
        text = f"[…] {text[-_QUOTED:]}"
    return _ASK.format(quote="\n".join(f"> {line}".rstrip() for line in text.split("\n")))


_OUTCOMES: Final = {"completed": "it completed", "failed": "it failed"}
