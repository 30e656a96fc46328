"""Sequences of faults that hypothesis draws: several in a run, over several connections."""

from __future__ import annotations

import pytest

from . import campaign
from .run import SERVERS, Server, experiment


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", SERVERS)
def test_any_sequence_of_faults(kind: Server, request: pytest.FixtureRequest) -> None:
    with experiment(hangs=True):
        campaign.draw(kind, request.config.getoption("--fault-runs"))
