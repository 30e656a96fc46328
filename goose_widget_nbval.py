"""A plugin of pytest that lets nbval compare notebooks with a chat in them.

The printout of a chat, which is what a saved notebook keeps of it, has the whole conversation in the file; nbval sees
it as it was when the cell displayed the chat. So it is left out of the comparison. A module outside of the package:
pytest imports it in every run, and the package takes a while to import.
"""

from __future__ import annotations

from typing import Any

_PRINTOUT = '<div class="goose-static">'
_ITS_PLACE = {"text/plain": ""}  # until there is something to print


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Let nbval's cells compare all but the printouts."""
    for item in items:
        if type(item).__name__ == "IPyNbCell":
            item.compare_outputs = _without_printouts(item.compare_outputs)


def _without_printouts(compare: Any) -> Any:
    def compare_others(test: list[Any], reference: list[Any], *more: Any, **named: Any) -> Any:
        return compare(_others(test), _others(reference), *more, **named)

    return compare_others


def _others(outputs: list[Any]) -> list[Any]:
    return [each for each in outputs if not _is_printout(each.get("data"))]


def _is_printout(data: Any) -> bool:
    return data == _ITS_PLACE or (data is not None and str(data.get("text/html", "")).startswith(_PRINTOUT))
