"""Full-text search over session files.

Case does not matter, and a phrase is found however its text was streamed. One file at a time is read, and of it no more
is held than a turn; of a very long one (`_HELD`) less, where a phrase is not found across the seam.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from . import events as ev
from .lines import Entry
from .session_file import SessionFile
from .sessions import Columns, as_date, html_table, text_table, title_of, when
from .transcript import Item, Transcript, reduce

HITS_PER_SESSION: Final = 3

_AROUND: Final = 40  # characters of a snippet on each side
_HELD: Final = 32 * 2**20  # characters


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a text was found.

    Attributes:
        session_id: the session's id.
        title: its title.
        when: when it was said.
        kind: what it is in: user, agent, thought, tool or title.
        snippet: the text with some of what is around it.
        item_id: the item of the transcript; "" for a title.
        path: the session's file.
        count: in how many items of this session it is, shown or not.
    """

    session_id: str
    title: str
    when: datetime
    kind: str
    snippet: str
    item_id: str
    path: Path
    count: int


class Hits(list[Hit]):
    """What was found; a table in a notebook."""

    def __repr__(self) -> str:
        return text_table(_COLUMNS, self) if self else _NOTHING

    def _repr_html_(self) -> str:
        return html_table(_COLUMNS, self) if self else _NOTHING


_NOTHING: Final = "Nothing found."
_COLUMNS: Final[Columns] = {
    "session": lambda hit: hit.session_id,
    "title": lambda hit: hit.title,
    "when": lambda hit: when(hit.when),
    "in": lambda hit: hit.kind,
    "text": lambda hit: hit.snippet,
    "found": lambda hit: str(hit.count),
}


def search(files: Iterable[SessionFile], text: str, *, limit: int = HITS_PER_SESSION) -> Hits:
    """Where a text is in prompts, replies, thoughts, titles, and in what tools are called, got and gave.

    Args:
        files: where to look; one that can't be read is passed over.
        text: what to look for; white space at its ends counts for nothing. Nothing is found for an empty one.
        limit: of hits per session, the newest; each says how many there are.

    Returns:
        The hits, the session in which something was said last first.
    """
    wanted = text.strip().casefold()
    found: list[tuple[float, list[Hit]]] = []
    for file in files if wanted else ():
        with contextlib.suppress(OSError):
            found.append(_in_file(file, wanted, limit))
    found.sort(key=lambda each: each[0], reverse=True)
    return Hits(hit for _, hits in found for hit in hits)


def _in_file(file: SessionFile, wanted: str, limit: int) -> tuple[float, list[Hit]]:
    title, prompt = "", ""
    updated = file.header.created
    count = 0
    hits: list[tuple[str, str, float, str]] = []  # kind, snippet, time, item id

    def entries() -> Iterator[Entry]:
        nonlocal title, prompt, updated
        for entry in file.read():
            updated = entry.time
            match entry.event:
                case ev.Title(new):
                    title = new or title
                case ev.UserMessage(said) if not prompt:
                    prompt = said
            yield entry

    for item in _items(entries()):
        if snippet := next(filter(None, (snippet_of(part, wanted) for part in _parts(item))), ""):
            count += 1
            hits = [*hits, (item["kind"], snippet, item.get("time") or item.get("started") or 0.0, item["id"])][-limit:]
    title = title_of(title, prompt)
    if snippet := snippet_of(title, wanted) if prompt != title else "":
        count += 1
        hits = [("title", snippet, updated, ""), *hits][:limit]
    session_id = file.header.session_id
    return updated, [
        Hit(session_id, title, as_date(time), kind, snippet, item_id, file.path, count)
        for kind, snippet, time, item_id in hits
    ]


def _items(entries: Iterable[Entry]) -> Iterator[Item]:
    """The items of a file, turn by turn."""
    transcript, held = Transcript(), 0
    for entry in entries:
        if isinstance(entry.event, ev.UserMessage) or held > _HELD:
            yield from transcript
            transcript, held = Transcript(), 0
        reduce(transcript, entry.event, seq=entry.seq, time=entry.time)
        held += _size(entry.event)
    yield from transcript


def _size(event: ev.Event) -> int:
    match event:
        case ev.Text(text) | ev.Thought(text) | ev.LiveOutput(_, text):
            return len(text)
        case ev.ToolCall() | ev.Content():
            return len(str(event))
        case _:
            return 100


def _parts(item: Item) -> Iterator[str]:
    match item["kind"]:
        case "user" | "agent" | "thought":
            yield item["text"]
        case "tool":
            yield item["title"]
            yield "\n".join(strings(item["input"]))
            yield item["output"]
            yield "\n".join(strings([{**block, "data": ""} for block in item["content"]]))  # no base64
            yield "\n".join(strings(item["result"]))


def strings(value: Any) -> Iterator[str]:
    """All that can be read in a JSON value."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from strings(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def snippet_of(text: str, wanted: str) -> str:
    """The first place of `wanted`, which is casefolded, with what is around it in one line; "" if it is not there."""
    folded = text.casefold()
    start = folded.find(wanted)
    if start < 0:
        return ""
    end = start + len(wanted)
    if len(folded) != len(text):  # ß is two letters then
        ends = list(accumulate(len(letter.casefold()) for letter in text))
        start, end = bisect_right(ends, start), bisect_right(ends, end - 1) + 1
    before, after = max(0, start - _AROUND), end + _AROUND
    line = " ".join(text[before:after].split())
    return f"{'…' * (before > 0)}{line}{'…' * (after < len(text))}"
