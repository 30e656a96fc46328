"""Sequences of faults that hypothesis draws: several in a run, over several connections."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import campaign
from .campaign import Case
from .proxy import Fault
from .run import HANGS, SERVERS, Server, against, experiment

PROMPTS = ("which is the largest?", "and the smallest?", "are you still there?")


def cases(kind: Server) -> st.SearchStrategy[Case]:
    """Up to five faults on up to four connections; at most one of those that somebody has to wait for."""
    fault = st.builds(
        Fault,
        kind=st.sampled_from(campaign.INSTANT),
        frame=st.integers(1, 2 * campaign.messages_of(kind)),
        connection=st.integers(1, 4),
    )
    hanging = st.builds(
        Fault,
        kind=st.sampled_from(sorted(HANGS)),
        frame=st.integers(1, campaign.messages_of(kind)),
        connection=st.integers(1, 3),
    )
    return st.builds(
        lambda faults, more: (*faults, *more), st.lists(fault, min_size=1, max_size=5), st.lists(hanging, max_size=1)
    )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", SERVERS)
def test_any_sequence_of_faults(kind: Server, request: pytest.FixtureRequest) -> None:
    @settings(
        max_examples=request.config.getoption("--fault-runs"),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(cases(kind))
    def holds(case: Case) -> None:
        with tempfile.TemporaryDirectory() as folder:
            outcome = asyncio.run(against(kind, case, Path(folder), prompts=PROMPTS))
        assert campaign.report([outcome]) == ""

    with experiment(hangs=True):
        holds()
