"""The socket of one chat, and the policy by which it comes back.

A thin shell: frames go to the session, the session's frames go out, and every 20 to 30 ms what came is committed
(written, reduced, shown). All of it runs on the background thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Final

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from . import errors
from ._version import __version__
from .connection import MAX_FRAME, Connection, answers, close_reason, open_connection, send, watch
from .endpoint import Endpoint, Mask, probe, ws_token
from .loop import within
from .pace import Pace
from .protocol import Get, Got, Outgoing, Speaker
from .protocol.acp import Acp
from .protocol.web import Web
from .session import Session

log = logging.getLogger(__name__)

_OPENING_PATIENCE: Final = 120.0  # a long history, a provider that starts slowly
# goose does not hear a cancel until the model has begun to reply; it cancels at once when the socket closes.
_STOP_PATIENCE: Final = 3.0
_STABLE: Final = 10.0
_FETCH_TIMEOUT: Final = 20.0
_TICK: Final = 2.0
_SLEPT: Final = 10.0
_PATIENCE_AFTER_SLEEP: Final = 3.0


def backoff(attempt: int, chance: float) -> float:
    """Seconds to wait before a reconnection.

    Args:
        attempt: 1 for the first.
        chance: from 0 to 1, uniformly drawn: many chats must not come back at the same moment.
    """
    return float(min(30.0, 0.5 * 2.0 ** min(attempt - 1, 10)) * (0.5 + 0.5 * chance))


def was_asleep(wall: float, expected: float) -> bool:
    """Whether the computer slept: `wall` seconds went by where `expected` were planned."""
    return wall - expected > _SLEPT


class Client:
    """Keeps a session connected until it is closed.

    Args:
        session: what the frames are for.
        locate: finds or starts the server; raises `GooseError` where the user has to do something.
    """

    def __init__(self, session: Session, locate: Callable[[bool], Awaitable[Endpoint]]) -> None:
        self._session = session
        self._locate = locate
        self._fetches: set[asyncio.Task[None]] = set()  # of the connection
        self._wake = asyncio.Event()  # connect now
        self._by_user = False  # the wake-up was a person's
        self._socket: Connection | None = None
        self._pace = Pace(session)

    def retry(self) -> None:
        """Connect now, because the user said so."""
        self._by_user = True
        self._wake.set()
        if self._session.facts.problem is not None:
            self._session.connecting()  # at once: who asks now waits for the outcome

    def stop_turn(self) -> None:
        """Cancel the running turn; if the server does not end it soon, close the socket, which does."""
        turn = self._session.turn
        self._session.stop()
        if turn is not None:
            asyncio.get_running_loop().call_later(_STOP_PATIENCE, self._cut_if_still, turn)

    def _cut_if_still(self, turn: str) -> None:
        if self._session.turn == turn and self._socket is not None:
            log.info("goose did not stop in %s s; closing the connection", _STOP_PATIENCE)
            self._socket.cut("goose did not stop by itself")

    async def run(self) -> None:
        """Connect, and reconnect, until cancelled."""
        clock = asyncio.create_task(self._watch_clock())
        try:
            await self._run()
        finally:
            clock.cancel()
            self._pace.cancel()

    async def _run(self) -> None:
        attempt = 0
        while True:
            by_user, self._by_user = self._by_user, False
            self._wake.clear()
            self._session.connecting()
            was_ready, began = False, asyncio.get_running_loop().time()
            try:
                endpoint = await self._locate(by_user)
                async with self._connect(endpoint) as socket:
                    was_ready = await self._pump(socket, endpoint)
                reason = close_reason(socket)
            except Exception as error:
                problem = error if isinstance(error, errors.GooseError) else errors.InternalError(error)
                if isinstance(problem, errors.InternalError):
                    log.exception("the connection failed in an unforeseen way")
                if not (attempt and isinstance(problem, errors.ConnectionRefused)):
                    self._session.fail(problem)
                    await self._wake.wait()
                    attempt = 0
                    continue
                reason = problem.title
            if self._session.facts.problem is not None:
                await self._wake.wait()  # the server itself said why it can't go on
                attempt = 0
                continue
            # A server that drops every connection as soon as it is made is left in peace too.
            lasted = asyncio.get_running_loop().time() - began
            attempt = 1 if was_ready and lasted > _STABLE else attempt + 1
            delay = backoff(attempt, random.random())
            self._session.reconnecting(attempt, time.time() + delay, reason)
            with contextlib.suppress(asyncio.TimeoutError):
                await within(delay, self._wake.wait())

    @contextlib.asynccontextmanager
    async def _connect(self, endpoint: Endpoint) -> AsyncIterator[Connection]:
        try:
            try:
                socket = await open_connection(endpoint.url, endpoint)
            except InvalidStatus as refused:
                wants_token = endpoint.language == "web" and refused.response.status_code == 403
                if not (wants_token and (token := await ws_token(endpoint))):
                    raise
                socket = await open_connection(f"{endpoint.url}?token={token}", endpoint)
        except (OSError, asyncio.TimeoutError, InvalidHandshake, InvalidURI, EOFError) as error:
            status = error.response.status_code if isinstance(error, InvalidStatus) else None
            log.info("no connection to %s: %s (status %s)", endpoint.url, type(error).__name__, status)
            await probe(endpoint)
            raise endpoint.failure(error) from error
        try:
            yield socket
        finally:
            await socket.close()

    async def _pump(self, socket: Connection, endpoint: Endpoint) -> bool:
        """Carry frames until the socket ends. Returns whether the session was ready at some time."""
        self._socket = socket
        outgoing: asyncio.Queue[str] = asyncio.Queue()

        def transmit(said: list[Outgoing]) -> None:
            for each in said:
                if isinstance(each, Get):
                    task = asyncio.create_task(self._fetch(each, socket, endpoint))
                    self._fetches.add(task)
                    task.add_done_callback(self._fetches.discard)
                else:
                    outgoing.put_nowait(each)

        self._session.connected(_speaker(endpoint), transmit)
        deadline = asyncio.get_running_loop().call_later(_OPENING_PATIENCE, self._give_up, socket)
        sender = asyncio.create_task(self._send(socket, outgoing))
        watching = asyncio.create_task(watch(socket))
        was_ready, mask = False, Mask(*endpoint.secrets)
        try:
            async for frame in socket:
                self._session.feed(mask(frame))
                self._pace.soon()
                if self._session.facts.problem is not None:
                    break
        except ConnectionClosed:
            pass
        finally:
            was_ready = was_ready or self._session.is_ready
            self._socket = None
            deadline.cancel()
            sender.cancel()
            watching.cancel()
            for task in self._fetches:
                task.cancel()
            self._session.disconnected(close_reason(socket))
        return was_ready

    def _give_up(self, socket: Connection) -> None:
        """A server that answers pings and nothing else would be connected to for ever."""
        if not self._session.is_ready:
            what = f"within {_OPENING_PATIENCE:g} s"
            self._session.fail(errors.RequestRefused("greet", f"it did not open a session {what}"))
            socket.cut("goose opened no session")

    async def _fetch(self, what: Get, socket: Connection, endpoint: Endpoint) -> None:
        await asyncio.sleep(what.after)
        try:
            answer = await endpoint.get(what.path, timeout=_FETCH_TIMEOUT, limit=MAX_FRAME)
            got = Got(what, answer.status, answer.body, answer.location)
        except Exception as error:  # whatever it is: who asked waits for an answer
            if not isinstance(error, OSError | asyncio.TimeoutError | ValueError):
                log.exception("a request failed in an unforeseen way")
            got = Got(what, 0, str(error) or type(error).__name__)
        if socket is not self._socket:
            return  # Python before 3.12 may lose a cancellation when the answer comes with it
        try:
            self._session.feed(got)
        except Exception as error:
            log.exception("the connection failed in an unforeseen way")
            self._session.fail(errors.InternalError(error))
        self._pace.soon()
        if self._session.facts.problem is not None:
            await socket.close()

    async def _send(self, socket: Connection, outgoing: asyncio.Queue[str]) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await send(socket, await outgoing.get())

    async def _watch_clock(self) -> None:
        """After a sleep the socket is dead and does not know it: find out at once."""
        while True:
            before = time.time()
            await asyncio.sleep(_TICK)
            if was_asleep(time.time() - before, _TICK):
                log.info("the computer was asleep")
                self._wake.set()
                if self._socket is not None:
                    await self._check(self._socket)

    async def _check(self, socket: Connection) -> None:
        if not await answers(socket, _PATIENCE_AFTER_SLEEP):
            socket.cut("the server did not answer after this computer had slept")


def _speaker(endpoint: Endpoint) -> Speaker:
    return Web(lambda: datetime.now().astimezone()) if endpoint.language == "web" else Acp(__version__)
