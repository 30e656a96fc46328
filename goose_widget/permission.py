"""Who answers the agent's questions when code drives the chat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .errors import UsageError
from .transcript import Item


@dataclass(frozen=True)
class Question:
    """What `on_permission` is asked.

    Attributes:
        title: the call in a line, as goose words it ("shell · ls").
        tool: the tool's name, as far as the server tells it.
        input: the complete arguments, any JSON value (goose's shell: `{"command": …}`).
        cwd: the folder it would run in.
        options: ids of the possible answers.
    """

    title: str
    tool: str
    input: Any
    cwd: str
    options: tuple[str, ...]

    @classmethod
    def of(cls, item: Item) -> Question:
        """The question that a tool item holds."""
        permission = item["permission"]
        options = tuple(option["id"] for option in permission["options"])
        return cls(item["title"], item["name"], item["input"], permission["cwd"], options)


OnPermission: TypeAlias = str | Callable[[Question], Any] | None
"""`"allow"`, `"reject"`, or a function of the question that returns one of them, a bool, an option's id, or None to
leave the question to a person."""

_KINDS: Final[dict[Any, tuple[str, ...]]] = {
    True: ("allow_once", "allow_always"),
    "allow": ("allow_once", "allow_always"),
    False: ("reject_once", "reject_always"),
    "reject": ("reject_once", "reject_always"),
}


def choose(answer: Any, options: list[dict[str, str]]) -> str | None:
    """The id of the option that `answer` means; None if the answer is None. The narrower option is taken: once before
    always.

    Raises:
        UsageError: it means none of them.
    """
    if answer is None:
        return None
    if isinstance(answer, bool | str):
        for kind in _KINDS.get(answer, (answer,)):
            for option in options:
                if kind in (option["kind"], option["id"]):
                    return option["id"]
    offered = ", ".join(repr(option["id"]) for option in options)
    raise UsageError(
        f"on_permission answered {answer!r}; it must be 'allow', 'reject', a bool, None, or one of {offered}."
    )


def check(on_permission: OnPermission) -> OnPermission:
    """The argument, if it is a valid one.

    Raises:
        UsageError: it is not.
    """
    if on_permission is None or callable(on_permission) or on_permission in ("allow", "reject"):
        return on_permission
    raise UsageError(f"on_permission must be 'allow', 'reject' or a function of the question, not {on_permission!r}.")
