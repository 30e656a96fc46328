"""What a turn took: seconds and money, as the transcript's newest events tell."""

from __future__ import annotations

import math
from typing import Any, Final

from . import events as ev

# These are logged when the turn is found to have ended, which may be days later.
_ENDED_EARLIER: Final = ("interrupted", "unsure", "failed")

# Seconds: of less than that the log's times tell no rate.
_SHORTEST: Final = 0.5


class Turn:
    """Follows the events of a session, and says at the end of each turn what it took."""

    def __init__(self) -> None:
        self._prompt_id: str | None = None
        self._started = self._asked = 0.0  # when the model was asked first, and last
        self._first: float | None = None
        self._item: str | None = None  # the newest message of the reply
        self._has_tools = self._is_priced = False
        self._used = 0
        self._before: float | None = None
        self._cost: float | None = None  # of the session so far, and in what
        self._currency = ""

    def start(self, prompt_id: str, time: float) -> None:
        """A prompt was handed to the server."""
        self._prompt_id, self._started, self._asked, self._before = prompt_id, time, time, self._cost
        self._first = self._item = None
        self._has_tools = self._is_priced = False

    def added(self, item: dict[str, Any], time: float) -> None:
        """The agent said something new."""
        self._first = time if self._first is None else self._first
        if item["kind"] == "agent":
            self._item = item["id"]
        self._has_tools |= item["kind"] == "tool"

    def tool_ended(self, time: float) -> None:
        """The model goes on from here."""
        self._asked = time

    def note(self, usage: ev.Usage) -> None:
        """goose counts the cost of a session, and tells a new one's use as 0 without a cost."""
        self._used = usage.used
        amount, _, currency = (usage.cost or "").partition(" ")
        try:
            cost = float(amount)
        except ValueError:
            cost = math.nan
        if math.isfinite(cost):
            self._cost, self._currency, self._is_priced = cost, currency, True
        elif self._cost is None:
            self._cost = self._before = 0.0  # it may come after the first prompt

    def end(self, event: ev.TurnEnded, time: float) -> tuple[str, dict[str, Any]] | None:
        """The id of the reply's last message, and `turn` of it in `js/src/wire.ts`; None if either is not known."""
        item_id, prompt_id = self._item, self._prompt_id
        self._prompt_id = None
        if item_id is None or prompt_id != event.prompt_id or event.stop_reason in _ENDED_EARLIER:
            return None
        return item_id, {
            "duration": _seconds(time - self._started),
            "first": None if self._first is None else _seconds(self._first - self._started),
            "rate": self._rate(event.usage, time),
            "cost": self._price(),
        }

    def _rate(self, usage: dict[str, int], time: float) -> float | None:
        """Tokens per second of the newest request to the model: goose 1.52 counts no others in `output_tokens`."""
        tokens, seconds = usage.get("output_tokens", 0), time - self._asked
        is_whole_turn = self._has_tools and usage.get("total_tokens") != self._used
        return None if is_whole_turn or tokens <= 0 or seconds < _SHORTEST else round(tokens / seconds, 1)

    def _price(self) -> str | None:
        if not self._is_priced or self._before is None or self._cost is None or self._cost < self._before:
            return None
        return f"{self._cost - self._before:.6f} {self._currency}".strip()


def _seconds(seconds: float) -> float:
    return round(max(0.0, seconds), 3)
