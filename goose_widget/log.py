"""The log of a conversation in this process: every event gets its number, is written, and is reduced to the transcript.

The file, this transcript and the browser's are three replicas of one log. Appending is for the background thread;
reading is for any: a page that loads takes its keyframe on whatever thread the front end is served.
"""

from __future__ import annotations

import contextlib
import gc
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from . import events as ev
from .journal import Journal
from .store import Entry, SessionFile
from .transcript import Change, Item, Transcript, merge, reduce

T = TypeVar("T")

# Commits that a page which missed some can still get one by one; after that it gets the whole transcript.
_RECENT_COMMITS: Final = 512

# What a page gets at once; it asks for what is older when somebody looks for it.
_WINDOW_ITEMS: Final = 300
_WINDOW_CHARACTERS: Final = 2_000_000

# Who looks through all of it lets others in between.
_PAGE_ITEMS: Final = 200

# What the facts around the transcript are made of.
_FACTS: Final = (
    *(ev.Title, ev.Mode, ev.Model, ev.Usage, ev.TurnStarted, ev.TurnEnded),
    *(ev.Queued, ev.QueueEdited, ev.Unqueued),
)
# Of turns that are over nothing else counts.
_FACT_KINDS: Final = ("title", "mode", "model", "usage", "notice", "queued", "queue_edited", "unqueued")

