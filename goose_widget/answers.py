"""Answers the agent's questions for a chat: by policy, by the user's code, or by leaving them to a person."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from . import errors
from . import events as ev
from .loop import background, in_thread
from .permission import OnPermission, Question, choose
from .session import Session

log = logging.getLogger(__name__)

UNANSWERABLE: Final = (
    "goose asked for permission and nobody could answer, so it was rejected. Show the chat in a notebook, or pass "
    "`on_permission=` (a function of the question, 'allow' or 'reject') to `ask` or to the chat."
)


class Answers:
    """Decides every permission request of a session; on the background thread.

    Args:
        session: whose requests.
        default: who answers where the turn names nobody.
        has_view: whether a person could click.
        patience: seconds to wait for a view that may be on its way.

    Attributes:
        by_turn: who answers in a turn, by prompt id.
        unanswered: prompts in which a question was rejected for want of anybody.
    """

    def __init__(
        self,
        session: Session,
        default: OnPermission,
        has_view: Callable[[], bool],
        patience: Callable[[], float],
    ) -> None:
        self._session, self._default = session, default
        self._has_view, self._patience = has_view, patience
        self.by_turn: dict[str, OnPermission] = {}
        self.unanswered: set[str] = set()

    def decide(self, request_id: str) -> None:
        """Answer a request, or leave it to a person; nothing, where it is answered by who asks it."""
        if self._session.decides_itself:
            return
        decider = self.by_turn.get(self._session.turn or "", self._default)
        if callable(decider):
            background().spawn(self._consult(decider, request_id))
        elif decider is not None:
            self._answer(request_id, decider, by="policy")
        elif patience := self._patience():
            background().loop.call_later(patience, self._leave_to_person, request_id)
        else:
            self._leave_to_person(request_id)

    async def _consult(self, decider: Callable[[Question], Any], request_id: str) -> None:
        item = self._session.log.tool_of(request_id)
        if item is None:
            return
        try:
            answer = await _decision(decider, Question.of(item))
        except Exception as error:  # the user's own code
            log.exception("on_permission failed")
            self._answer(request_id, "reject", by="code", note=f"on_permission failed: {type(error).__name__}: {error}")
            return
        if answer is None:
            self._leave_to_person(request_id)
        else:
            self._answer(request_id, answer, by="code")

    def _leave_to_person(self, request_id: str) -> None:
        """Wait for a person where there is one, else reject: never leave it hanging."""
        if not self._has_view() and self._is_open(request_id):
            if self._session.turn is not None:
                self.unanswered.add(self._session.turn)
            self._answer(request_id, "reject", by="policy", note=UNANSWERABLE)
            self._session.say(ev.Notice("error", UNANSWERABLE))

    def _is_open(self, request_id: str) -> bool:
        return request_id in self._session.open_requests()

    def _answer(self, request_id: str, answer: Any, *, by: str, note: str = "") -> None:
        if not self._is_open(request_id):
            return
        item = self._session.log.tool_of(request_id)
        assert item is not None
        options = item["permission"]["options"]
        try:
            option = choose(answer, options)
        except errors.UsageError as error:
            note = str(error)
            option = next((each["id"] for each in options if each["kind"].startswith("reject")), None)
        try:
            if option is not None:
                self._session.answer(request_id, option, by=by, note=note)
                return
        except errors.UsageError as error:
            note = str(error)
        # No way to say no, or goose has asked about the same call again: a question must not hang.
        self._session.dismiss(request_id, note)
        self._session.commit()


_thread = threading.local()


def is_deciding() -> bool:
    """Whether the caller is the user's `on_permission`."""
    return getattr(_thread, "is_deciding", False)


async def _decision(function: Callable[[Question], Any], question: Question) -> Any:
    """Call the user's function."""

    def decide() -> Any:
        _thread.is_deciding = True
        return function(question)

    return await in_thread(decide, "goose-widget-on-permission")
