"""Servers for tests in which Playwright holds the thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar


class Runs(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


Peer = TypeVar("Peer", bound=Runs)


class Elsewhere(Generic[Peer]):
    """A server on a thread of its own, as Playwright holds this one."""

    def __init__(self, server: Peer) -> None:
        self.server = server
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Elsewhere[Peer]:
        self._thread.start()
        self._wait(self.server.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def call(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)
