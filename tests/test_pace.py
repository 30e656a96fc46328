"""When a session is committed: at once after a pause, then together; and what a computing cell gives for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from goose_widget import pace
from goose_widget.pace import SWITCH, Attention, Pace
from support.poll import eventually


class Session:
    """Counts commits; there is always something to commit, unless a test says otherwise."""

    def __init__(self) -> None:
        self.commits = 0
        self.pending = 1

    def commit(self) -> None:
        self.commits += 1


@pytest.fixture
def session() -> Any:
    return Session()


async def turns_of_the_loop() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_the_first_event_is_committed_at_once_and_those_after_it_together(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "COMMIT_EVERY", 1000.0)
    beat = Pace(session)
    beat.soon()
    await turns_of_the_loop()
    assert session.commits == 1
    for _ in range(5):
        beat.soon()
        await turns_of_the_loop()
    assert session.commits == 1
    beat.now()
    assert session.commits == 2
    await turns_of_the_loop()
    assert session.commits == 2


async def test_nothing_is_committed_where_nothing_is_pending_or_nobody_waits_any_more(session: Any) -> None:
    beat = Pace(session)
    session.pending = 0
    beat.soon()
    await turns_of_the_loop()
    session.pending = 1
    beat.soon()
    beat.cancel()
    await turns_of_the_loop()
    assert session.commits == 0


@pytest.fixture
def interval() -> Iterator[float]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield 0.005
    sys.setswitchinterval(before)


async def test_while_text_streams_other_threads_give_way_sooner_and_then_as_ever(
    interval: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "CALM", 0.05)
    attention = Attention()
    attention.ask()
    assert sys.getswitchinterval() == SWITCH
    attention.ask()
    await eventually(lambda: sys.getswitchinterval() == interval)
    attention.ask()
    assert sys.getswitchinterval() == SWITCH


async def test_what_a_user_sets_stays(interval: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "CALM", 0.0)
    attention = Attention()
    attention.ask()
    sys.setswitchinterval(0.003)
    await asyncio.sleep(0.01)
    assert sys.getswitchinterval() == 0.003
    sys.setswitchinterval(0.0005)
    attention.ask()
    assert sys.getswitchinterval() == 0.0005
    await asyncio.sleep(0.01)
    assert sys.getswitchinterval() == 0.0005


def test_a_loop_that_ended_in_mid_stream_leaves_the_next_one_its_task(
    interval: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "CALM", 0.01)
    attention = Attention()

    async def stream() -> None:
        attention.ask()

    async def stream_to_the_end() -> None:
        attention.ask()
        await eventually(lambda: sys.getswitchinterval() == interval)

    asyncio.run(stream())
    assert sys.getswitchinterval() == SWITCH
    asyncio.run(stream_to_the_end())
