"""A recording in place of a server: the same prompts in the same order get the same events.

`Script` is the `Speaker`: no I/O, it compares prompts and turns lines into events. `Player` is what `Client` is for a
server: it hands the lines to the session, with the pauses of the recording. Between them go JSON lines: an entry of the
session file is an object; an array is an order of the script (`["turn", 0]`), which the player carries out and hands
back, for the script to say what follows from it.

- A prompt that differs from the recorded one, in a single character, ends its turn as failed; the place in the
  recording stays. Attachments are not compared.
- Questions are answered as they were answered then. Nothing is run, written or sent.
- Pauses are the recorded ones; only a person who had to answer a question is not waited for again.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import json
import logging
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from . import errors
from . import events as ev
from .events import Event
from .loop import within
from .pace import Pace
from .protocol import Configured, Got, Greeted, Incoming, Opened, OpenTurn, Outgoing, Signal
from .protocol.requests import Declined, Request
from .recording import Recording, Turn
from .session import Session
from .store import Entry

log = logging.getLogger(__name__)

USER_PAUSE: Final = 1.0
"""Seconds of the recording that a question stays open at most."""

_SHORT: Final = 200  # characters of a prompt that is shown in a sentence


def pauses(turn: Turn, speed: float) -> list[float]:
    """Seconds to wait before each entry of a turn's body.

    Args:
        turn: the turn.
        speed: by which the recorded times are divided; `math.inf` for no pauses.
    """
    result: list[float] = []
    before = turn.asked.time
    questions: set[str] = set()
    patience = USER_PAUSE
    for entry in turn.body:
        gap = entry.time - before
        gap = gap if math.isfinite(gap) and gap > 0 else 0.0  # clocks are set back
        if questions:
            gap = min(gap, patience)
            patience -= gap
        result.append(gap / speed)
        before = entry.time
        match entry.event:
            case ev.PermissionAsked(request_id):
                questions.add(request_id)
            case ev.PermissionAnswered(request_id):
                questions.discard(request_id)
        if not questions:
            patience = USER_PAUSE
    return result


def difference(sent: str, recorded: str) -> str:
    """Both texts, in a sentence or as a diff."""
    if _is_short(sent) and _is_short(recorded):
        return f"Recorded was {recorded!r}, sent was {sent!r}."
    return "\n".join(difflib.unified_diff(recorded.split("\n"), sent.split("\n"), "recorded", "sent", lineterm="", n=2))


def _is_short(text: str) -> bool:
    return len(text) <= _SHORT and "\n" not in text


class Script:
    """A recording as the other side of a connection.

    Args:
        recording: what is replayed.

    Attributes:
        refused: ids of prompts that were not the recorded ones.
    """

    finishes_alone = False
    decides_itself = True

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._next = 0  # the turn whose prompt comes next
        self._turn: Turn | None = None  # that is played
        self._names = ("", "")  # what the last played turn's prompt was called, and is called now
        self._cancelled = False
        self._questions: dict[str, None] = {}
        self._outbox: list[Outgoing] = []
        self.refused: set[str] = set()

    @property
    def is_playing(self) -> bool:
        """Whether a turn has begun and not ended."""
        return self._turn is not None

    # What we say.

    def take_outbox(self) -> list[Outgoing]:
        """The orders to the player, oldest first."""
        orders, self._outbox = self._outbox, []
        return orders

    def greet(self) -> None:
        """Begin; answered by `Greeted`."""
        self._turn = None
        self._order("greet")

    def new_session(self, cwd: str) -> None:
        """Play what was said before the first prompt; answered by `Opened`."""
        self._order("open")

    def load_session(self, session_id: str, cwd: str, turn: OpenTurn | None = None, *, tail: int = 0) -> None:
        """Go on; answered by `Opened`."""
        self._order("open")

    def prompt(self, prompt_id: str, text: str, content: tuple[ev.Block, ...] = ()) -> None:
        """Play the next turn, if this is its prompt; it ends with `TurnEnded(prompt_id)`."""
        turns = self._recording.turns
        if self._next < len(turns) and text == turns[self._next].text:
            self._turn, self._cancelled = turns[self._next], False
            self._names = (self._turn.prompt_id, prompt_id)
            self._questions.clear()
            self._order("turn", self._next)
            self._next += 1
            return
        session_id = self._recording.header.session_id
        if self._next < len(turns):
            what = f"This is not prompt {self._next + 1} of {len(turns)} in the recording {session_id}."
            texts = difference(text, turns[self._next].text)
            advice = "Send the recorded prompt, or make the recording anew."
        else:
            count = "1 prompt" if len(turns) == 1 else f"{len(turns)} prompts"
            what = f"The recording {session_id} has {count}, and this is one more."
            texts = f"Sent was {text!r}." if _is_short(text) else text
            advice = "To have a reply to it too, make the recording anew."
        self.refused.add(prompt_id)
        space = "\n\n" if "\n" in texts or not _is_short(text) else " "
        self._order("end", prompt_id, "failed", space.join((what, texts, advice)))

    def steer(self, prompt_id: str, text: str) -> None:
        """Nothing: a recording goes its way, and never says that it can be steered."""

    def cancel(self) -> list[str]:
        """End the turn here. Returns the questions that were open."""
        if self._turn is None or self._cancelled:
            return []
        self._cancelled = True
        self._order("end", self._names[1], "cancelled", "")
        questions = list(self._questions)
        self._questions.clear()
        return questions

    def hang_up(self) -> list[Event]:
        """Nothing: what was played was told when it came."""
        return []

    def answer(self, request_id: str, option_id: str | None) -> bool:
        """Refuse: a recorded question has its answer.

        Raises:
            UsageError: with a text for who wanted to answer it.
        """
        if option_id is None:
            return False
        events = [entry.event for entry in self._turn.body] if self._turn is not None else []
        answers = [each for each in events if isinstance(each, ev.PermissionAnswered) and each.request_id == request_id]
        how = f"with {answers[0].option_id!r}" if answers and answers[0].option_id is not None else "by nobody"
        raise errors.UsageError(f"This is a recording: the question was answered {how} when it was made.")

    def set(self, setting: str, value: str) -> None:
        """Take `mode` or `model`, for what it is worth; answered by `Configured`."""
        self._order("set", setting, value)

    def request(self, ticket: str, request: Request) -> None:
        """Decline: a recording keeps no sessions."""
        self._order("decline", ticket)

    def _order(self, *order: str | int) -> None:
        self._outbox.append(json.dumps(order))

    # What we hear.

    def receive(self, said: Incoming) -> list[Event | Signal]:
        """What an entry or an order that was carried out comes to."""
        assert not isinstance(said, Got), "nothing was asked by HTTP"
        return list(self._heard(said))

    def _heard(self, line: str | bytes) -> Iterator[Event | Signal]:
        match json.loads(line):
            case dict() as record:
                yield from self._replayed(ev.from_json(record))
            case ["greet"]:
                agent = f"a recording of {self._recording.header.agent or 'goose'}"
                yield Greeted(agent, "", can_load=True, accepts=("image", "file"))
            case ["open"]:
                yield Opened(self._recording.header.session_id, loaded=False)
            case ["set", str(setting), str(value)]:
                yield Configured(setting, value)
            case ["decline", str(ticket)]:
                yield Declined(ticket, "this is a recording", offered=False)
            case ["end", str(prompt_id), str(stop_reason), str(error)]:
                self._turn = None
                yield ev.TurnEnded(prompt_id, stop_reason, {}, error)

    def _replayed(self, event: Event) -> Iterator[Event]:
        """The event, with the prompt's new name for its old one."""
        match event:
            case ev.TurnStarted():
                return  # the session says it
            case ev.TurnEnded(prompt_id) if prompt_id == self._names[0]:
                self._turn = None
                event = replace(event, prompt_id=self._names[1])
            case ev.PermissionAsked(request_id):
                self._questions[request_id] = None
            case ev.PermissionAnswered(request_id):
                self._questions.pop(request_id, None)
        yield event


