"""Find in the chat: in which items a text is, also in those that no page holds.

Case does not matter, nor does how white space is laid out. In what goose says, marks of Markdown between the words do
not matter either: a page shows none of them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from .search import snippet_of, strings
from .transcript import Item

MOST: Final = 1000
"""Items that are listed at most."""

_PATIENCE: Final = 5.0  # seconds
_MARKS: Final = re.compile(r"\]\([^)\s]*\)|[*_`~[\]]+")


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a text was found.

    Attributes:
        hits: of each item, oldest first, its id, how often the text is in it, and the first place with what is around.
        is_whole: False if there may be more in older items.
    """

    hits: list[dict[str, Any]]
    is_whole: bool


def find(pages: Iterable[list[Item]], query: str, *, most: int = MOST, patience: float = _PATIENCE) -> Finding:
    """Look through a conversation.

    Args:
        pages: its items, each page in order, the newest page first.
        query: what to look for; white space at its ends counts for nothing. Nothing is found for an empty one.
        most: of items; the newest are told.
        patience: seconds after which the rest, which is older, is left out.
    """
    wanted = " ".join(query.casefold().split())
    deadline = time.monotonic() + patience
    hits: list[dict[str, Any]] = []
    for page in pages if wanted else ():
        if time.monotonic() > deadline:
            return Finding(hits[::-1], is_whole=False)
        for item in reversed(page):
            if (hit := _hit(item, wanted)) is None:
                continue
            if len(hits) == most:
                return Finding(hits[::-1], is_whole=False)
            hits.append(hit)
    return Finding(hits[::-1], is_whole=True)


def _hit(item: Item, wanted: str) -> dict[str, Any] | None:
    count, snippet = 0, ""
    for text in _shown(item):
        if found := _count(text, wanted, item["kind"] == "agent"):
            count += found
            snippet = snippet or snippet_of(text, wanted) or _line(text)
    if count == 0 and item["kind"] == "tool":
        # A page leaves it out where it says the same as the rest, so its places are not counted.
        for text in strings(item["result"]):
            if _count(text, wanted):
                return {"id": item["id"], "count": 1, "snippet": snippet_of(text, wanted) or _line(text)}
    return {"id": item["id"], "count": count, "snippet": snippet} if count else None


def _count(text: str, wanted: str, is_markdown: bool = False) -> int:
    folded = text.casefold()
    count = folded.count(wanted)
    if count or " " not in wanted:
        return count
    if is_markdown:
        folded = _MARKS.sub("", folded)
    return " ".join(folded.split()).count(wanted)


def _line(text: str) -> str:
    """The beginning, where the place itself can't be told."""
    line = " ".join(text[:80].split())
    return f"{line}…" if len(text) > 80 else line


def _shown(item: Item) -> Iterator[str]:
    """The texts that a page shows of an item."""
    match item["kind"]:
        case "plan":
            yield from (entry["content"] for entry in item["entries"])
            return
        case "notice":
            yield item["text"]
            yield item["detail"]
            return
        case "tool":
            yield item["title"]
            yield from strings(item["input"])
            yield item["output"]
        case _:
            yield item["text"]
    said = item.get("output", "").strip()
    for block in item.get("content", ()):
        if block["type"] == "text" and said and block["text"].strip() == said:
            continue  # goose's shell sends its output live, then once more
        yield from strings([value for name, value in block.items() if name not in ("type", "mime", "data")])
