"""nbval compares everything in a notebook but the printouts of chats."""

from __future__ import annotations

from importlib.metadata import entry_points
from types import SimpleNamespace
from typing import Any

import goose_widget_nbval
from goose_widget.printout import to_html

PRINTOUT = {"output_type": "display_data", "data": {"text/html": to_html([]), "text/plain": "A chat"}}
ITS_PLACE = {"output_type": "display_data", "data": {"text/plain": ""}}
OTHERS = [
    {"output_type": "display_data", "data": {"text/html": "<div>a table</div>", "text/plain": "a table"}},
    {"output_type": "display_data", "data": {"text/plain": "GooseChat"}},
    {"output_type": "stream", "name": "stdout", "text": '<div class="goose-static">'},
]


class IPyNbCell:
    """As much of nbval's as the plugin touches."""

    def compare_outputs(self, test: list[Any], reference: list[Any], skip_compare: Any = None) -> Any:
        return test, reference, skip_compare


def test_printouts_are_left_out_on_both_sides() -> None:
    cell = IPyNbCell()
    goose_widget_nbval.pytest_collection_modifyitems([cell, SimpleNamespace()])
    assert cell.compare_outputs([*OTHERS, ITS_PLACE], [PRINTOUT], skip_compare=("x",)) == (OTHERS, [], ("x",))


def test_pytest_finds_it() -> None:
    (found,) = entry_points(group="pytest11", name="goose_widget_nbval")
    assert found.load() is goose_widget_nbval
