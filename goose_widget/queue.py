"""The prompts that wait to be sent, as the log adds up to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from . import events as ev
from .attachments import described


@dataclass(frozen=True, slots=True)
class Waiting:
    """A prompt that waits. `steers`: the running turn has it, and has not taken it up yet."""

    id: str
    text: str
    content: tuple[ev.Block, ...] = ()
    steers: bool = False

    def to_wire(self) -> dict[str, Any]:
        """As JSON for the browser: of its attachments only what they are."""
        attachments = [described(block) for block in self.content]
        return {"id": self.id, "text": self.text, "attachments": attachments, "steers": self.steers}


class Queue:
    """Prompts in the order in which they will be sent."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(list(self._waiting.values()))

    def get(self, prompt_id: str) -> Waiting | None:
        """The prompt of this id, if it waits."""
        return self._waiting.get(prompt_id)

    @property
    def first(self) -> Waiting | None:
        """The next one."""
        return next(iter(self._waiting.values()), None)

    def note(self, event: ev.Event) -> None:
        """Apply an event of the log."""
        match event:
            case ev.Queued(prompt_id, text, content, steers):
                self._waiting[prompt_id] = Waiting(prompt_id, text, content, steers)
            case ev.QueueEdited(prompt_id, text) if prompt_id in self._waiting:
                self._waiting[prompt_id] = replace(self._waiting[prompt_id], text=text)
            case ev.Unqueued(str(prompt_id)) | ev.UserMessage(prompt_id=str(prompt_id)):
                self._waiting.pop(prompt_id, None)

    def put_first(self, prompt_id: str) -> None:
        """Let a waiting prompt be the next one."""
        self._waiting = {prompt_id: self._waiting.pop(prompt_id), **self._waiting}

    def give_up_steering(self, prompt_id: str) -> None:
        """The running turn did not take it: it is sent as a prompt of its own."""
        if (known := self._waiting.get(prompt_id)) is not None:
            self._waiting[prompt_id] = replace(known, steers=False)

    def steering(self) -> list[Waiting]:
        """Those that the running turn has."""
        return [each for each in self._waiting.values() if each.steers]

    def clear(self) -> None:
        """Forget all of them."""
        self._waiting.clear()


def why_paused(stop_reason: str) -> str:
    """Why the queue does not go on after a turn that ended so, a sentence; "" if it does."""
    return "" if stop_reason == "end_turn" else _PAUSES.get(stop_reason, f"The turn ended: {stop_reason}.")


_PAUSES: Final = {
    "cancelled": "The turn was stopped.",
    "interrupted": "The reply was interrupted.",
    "failed": "goose did not take the prompt.",
    "error": "The turn failed.",
    "refusal": "The model refused to go on.",
    "max_tokens": "The reply reached the model's limit of tokens.",
    "max_turn_requests": "goose reached its limit of steps in one turn.",
}

KEPT: Final = "This was waiting when the chat was closed."
"""Why the queue of a session that is opened does not go on by itself."""
