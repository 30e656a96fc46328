"""A chat with the goose agent in a notebook: `from goose_widget import GooseChat`."""

from __future__ import annotations

from . import errors, events
from ._version import __version__
from .chat import Chat
from .permission import Question
from .reply import Reply
from .widget import GooseChat

__all__ = ["Chat", "GooseChat", "Question", "Reply", "__version__", "errors", "events"]
