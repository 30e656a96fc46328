from __future__ import annotations

from typing import Any

import pytest

from goose_widget import events as ev
from goose_widget.transcript import Transcript, reduce

TOKENS = {"output_tokens": 100, "total_tokens": 500}
NEW = ev.Usage(0, 128000)
END = ev.TurnEnded("p", "end_turn", TOKENS)


def turn(*log: tuple[float, ev.Event]) -> Any:
    """What is told of the turn, after a prompt at 10 s and the given events at their times."""
    transcript = Transcript()
    asked = [(10.0, ev.UserMessage("u", "p")), (10.0, ev.TurnStarted("p"))]
    for seq, (time, event) in enumerate([*asked, *log], 1):
        reduce(transcript, event, seq=seq, time=time)
    told = [item["turn"] for item in transcript if item["kind"] == "agent"]
    assert all(each is None for each in told[:-1])
    return told[-1] if told else None


def test_the_last_message_tells_how_long_the_turn_took() -> None:
    log = [(10.5, ev.Thought("a")), (11.0, ev.Text("b", "m")), (12.0, ev.Text("c", "n")), (15.0, END)]
    assert turn(*log) == {"duration": 5.0, "first": 0.5, "rate": 20.0, "cost": None}


@pytest.mark.parametrize("first", [ev.Text("a"), ev.Thought("a"), ev.ToolCall("c"), ev.Content({"type": "text"})])
def test_whatever_comes_first_counts(first: ev.Event) -> None:
    assert turn((10.25, first), (11.0, ev.Text("b", "m")), (12.0, END))["first"] == 0.25


def test_the_rate_is_that_of_the_last_request() -> None:
    """goose tells the tokens of that one only, and the use of the context with it."""
    tool = [(11.0, ev.Text("a")), (12.0, ev.ToolCall("c")), (31.0, ev.ToolCall("c", status="completed"))]
    end = [(32.0, ev.Text("b", "m")), (35.0, ev.Usage(500, 128000)), (36.0, END)]
    assert turn(*tool, *end)["rate"] == 20.0
    assert turn(*tool, end[0], (35.0, ev.Usage(450, 128000)), (36.0, END))["rate"] is None  # a sum of several


@pytest.mark.parametrize(("usage", "until"), [({}, 15.0), ({"output_tokens": 0}, 15.0), (TOKENS, 10.4)])
def test_without_tokens_or_time_there_is_no_rate(usage: dict[str, int], until: float) -> None:
    assert turn((10.1, ev.Text("a")), (until, ev.TurnEnded("p", "end_turn", usage)))["rate"] is None


def cost(*usages: ev.Usage) -> Any:
    """Of the second turn, with this use told before the first, in it, before the second, in it, …"""
    transcript = Transcript()
    log: list[ev.Event] = []
    for number, usage in enumerate(usages):
        log.append(usage)
        if number % 2 == 0:
            log += [ev.UserMessage("u", f"p{number}"), ev.TurnStarted(f"p{number}"), ev.Text("a", f"m{number}")]
        else:
            log.append(ev.TurnEnded(f"p{number - 1}", "end_turn"))
    for seq, event in enumerate(log, 1):
        reduce(transcript, event, seq=seq, time=1.0)
    return [item["turn"]["cost"] for item in transcript if item["kind"] == "agent"]


def test_a_turn_costs_what_the_session_costs_more_after_it() -> None:
    one, two = ev.Usage(9, 10, "0.002950 USD"), ev.Usage(9, 10, "0.006080 USD")
    assert cost(NEW, one, one, two) == ["0.002950 USD", "0.003130 USD"]
    assert cost(one, one, one, NEW) == ["0.000000 USD", None]
    assert cost(NEW, ev.Usage(1, 2, "nan USD"), NEW, ev.Usage(1, 2, "much")) == [None, None]


def test_the_cost_is_not_known_where_that_before_is_not() -> None:
    log = [(11.0, ev.Text("a")), (11.0, ev.Usage(9, 10, "0.5 USD")), (15.0, END)]
    assert turn(*log)["cost"] is None
    assert turn((10.5, NEW), *log)["cost"] == "0.500000 USD"
    assert cost(ev.Usage(9, 10, "0.5 USD"), ev.Usage(9, 10, "0.1 USD")) == [None]


@pytest.mark.parametrize("why", ["interrupted", "unsure", "failed"])
def test_nothing_is_told_of_a_turn_whose_end_was_found_later(why: str) -> None:
    assert turn((10.5, ev.Text("a")), (99999.0, ev.TurnEnded("p", why))) is None


def test_nothing_is_told_of_history_or_of_a_turn_without_a_message() -> None:
    assert turn((10.5, ev.ToolCall("c")), (12.0, END)) is None
    assert turn((10.5, ev.Text("a")), (12.0, ev.TurnEnded("another", "end_turn"))) is None
    transcript = Transcript()
    for seq, event in enumerate([ev.UserMessage("u"), ev.Text("a"), ev.TurnEnded("", "end_turn")], 1):
        reduce(transcript, event, seq=seq, time=1.0)
    assert [item.get("turn") for item in transcript] == [None, None]


def test_a_stopped_turn_tells_its_time() -> None:
    assert turn((10.5, ev.Text("a")), (14.0, ev.TurnEnded("p", "cancelled")))["duration"] == 4.0
