"""Which faults are tried where, and many runs at a time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.goose import PATIENCE
from support.web_server import FULL_TURN

from .proxy import KINDS, Fault
from .recorded import updates_of
from .run import HANGS, Outcome, Server, against

Case = tuple[Fault, ...]

DRAWN_PROMPTS: Final = ("which is the largest?", "and the smallest?", "are you still there?")

_TOGETHER: Final = 12  # runs at a time; more only wait for each other
_LIMIT: Final = 60.0  # seconds for one run


def messages_of(kind: Server) -> int:
    """How many messages the server sends until its first reply is whole."""
    if kind.startswith("web"):
        return len(FULL_TURN)
    return 2 + len(updates_of("steps")) + 1  # the answers to the greeting, the new session and the prompt


def at(fault: str, number: int) -> Case:
    """A fault at a message; one that is there from the start meets the connection after one that was cut there."""
    return (
        (Fault("cut", number), Fault(fault, connection=2)) if fault in ("mute", "silent") else (Fault(fault, number),)
    )


def at_every_message(kind: Server, *faults: str) -> list[Case]:
    """Each of these kinds of fault at each message up to the end of the first reply."""
    return [at(fault, number) for fault in faults for number in range(1, messages_of(kind) + 1)]


def at_some_messages(kind: Server, *faults: str) -> list[Case]:
    """Each of these kinds of fault as the chat connects, at the first words, among the tools, and at the end."""
    last = messages_of(kind)
    points = sorted({1, 2, 7, last // 2, last - 8, last - 1, last})
    return [at(fault, number) for fault in faults for number in points]


INSTANT: Final = tuple(kind for kind in KINDS if kind not in HANGS)
"""Faults that nobody has to wait for."""


async def play(
    cases: Sequence[Case], run: Callable[[Case, Path], Awaitable[Outcome]], folder: Path, *, together: int = _TOGETHER
) -> list[Outcome]:
    """Run all cases, several at a time, each in a folder of its own."""
    free = asyncio.Semaphore(together)

    async def one(number: int, case: Case) -> Outcome:
        async with free:
            return await asyncio.wait_for(run(case, folder / f"{number}"), _LIMIT * PATIENCE)

    return list(await asyncio.gather(*(one(number, case) for number, case in enumerate(cases))))


async def play_against(kind: Server, cases: Sequence[Case], folder: Path) -> list[Outcome]:
    """Run all cases against a double."""
    return await play(cases, lambda case, own: against(kind, case, own), folder)


def report(outcomes: Sequence[Outcome]) -> str:
    """What was found, a line each; "" if nothing was."""
    return "\n".join(
        f"{outcome.faults}: {finding.kind}: {finding.text}" for outcome in outcomes for finding in outcome.findings
    )


# Sequences that hypothesis draws: several faults in a run, over several connections.


def sequences(kind: Server) -> st.SearchStrategy[Case]:
    """Up to five faults on up to four connections; at most one of those that somebody has to wait for."""
    fault = st.builds(
        Fault,
        kind=st.sampled_from(INSTANT),
        frame=st.integers(1, 2 * messages_of(kind)),
        connection=st.integers(1, 4),
    )
    hanging = st.builds(
        Fault,
        kind=st.sampled_from(sorted(HANGS)),
        frame=st.integers(1, messages_of(kind)),
        connection=st.integers(1, 3),
    )
    return st.builds(
        lambda faults, more: (*faults, *more), st.lists(fault, min_size=1, max_size=5), st.lists(hanging, max_size=1)
    )


def draw(kind: Server, count: int) -> list[Outcome]:
    """Run so many sequences, one after the other; the loop must not run.

    Raises:
        AssertionError: the property does not hold for one, which was made as simple as it can be.
    """
    outcomes: list[Outcome] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(sequences(kind))
    def holds(case: Case) -> None:
        with tempfile.TemporaryDirectory() as folder:
            outcome = asyncio.run(against(kind, case, Path(folder), prompts=DRAWN_PROMPTS))
        outcomes.append(outcome)
        found = report([outcome])
        assert found == "", found

    holds()
    return outcomes