class Player:
    """Plays a recording to a session; outside it is a `Client`.

    Args:
        session: who gets it.
        recording: what is played.
        speed: by which the recorded pauses are divided; `math.inf` for none.
    """

    def __init__(self, session: Session, recording: Recording, speed: float) -> None:
        self._session, self._recording, self._speed = session, recording, speed
        self._script = Script(recording)
        self._pace = Pace(session)
        self._orders: deque[Outgoing] = deque()
        self._opening = recording.opening
        self._reel: deque[tuple[float, str]] = deque()  # what is to come of the turn, each with the pause before it
        self._tail: tuple[Entry, ...] = ()
        self._due = 0.0  # when the next of it comes
        self._news = asyncio.Event()  # there are orders
        self._wake = asyncio.Event()  # go on after a failure

    def retry(self) -> None:
        """Go on, because the user said so."""
        self._wake.set()
        if self._session.facts.problem is not None:
            self._session.connecting()

    def stop_turn(self) -> None:
        """Cancel the running turn."""
        self._session.stop()

    def has_refused(self, prompt_id: str) -> bool:
        """Whether a prompt was not the recorded one."""
        return prompt_id in self._script.refused

    async def run(self) -> None:
        """Play what is asked for, until cancelled."""
        try:
            while True:
                self._session.connecting()
                try:
                    try:
                        self._session.connected(self._script, self._take)
                        await self._play()
                    finally:
                        self._orders.clear()
                        self._reel.clear()
                        self._tail = ()
                        self._session.disconnected("the replay failed")
                except Exception as error:
                    log.exception("the replay failed in an unforeseen way")
                    self._session.fail(errors.InternalError(error))
                    self._wake.clear()
                    await self._wake.wait()
        finally:
            self._pace.cancel()

    def _take(self, orders: list[Outgoing]) -> None:
        self._orders += orders
        self._news.set()

    async def _play(self) -> None:
        while True:
            await self._until_next()
            if self._orders:
                self._obey(str(self._orders.popleft()))
            else:
                self._hand(self._reel.popleft()[1])
                self._due += self._reel[0][0] if self._reel else 0.0

    async def _until_next(self) -> None:
        """Wait for an order, or until something of the turn is due."""
        self._news.clear()
        left = self._due - asyncio.get_running_loop().time()
        if self._orders:
            return
        if not self._reel:
            await self._news.wait()
        elif left > 0:
            with contextlib.suppress(asyncio.TimeoutError):
                await within(left, self._news.wait())
        else:
            await asyncio.sleep(0)  # others have something to do too

    def _obey(self, order: str) -> None:
        match json.loads(order):
            case ["turn", int(number)]:
                turn = self._recording.turns[number]
                lines = [_line(entry) for entry in turn.body]
                self._reel = deque(zip(pauses(turn, self._speed), lines, strict=True))
                self._tail = turn.tail
                self._due = asyncio.get_running_loop().time() + self._reel[0][0]
                return
            case ["open"]:
                opening, self._opening = self._opening, ()
                for entry in opening:
                    self._session.feed(_line(entry))
            case ["end", *_]:
                self._reel.clear()
        self._hand(order)

    def _hand(self, line: str) -> None:
        self._session.feed(line)
        if self._script.is_playing:
            self._pace.soon()
            return
        self._pace.now()  # a reply has nothing of the tail
        tail, self._tail = self._tail, ()
        for entry in tail:
            self._session.feed(_line(entry))
        self._pace.now()


def _line(entry: Entry) -> str:
    return json.dumps({**ev.to_json(entry.event), "seq": entry.seq, "time": entry.time}, default=str)
