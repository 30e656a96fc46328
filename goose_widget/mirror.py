"""`Chat.items`: the transcript as one list that grows, for observers.

Kept up at item boundaries at once and twice a second while text streams, at a cost that depends on what changed only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from .reply import with_text
from .transcript import Add, Append, Change, Item, Patch

REFRESH_EVERY: Final = 0.5
"""Seconds between two refreshes of an item that streams."""


class Mirror:
    """Keeps `items` up with a transcript.

    Args:
        items: the list to keep; only this object changes it.
        current: the item of an id, as it is now.
        tell: called after the list changed.
    """

    def __init__(self, items: list[Item], current: Callable[[str], Item], tell: Callable[[], None]) -> None:
        self._items, self._current, self._tell = items, current, tell
        self._position: dict[str, int] = {}
        self._grown: set[str] = set()  # ids of items whose text in the list is behind
        self._timer: asyncio.TimerHandle | None = None

    def reset(self, items: Iterable[Item]) -> None:
        """Begin anew with `items`."""
        self._items[:] = [with_text(item) for item in items]
        self._position = {item["id"]: index for index, item in enumerate(self._items)}
        self._grown.clear()
        self._tell()

    def apply(self, changes: list[Change]) -> None:
        """The transcript changed; called on the loop's thread."""
        at_boundary = False
        for change in changes:
            match change:
                case Add(item):
                    self._position[item["id"]] = len(self._items)
                    self._items.append(with_text(self._current(item["id"])))
                    at_boundary = True
                case Patch(item_id):
                    self._grown.add(item_id)
                    at_boundary = True
                case Append(item_id):
                    self._grown.add(item_id)
        if at_boundary:
            self._refresh()
        elif self._grown and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(REFRESH_EVERY, self._refresh)

    def _refresh(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for item_id in self._grown:
            self._items[self._position[item_id]] = with_text(self._current(item_id))
        self._grown.clear()
        self._tell()
