"""The fixtures that the page's reducer reads (`support.wire_fixtures`) are what the kernel sends today."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from goose_widget import actions
from support import golden, wire_fixtures
from support.replica import apply, problems

FIXTURES = wire_fixtures.fixtures()
LISTS = wire_fixtures.lists()


@pytest.mark.parametrize("name", FIXTURES)
def test_the_file_is_what_the_kernel_sends(name: str) -> None:
    golden.check(wire_fixtures.FOLDER / f"{name}.json", wire_fixtures.text(FIXTURES[name]))


@pytest.mark.parametrize("name", LISTS)
def test_the_list_is_what_goes_over_the_wire(name: str) -> None:
    golden.check(wire_fixtures.FOLDER / f"{name}.json", wire_fixtures.list_text(LISTS[name]))


def test_every_action_is_there_and_understood() -> None:
    understood = [actions.decode(message) for message in wire_fixtures.ACTIONS]
    assert [type(action) for _, action in understood] == list(get_args(actions.Action))


@pytest.mark.parametrize("name", FIXTURES)
def test_the_changes_lead_to_the_items(name: str) -> None:
    fixture = json.loads((wire_fixtures.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    shown = apply([], [change for message in fixture["changes"] for change in message])
    assert shown == fixture["items"]
    assert [problems(item) for item in shown] == [[] for _ in shown]


def test_there_are_no_other_files_and_they_are_small() -> None:
    files = sorted(wire_fixtures.FOLDER.iterdir())
    assert [path.name for path in files] == sorted(f"{name}.json" for name in (*FIXTURES, *LISTS))
    assert sum(path.stat().st_size for path in files) < 100_000


def test_every_kind_of_item_and_change_is_there() -> None:
    items = [item for fixture in FIXTURES.values() for item in fixture["items"]]
    changes = [change for fixture in FIXTURES.values() for message in fixture["changes"] for change in message]
    assert {item["kind"] for item in items} == {"user", "agent", "thought", "tool", "plan", "notice"}
    assert {change["op"] for change in changes} == {"add", "append", "patch", "remove"}
