"""When a session is committed: at once after a pause, then together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from goose_widget import pace
from goose_widget.pace import Pace


class Session:
    """Counts commits; there is always something to commit, unless a test says otherwise."""

    def __init__(self) -> None:
        self.commits = 0
        self.pending = True

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
    session.pending = False
    beat.soon()
    await turns_of_the_loop()
    session.pending = True
    beat.soon()
    beat.cancel()
    await turns_of_the_loop()
    assert session.commits == 0
