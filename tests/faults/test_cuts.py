"""A connection that is cut at any message, and every other fault: nothing is lost, doubled or kept from the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import campaign
from .campaign import Case
from .proxy import KINDS, Fault
from .run import HANGS, SERVERS, Server, against, experiment

each_server = pytest.mark.parametrize("kind", SERVERS)


@each_server
async def test_a_cut_at_any_message_of_a_turn_with_tools(kind: Server, tmp_path: Path) -> None:
    cases = campaign.at_every_message(kind, "cut", "tear")
    with experiment():
        outcomes = await campaign.play_against(kind, cases, tmp_path)
    assert [outcome.faults for outcome in outcomes] == cases  # each happened
    assert campaign.report(outcomes) == ""


@each_server
async def test_every_other_fault_that_is_over_at_once(kind: Server, tmp_path: Path) -> None:
    faults = [fault for fault in campaign.INSTANT if fault not in ("cut", "tear")]
    cases = campaign.at_some_messages(kind, *faults)
    with experiment():
        outcomes = await campaign.play_against(kind, cases, tmp_path)
    assert [outcome.faults for outcome in outcomes] == cases
    assert campaign.report(outcomes) == ""


@each_server
async def test_every_fault_in_which_nobody_answers(kind: Server, tmp_path: Path) -> None:
    cases = [(Fault("mute"),), (Fault("silent"),), *campaign.at_some_messages(kind, *sorted(HANGS))]
    with experiment(hangs=True):
        outcomes = await campaign.play_against(kind, cases, tmp_path)
    happened = {fault.kind for outcome in outcomes for fault in outcome.faults}
    assert happened >= HANGS - {"deaf"}  # a client that has nothing to say hears well enough
    assert campaign.report(outcomes) == ""


@each_server
@pytest.mark.parametrize("second", ["cut", "truncate", "close", "garbage"])
async def test_a_second_fault_while_the_history_comes_back(kind: Server, second: str, tmp_path: Path) -> None:
    """The next connection fails too: in the greeting, in the history, in what is fetched."""
    last = campaign.messages_of(kind)
    cases: list[Case] = [
        (Fault("cut", first), Fault(second, number, connection=2))
        for first in (last // 2, last - 1)
        for number in range(1, 6)
    ]
    with experiment():
        outcomes = await campaign.play_against(kind, cases, tmp_path)
    assert campaign.report(outcomes) == ""


@each_server
@pytest.mark.parametrize("damage", ["truncate", "duplicate"])
async def test_a_damaged_message_before_a_cut_makes_it_no_other_conversation(
    kind: Server, damage: str, tmp_path: Path
) -> None:
    """What the server then says of the turn is not what we have of it."""
    cases: list[Case] = [(Fault(damage, number), Fault("cut", 16)) for number in (4, 7, 8, 9)]
    with experiment():
        outcomes = await campaign.play_against(kind, cases, tmp_path)
    assert [outcome.faults for outcome in outcomes] == cases
    assert campaign.report(outcomes) == ""


async def test_a_server_that_drops_every_connection_as_it_opens(tmp_path: Path) -> None:
    with experiment():
        outcome = await against("serve", [Fault("cut", 1, connection=number) for number in range(1, 12)], tmp_path)
    assert len(outcome.faults) >= 10
    assert outcome.findings == []


def test_no_fault_is_without_a_run() -> None:
    assert set(KINDS) == HANGS | set(campaign.INSTANT)