_LONG: Final = 8 * 2**20  # bytes of a file that is read from its end first
_NEWEST: Final = 2 * 2**20  # … and of its end that is


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file adds up to.

    Attributes:
        transcript: its items; whoever adopts it owns it.
        seq: the number of its last entry; 0 if there is none.
        facts: of its entries those that tell a title, a mode, a model, usage, the start or end of a turn, what waits
            to be sent, or a notice that is not given twice; oldest first.
        damage: what to tell of lines that could not be read; None if there were none.
        is_whole: whether the transcript begins with the file's first entry.
    """

    transcript: Transcript
    seq: int
    facts: tuple[Entry, ...]
    damage: ev.Notice | None
    is_whole: bool = True


def load(file: SessionFile) -> Loaded:
    """Read a file, on any thread: a long one takes a second.

    Raises:
        OSError: it can't be read.
    """
    transcript = Transcript()
    facts: list[Entry] = []
    with _uncollected():
        for entry in file.read():
            event = entry.event
            reduce(transcript, event, seq=entry.seq, time=entry.time)
            if _is_fact(event):
                facts.append(entry)
    return Loaded(transcript, file.last_seq, tuple(facts), file.damage())


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for garbage, which goes through all that is read, again and again: half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_newest(file: SessionFile) -> Loaded:
    """As `load`, but of a long file only the newest turns, which takes a tenth of a second. `Log.complete` it then.

    Raises:
        OSError: it can't be read.
    """
    entries = file.newest(_NEWEST) if file.path.stat().st_size > _LONG else None
    if not entries:
        return load(file)
    transcript = Transcript()
    for entry in entries:
        reduce(transcript, entry.event, seq=entry.seq, time=entry.time)
    before = [entry for entry in file.facts(_FACT_KINDS) if entry.seq < entries[0].seq]
    facts = [entry for entry in [*before, *entries] if _is_fact(entry.event)]
    return Loaded(transcript, entries[-1].seq, tuple(facts), None, is_whole=False)


def _is_fact(event: ev.Event) -> bool:
    return isinstance(event, _FACTS) or (isinstance(event, ev.Notice) and event.once)


class Log:
    """Numbered entries and what they add up to.

    Args:
        journal: writes them down.

    Attributes:
        id: of what is in it, random: a page that knows another one lacks something of this. A file that is read makes a
            new one; if it is the same conversation's, only what is behind the slash is new.
    """

    def __init__(self, journal: Journal) -> None:
        self.id = secrets.token_hex(8)
        self._journal = journal
        self._lock = threading.Lock()
        self._transcript = Transcript()
        self._seq = 0
        self._is_whole = True
        self._since: list[Entry] | None = None  # what came since a file is read, where that takes a while
        self._recent: deque[tuple[int, list[Change]]] = deque(maxlen=_RECENT_COMMITS)

    def append(self, events: list[ev.Event]) -> tuple[int, list[Change], list[Entry]]:
        """Write `events`, then apply them. Returns the number before them, what changed, and the entries."""
        now, before = round(time.time(), 3), self._seq  # to the precision of the file
        entries = [Entry(before + number, now, event) for number, event in enumerate(events, 1)]
        self._journal.append(entries)
        with self._lock:
            if self._since is not None:
                self._since += entries
            changes = merge(self._reduce(entries))
            self._recent.append((before, changes))
        return before, changes, entries

    def restore(self, entries: Iterable[Entry]) -> None:
        """Begin anew with the entries of a file."""
        with self._lock:
            self._begin(Transcript())
            self._reduce(entries)

    def adopt(self, loaded: Loaded) -> None:
        """Begin anew with what a file adds up to."""
        with self._lock:
            self._begin(loaded.transcript)
            self._seq, self._is_whole = loaded.seq, loaded.is_whole
            self._since = None if loaded.is_whole else []

    def complete(self, loaded: Loaded) -> None:
        """Put the whole conversation, as it was in the file at some time since, in the place of its newest turns."""
        with self._lock:
            since, self._since = self._since or [], None
            conversation = self.id.partition("/")[0]
            self._begin(loaded.transcript)
            self.id = f"{conversation}/{self.id}"
            self._reduce(entry for entry in since if entry.seq > loaded.seq)
            self._is_whole = True

    def _begin(self, transcript: Transcript) -> None:
        self.id = secrets.token_hex(8)
        self._transcript = transcript
        self._recent.clear()

    @property
    def is_whole(self) -> bool:
        """Whether the transcript begins with the first entry."""
        return self._is_whole

    def hold(self) -> None:
        """Write nothing until `release`: the file is written anew meanwhile. Only of a whole log.

        Raises:
            UsageError: it is held already.
        """
        self._journal.hold()
        self._since = []

    def caught_up(self, loaded: Loaded) -> Loaded:
        """What the file adds up to, with what came since `hold`: to be adopted before anything else comes."""
        since = self._since or []
        for entry in since:
            reduce(loaded.transcript, entry.event, seq=entry.seq, time=entry.time)
        facts = tuple(entry for entry in since if _is_fact(entry.event))
        return replace(loaded, seq=max(loaded.seq, self._seq), facts=(*loaded.facts, *facts))  # no number comes twice

    def release(self) -> None:
        """Write what came since `hold`, and from now on."""
        self._since = None
        self._journal.release()

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

    def window(self) -> tuple[int, list[Item], int]:
        """The number of the last entry, the newest items as they are then, and how many older ones there are.

        At most 300 items, and at most about 2 MB of them as JSON, but one at least if there are any.
        """
        with self._lock:
            return self._seq, *_window(self._transcript, self._transcript.ids())

    def before(self, item_id: str) -> tuple[list[Item], int]:
        """The window before an item, and how many older ones there are; nothing before an item that there is not."""
        with self._lock:
            ids = self._transcript.ids()
            return _window(self._transcript, ids[: ids.index(item_id)] if item_id in ids else [])

    def around(self, item_id: str) -> tuple[list[Item], int, int]:
        """A window with an item in its middle, and how many older and newer ones there are; empty without the item."""
        with self._lock:
            ids = self._transcript.ids()
            if item_id not in ids:
                return [], 0, 0
            at = ids.index(item_id) + 1
            until, earlier = _window(self._transcript, ids[:at], 2)
            after, later = _window(self._transcript, ids[: at - 1 : -1], 2)
            return until + after[::-1], earlier, later

    def pages(self) -> Iterator[list[Item]]:
        """All items, some at a time, the newest first, each page as it is when it is its turn.

        It ends early when another conversation takes the place of this one.
        """
        log_id, ids = self.id, self.read(Transcript.ids)
        while ids:
            with self._lock:
                if self.id != log_id:
                    return
                page = [self._transcript.item(item_id) for item_id in ids[-_PAGE_ITEMS:]]
            del ids[-_PAGE_ITEMS:]
            yield page

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


def _window(transcript: Transcript, ids: list[str], parts: int = 1) -> tuple[list[Item], int]:
    """The last of `ids`, as many as fit into one of so many parts of a window, and how many there are before them."""
    items: list[Item] = []
    room = _WINDOW_CHARACTERS // parts
    for item_id in reversed(ids[-_WINDOW_ITEMS // parts :]):
        item = transcript.item(item_id)
        room -= len(json.dumps(item, ensure_ascii=False, default=str))
        if room < 0 and items:
            break
        items.append(item)
    return items[::-1], len(ids) - len(items)
