"""Every span of time for which the client waits, made small, so that no run of the experiment takes long."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import Any, Final

import pytest

from support.goose import PATIENCE

_SMALL: Final[dict[str, Any]] = {
    "_CLOSE_TIMEOUT": 0.1,
    "_STOP_PATIENCE": 0.1,
    "_OPENING_PATIENCE": 3.0 * PATIENCE,
    "backoff": lambda attempt, chance: 0.01,
    "AFTER_END": 0.05,
    "SILENCE": 0.1,
    "_COMPLETIONS": (0.0, 0.02, 0.05),
    "_LOOKS": (0.02, 0.05),
    "_AFTERWARDS": (),
    "SETTLED": 0.1,
    "_ARRIVAL": 0.4,
    "_NO_REPLY": 5.0,
}

_HANGS: Final[dict[str, float]] = {
    "_PING_EVERY": 0.1,
    "_PING_TIMEOUT": 1.0,
    "_OPEN_TIMEOUT": 1.0,
}

_HOMES: Final = ("client", "connection", "protocol.web", "protocol.web_saved")
"""The modules of the package that have them."""


@contextlib.contextmanager
def little(*, hangs: bool = False) -> Iterator[None]:
    """Within it the client has little patience.

    Args:
        hangs: also with what does not answer: only where that is the fault, as a busy machine is slow too.
    """
    modules = [importlib.import_module(f"goose_widget.{name}") for name in _HOMES if _exists(name)]
    wanted = {**_SMALL, **({name: seconds * PATIENCE for name, seconds in _HANGS.items()} if hangs else {})}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in wanted.items():
            homes = [module for module in modules if hasattr(module, name)]
            assert homes, f"nobody waits for {name} any more"
            for module in homes:
                patch.setattr(module, name, value)
        yield


def _exists(name: str) -> bool:
    return importlib.util.find_spec(f"goose_widget.{name}") is not None
