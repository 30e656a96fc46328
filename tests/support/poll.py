"""Waiting for what another process does: a condition and a deadline, never a bare sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from support.goose import PATIENCE

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 5.0, *, why: str = "") -> T:
    """The first true result of `condition`, looked at every 10 ms.

    Raises:
        AssertionError: after `seconds`, times TEST_PATIENCE.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, why or f"not within {seconds} s: {condition}"
        time.sleep(0.01)
    return result


async def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """`until` for a test that runs a loop of its own."""
    deadline = time.monotonic() + seconds * PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.01)
