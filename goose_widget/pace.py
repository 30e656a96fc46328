"""When what a session has pending is committed: written, reduced and shown."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Final

from .session import Session

COMMIT_EVERY: Final = 0.020
"""Seconds between two commits while text streams: a message of Jupyter's has half a kilobyte of its own, which more
text shares, as it does the page's work, and Jupyter's servers drop bursts."""

SWITCH: Final = 0.0005
"""Seconds for which another thread may compute before this one gets its turn, while text streams."""

CALM: Final = 1.0
"""Seconds without anything after which that is Python's own again."""


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
        _attention.ask()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(loop.time(), self._last + COMMIT_EVERY), self.now)

    def now(self) -> None:
        """Commit what is pending."""
        self.cancel()
        self._last = asyncio.get_running_loop().time()
        self._session.commit()

    def cancel(self) -> None:
        """Leave what is pending to others."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Attention:
    """Has a computing cell let this thread in after half a millisecond while anything streams; Python's rule is five.

    Between the server's socket and the page this thread waits for its turn several times with every batch, and a reader
    sees the sum. Where no thread waits for another, the rule changes nothing.
    """

    def __init__(self) -> None:
        self._until = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None  # which looks when the stream is over
        self._usual = 0.0  # to be set again; 0 for nothing

    def ask(self) -> None:
        """Something streams, on the running loop."""
        self._until = time.monotonic() + CALM
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            usual = sys.getswitchinterval()
            if usual > SWITCH:
                self._usual = usual
                sys.setswitchinterval(SWITCH)
            loop.call_later(CALM, self._look)

    def _look(self) -> None:
        left = self._until - time.monotonic()
        if left > 0:
            asyncio.get_running_loop().call_later(left, self._look)
            return
        self._loop = None
        usual, self._usual = self._usual, 0.0
        if usual and sys.getswitchinterval() == SWITCH:  # else somebody has set another one
            sys.setswitchinterval(usual)


_attention: Final = Attention()
