"""Kernels that are killed at random moments leave a file that opens, and holds everything that had been shown."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .kills import STEPS, Kill, draw, many, once, victims
from .run import experiment


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Of everything random here; printed when a test fails."""
    given = request.config.getoption("--fault-seed")
    seed = given if given is not None else random.SystemRandom().randrange(2**32)
    print(f"to repeat it: --fault-seed={seed}")
    return int(seed)


async def test_nothing_that_was_shown_is_lost_when_a_process_is_killed(
    request: pytest.FixtureRequest, seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    kills = [draw(chance) for _ in range(request.config.getoption("--kills"))]
    with experiment():
        killed = await many(kills, tmp_path, kinds=("serve", "web late", "web early"))
    assert len(killed) == len(kills)
    assert [(each.kill, finding) for each in killed for finding in each.findings] == []


async def test_each_step_of_making_a_session_file_may_be_the_last(tmp_path: Path) -> None:
    with experiment():
        killed = await many(STEPS, tmp_path, kinds=("serve",))
    assert [(each.kill, finding) for each in killed for finding in each.findings] == []
    assert any(each.shown for each in killed)


async def test_a_process_that_shows_what_it_has_not_written_is_found_out(tmp_path: Path) -> None:
    """The experiment itself: a journal that forgets what it is given."""
    with experiment():
        async with victims("goose_widget.journal.Journal.append=lambda self, entries: None") as by:
            killed = await once("serve", Kill(messages=8), by, tmp_path / "run")
    assert "loss" in {finding.kind for finding in killed.findings}
