"""The mode and the model of a session: what was asked for, and what the server took.

Before the first prompt the server must have taken what was asked for: the mode decides what runs without a question.
"""

from __future__ import annotations

from collections.abc import Callable

Answer = Callable[[str | None], object]
"""Called with None when the server took a value, else with the reason why not."""


class Settings:
    """What is wanted of a server, by setting: `mode` or `model`.

    Args:
        wanted: values to set when a session opens; None for the server's own.
    """

    def __init__(self, **wanted: str | None) -> None:
        self.wanted = {setting: value for setting, value in wanted.items() if value is not None}
        self._opening: set[str] = set()
        self._asked: dict[str, list[Answer]] = {}

    def open(self, current: dict[str, str]) -> dict[str, str]:
        """What has to be set in a session that opens, where `current` is what it has."""
        wanted = {setting: value for setting, value in self.wanted.items() if value != current[setting]}
        self._opening = set(wanted)
        return wanted

    @property
    def are_taken(self) -> bool:
        """Whether the session has what it was opened with."""
        return not self._opening

    def took(self, setting: str, value: str) -> None:
        """The server took a value."""
        self.wanted[setting] = value
        self._opening.discard(setting)

    def keep(self, **current: str) -> None:
        """Want what a session has, "" for unknown, of the next one too."""
        self.wanted |= {setting: value for setting, value in current.items() if value}

    def ask(self, setting: str, answer: Answer | None) -> None:
        """Somebody waits for the outcome."""
        if answer is not None:
            self._asked.setdefault(setting, []).append(answer)

    def settle(self, setting: str, refusal: str | None) -> None:
        """Tell those who wait."""
        for answer in self._asked.pop(setting, []):
            answer(refusal)

    def drop(self, refusal: str) -> None:
        """Nobody will answer any more."""
        for setting in list(self._asked):
            self.settle(setting, refusal)
