"""Every span of time for which the client waits, made small, so that no run of the experiment takes long."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import pytest

from support.goose import PATIENCE

_SMALL: Final[dict[str, Any]] = {
    "goose_widget.client._CLOSE_TIMEOUT": 0.1,
    "goose_widget.client._STOP_PATIENCE": 0.1,
    "goose_widget.client._OPENING_PATIENCE": 3.0 * PATIENCE,
    "goose_widget.client.backoff": lambda attempt, chance: 0.01,
    "goose_widget.protocol.web.AFTER_END": 0.05,
    "goose_widget.protocol.web.SILENCE": 0.1,
    "goose_widget.protocol.web._COMPLETIONS": (0.0, 0.02, 0.05),
    "goose_widget.protocol.web._LOOKS": (0.02, 0.05),
    "goose_widget.protocol.web._AFTERWARDS": (),
    "goose_widget.protocol.web_saved.SETTLED": 0.1,
    "goose_widget.protocol.web_saved._ARRIVAL": 0.4,
    "goose_widget.protocol.web_saved._NO_REPLY": 5.0,
}

_HANGS: Final[dict[str, float]] = {
    "goose_widget.client._PING_EVERY": 0.1,
    "goose_widget.client._PING_TIMEOUT": 1.0,
    "goose_widget.client._OPEN_TIMEOUT": 1.0,
}


@contextlib.contextmanager
def little(*, hangs: bool = False) -> Iterator[None]:
    """Within it the client has little patience.

    Args:
        hangs: also with what does not answer: only where that is the fault, as a busy machine is slow too.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _SMALL.items():
            patch.setattr(name, value)
        for name, seconds in _HANGS.items() if hangs else ():
            patch.setattr(name, seconds * PATIENCE)
        yield
