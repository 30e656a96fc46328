"""Plays the script in a session: in its own time, and saved message by message.

A message is saved when it is whole. What was begun when a turn is cut off is forgotten, as goose does it; a server of
the older kind keeps it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from .agent import Turn, reply
from .sessions import Session, Sessions
from .steps import Attach, Call, Done, Drop, Fail, Heard, Kept, Message, Output, Pause, Role, Say, Show, Step

Emit = Callable[[Step, str], Awaitable[None]]
"""Sends a step of the message with this id."""

Ask = Callable[[Call], Awaitable[str]]
"""Asks the user for permission; the id of an option."""

_TITLE: Final = 4  # words, as goose does it


def prompted(sessions: Sessions, session: Session, prompt: Sequence[Kept]) -> bool:
    """Save the user's message. Whether the session got its title from it."""
    number = len(session.prompts) + 1
    message = Message(f"msg_{session.id}_{number}_0", "user", sessions.now())
    for step in prompt:
        message.add(step)
    session.messages.append(message)
    is_new = not session.title
    if is_new:
        session.title = " ".join(message.text.split()[:_TITLE])[:60] or "New session"
    sessions.save(session)
    return is_new


class Play:
    """One turn, the answer to the session's last message.

    Args:
        pace: scales the script's pauses; 0 for none.
        keep_partial: save the message that was begun when the turn is cancelled.

    Attributes:
        failed: the turn failed.
        said: characters of the reply.
    """

    def __init__(
        self, sessions: Sessions, session: Session, emit: Emit, ask: Ask, *, pace: float, keep_partial: bool
    ) -> None:
        self.failed = False
        self.said = 0
        self._sessions = sessions
        self._session = session
        self._emit = emit
        self._ask = ask
        self._pace = 0.0 if session.model == "demo-instant" else pace
        self._keep_partial = keep_partial
        self._number = len(session.prompts)
        self._made = 0
        self._message: Message | None = None

    async def run(self) -> None:
        """Until the script is over, or this is cancelled."""
        script = reply(self._turn())
        answer: str | None = None
        try:
            while True:
                try:
                    step = script.send(answer)
                except StopIteration:
                    break
                if self._session.steers and not isinstance(step, Output | Done):
                    await self._hear()
                answer = await self._do(step)
            if self._session.steers:
                await self._hear()
        except asyncio.CancelledError:
            if self._keep_partial and self._message is not None:
                self._message.steps = [step for step in self._message.steps if not isinstance(step, Call)]
                self._save()
            raise
        finally:
            script.close()
        self._save()

    async def _hear(self) -> None:
        """Take up what the user said meanwhile."""
        while self._session.steers:
            self._end_message()
            message = self._session.steers.pop(0)
            self._session.messages.append(message)
            self._sessions.save(self._session)
            await self._emit(Heard(message.text), message.id)
            said = "".join(f"> {line}\n" for line in message.text.splitlines())
            await self._do(
                Say(f"You say meanwhile:\n\n{said}\nA real goose would go on from there; I follow my script.\n\n")
            )
            self._end_message()

    def _turn(self) -> Turn:
        session = self._session
        message = session.messages[-1]
        attached = [f"a picture ({step.mime})" for step in message.steps if isinstance(step, Show)]
        attached += [f"the file {step.name}" for step in message.steps if isinstance(step, Attach)]
        return Turn(
            prompt=message.text,
            session=session.id,
            number=self._number,
            mode=session.mode,
            cwd=session.cwd,
            earlier=session.prompts[:-1],
            attached=tuple(attached),
            rules=session.rules,
        )

    async def _do(self, step: Step) -> str | None:
        match step:
            case Pause(seconds):
                await asyncio.sleep(seconds * self._pace)
            case Output():
                await self._emit(step, "")
            case Drop() | Heard():
                await self._emit(step, "")
            case _:
                await self._emit(step, self._keep(step))
        if isinstance(step, Call) and step.asks:
            answer = await self._ask(step)
            if answer.endswith("_always"):
                self._session.rules[step.tool] = answer
            return answer
        return None

    def _keep(self, step: Kept) -> str:
        """Add a step to the message it belongs to; that message's id."""
        if isinstance(step, Done):
            # Together with its call, never without: a history has no call that stays open.
            self._end_message()
            message = self._message = self._new("tool")
            message.add(step)
            self._save()
            return message.id
        if self._message is None:
            self._message = self._new("agent")
        self._message.add(step)
        self.failed = self.failed or isinstance(step, Fail)
        self.said += len(step.text) if isinstance(step, Say) else 0
        return self._message.id

    def _new(self, role: Role) -> Message:
        self._made += 1
        return Message(f"msg_{self._session.id}_{self._number}_{self._made}", role, self._sessions.now())

    def _end_message(self) -> None:
        if self._message is not None and self._message.steps:
            self._session.messages.append(self._message)
        self._message = None

    def _save(self) -> None:
        self._end_message()
        self._sessions.save(self._session)
