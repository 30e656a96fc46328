"""A chat with the goose agent in a notebook: `from goose_widget import GooseChat`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ._version import __version__

if TYPE_CHECKING:
    from . import errors, events
    from .chat import Chat
    from .permission import Question
    from .reply import Reply
    from .widget import GooseChat

__all__ = ["Chat", "GooseChat", "Question", "Reply", "__version__", "errors", "events"]

_PLACES: Final = {"Chat": "chat", "GooseChat": "widget", "Question": "permission", "Reply": "reply"}


def __getattr__(name: str) -> Any:
    """Each name is loaded when it is first asked for: who only imports the package does not wait for all of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_PLACES.get(name, name)}")
    return getattr(module, name) if name in _PLACES else module


def __dir__() -> list[str]:
    return __all__
