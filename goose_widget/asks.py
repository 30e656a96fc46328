"""Turns that code asks for and waits for, in order among themselves and with the prompts of the queue."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from . import errors
from . import events as ev
from .answers import UNANSWERABLE, Answers
from .permission import OnPermission, check
from .replay import Player
from .reply import Reply, to_public
from .session import Session
from .store import Entry
from .transcript import Item

if TYPE_CHECKING:
    from .client import Client


class Asks:
    """The asks of a session, on the background thread.

    Args:
        session: in which is asked; it gives way to asks that wait.
        answers: of its permission questions.
        client: gives what answers in it.
        until_ready: waits until a prompt can be sent; raises GooseError where that can't be.
    """

    def __init__(
        self,
        session: Session,
        answers: Answers,
        client: Callable[[], Client | Player],
        until_ready: Callable[[], Awaitable[None]],
    ) -> None:
        self._session, self._answers, self._client, self._until_ready = session, answers, client, until_ready
        session.gives_way = self._gives_way
        self._turns: dict[str, asyncio.Future[tuple[ev.TurnEnded, list[Item]]]] = {}
        self._listeners: dict[str, Callable[[ev.Event], None]] = {}
        self._heard = ""  # the turn of the entry that is handed out
        self._order = asyncio.Lock()
        self._before: dict[str, frozenset[str]] = {}  # asks that have not begun: the queued prompts before them

    async def ask(
        self,
        begin: Callable[[str], None],
        on_permission: OnPermission,
        listen: Callable[[ev.Event], None] | None = None,
    ) -> Reply:
        """Begin a turn when it is time and wait for its end.

        Args:
            begin: starts the turn with the prompt id that it is given.
            on_permission: who answers questions in it.
            listen: gets the turn's events.

        Raises:
            TurnInterrupted: it did not come to its end.
            PermissionUnanswered: nobody could answer a question.
            ReplayMismatch: a recording has another prompt.
            GooseError: why it can't begin.
        """
        check(on_permission)
        prompt_id = uuid.uuid4().hex
        self._before[prompt_id] = self._session.queued()
        try:
            end, items = await self._turn(prompt_id, begin, on_permission, listen)
        finally:
            self._before.pop(prompt_id, None)
            self._session.go_on()
        reply = Reply(to_public(items), end.stop_reason, end.usage)
        if isinstance(client := self._client(), Player) and client.has_refused(prompt_id):
            raise errors.ReplayMismatch(end.error, reply=reply)
        if end.stop_reason in ("interrupted", "failed", "error"):
            raise errors.TurnInterrupted(end.error, reply=reply)
        if prompt_id in self._answers.unanswered:
            self._answers.unanswered.discard(prompt_id)
            raise errors.PermissionUnanswered(UNANSWERABLE, reply=reply)
        return reply

    async def _turn(
        self,
        prompt_id: str,
        begin: Callable[[str], None],
        on_permission: OnPermission,
        listen: Callable[[ev.Event], None] | None,
    ) -> tuple[ev.TurnEnded, list[Item]]:
        async with self._order:
            await self._until_ready()
            ended = self._turns[prompt_id] = asyncio.get_running_loop().create_future()
            if on_permission is not None:
                self._answers.by_turn[prompt_id] = on_permission
            if listen is not None:
                self._listeners[prompt_id] = listen
            try:
                begin(prompt_id)
                del self._before[prompt_id]
                end, items = await ended
                return end, items
            except asyncio.CancelledError:
                if prompt_id in (self._session.turn, self._session.continuing):
                    self._client().stop_turn()
                raise
            finally:
                for table in (self._turns, self._answers.by_turn, self._listeners):
                    table.pop(prompt_id, None)

    def _gives_way(self, queued: str) -> bool:
        """Whether an ask waits that was there before a prompt of the queue."""
        return any(queued not in before for before in self._before.values())

    def hear(self, entry: Entry) -> None:
        """An entry was written: feed who listens, end who waits."""
        event = entry.event
        if isinstance(event, ev.TurnStarted):
            self._heard = event.prompt_id  # the session is at the end of these entries, and maybe of the turn
        if self._heard in self._listeners:
            self._listeners[self._heard](event)
        match event:
            case ev.PermissionAnswered(note=note) if note == UNANSWERABLE:
                self._answers.unanswered.add(self._heard)  # a recording has it too
            case ev.TurnEnded(prompt_id):
                self._heard = ""
                future = self._turns.get(prompt_id)
                if future is not None and not future.done():
                    future.set_result((event, self._session.log.turn(prompt_id)))

    def give_up(self, why: str) -> None:
        """End those whose turn has begun, and of which no end was told."""
        for future in self._turns.values():
            if not future.done():
                future.set_exception(errors.UsageError(why))
