"""The log of a conversation in this process: every event gets its number, is written, and is reduced to the transcript.

The file, this transcript and the browser's are three replicas of one log. Appending is for the background thread;
reading is for any: a page that loads takes its keyframe on whatever thread the front end is served.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from . import events as ev
from .journal import Journal
from .store import Entry
from .transcript import Change, Item, Transcript, merge, reduce

T = TypeVar("T")

# Commits that a page which missed some can still get one by one; after that it gets the whole transcript.
_RECENT_COMMITS: Final = 512


class Log:
    """Numbered entries and what they add up to.

    Args:
        journal: writes them down.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._transcript = Transcript()
        self._seq = 0
        self._recent: deque[tuple[int, list[Change]]] = deque(maxlen=_RECENT_COMMITS)

    def append(self, events: list[ev.Event]) -> tuple[int, list[Change], list[Entry]]:
        """Write `events`, then apply them. Returns the number before them, what changed, and the entries."""
        now, before = round(time.time(), 3), self._seq  # to the precision of the file
        entries = [Entry(before + number, now, event) for number, event in enumerate(events, 1)]
        self._journal.append(entries)
        with self._lock:
            changes = merge(self._reduce(entries))
            self._recent.append((before, changes))
        return before, changes, entries

    def restore(self, entries: Iterable[Entry]) -> None:
        """Begin anew with the entries of a file."""
        with self._lock:
            self._transcript = Transcript()
            self._recent.clear()
            self._reduce(entries)

    def _reduce(self, entries: Iterable[Entry]) -> list[Change]:
        changes: list[Change] = []
        for entry in entries:
            changes += reduce(self._transcript, entry.event, seq=entry.seq, time=entry.time)
            self._seq = entry.seq
        return changes

    # Reading.

    @property
    def seq(self) -> int:
        """The number of the last entry; 0 if there is none."""
        return self._seq

    def snapshot(self) -> tuple[int, list[Item]]:
        """The number of the last entry, and all items as they are then."""
        with self._lock:
            return self._seq, list(self._transcript)

    def since(self, have: int) -> tuple[int, list[Change]] | None:
        """The number of the last entry, and the changes that lead there from `have`; None if those are not kept."""
        with self._lock:
            if have == self._seq:
                return have, []
            kept = [(before, changes) for before, changes in self._recent if before >= have]
            if not kept or kept[0][0] != have:
                return None
            return self._seq, merge(change for _, changes in kept for change in changes)

    def read(self, question: Callable[[Transcript], T]) -> T:
        """The transcript's answer to `question`, undisturbed."""
        with self._lock:
            return question(self._transcript)

    def item(self, item_id: str) -> Item:
        """An item as it is now."""
        return self.read(lambda transcript: transcript.item(item_id))

    def tool_of(self, request_id: str) -> Item | None:
        """The tool item in which a permission is asked."""
        return self.read(lambda transcript: transcript.tool_of(request_id))

    def turn(self, prompt_id: str) -> list[Item]:
        """The items of a turn, its prompt first, and what came after it."""

        def items(transcript: Transcript) -> list[Item]:
            item_id = transcript.prompt_item(prompt_id)
            return transcript.since(item_id) if item_id is not None else []

        return self.read(items)
