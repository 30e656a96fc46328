"""When what a session has pending is committed: written, reduced and shown."""

from __future__ import annotations

import asyncio
from typing import Final

from .session import Session

COMMIT_EVERY: Final = 0.04
"""Seconds between two commits while text streams: faster is no smoother, and notebook servers drop bursts."""


class Pace:
    """Commits what a session has pending: the first event after a pause at once, the others together.

    Args:
        session: whose; all calls are on its thread.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def soon(self) -> None:
        """Commit what is pending when it is time."""
        if not self._session.pending or self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(loop.time(), self._last + COMMIT_EVERY), self.now)

    def now(self) -> None:
        """Commit what is pending."""
        self.cancel()
        self._session.commit()
        self._last = asyncio.get_running_loop().time()

    def cancel(self) -> None:
        """Leave what is pending to others."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
