"""What the agent says in the measured conversations: the same pieces each time, as a model makes them.

Some pieces are marks (`m12x`): by them a page is asked what of the text is on the screen.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import Final

WORDS: Final = (
    *("the", "average", "of", "this", "column", "is", "higher", "than", "its", "median", "because", "a", "few", "one"),
    *("outliers", "pull", "it", "up", "so", "we", "look", "at", "each", "group", "by", "itself", "and", "then", "fit"),
    *("the", "model", "again", "to", "what", "is", "left", "in", "it", "after", "that", "step", "as", "a", "test"),
)

MARK: Final = re.compile(r"m(\d+)x")


def chunks(kind: str, count: int, every: int = 50) -> list[str]:
    """`count` pieces of about 5 characters, as tokens are.

    Args:
        kind: one of `KINDS`.
        count: how many.
        every: each so many pieces one is a mark, numbered from 0.
    """
    pieces = KINDS[kind](random.Random(7))
    marks = (f"m{number}x" for number in itertools.count())
    return [next(marks) + " " if at % every == every // 2 else next(pieces) for at in range(count)]


def marks(count: int, every: int = 50) -> int:
    """How many marks are among so many pieces."""
    return len(range(every // 2, count, every))


def _words(chance: random.Random) -> Iterator[str]:
    while True:
        yield chance.choice(WORDS) + " "


def _prose(chance: random.Random) -> Iterator[str]:
    words = _words(chance)
    for number in itertools.count(1):
        if number % 6 == 1:
            yield from ("## ", "Step ", f"{number}", "\n\n")
        for _ in range(chance.randint(40, 90)):
            style = chance.random()
            if style < 0.02:
                yield from ("**", next(words).strip(), "** ")
            elif style < 0.04:
                yield from ("`", next(words).strip(), "` ")
            elif style < 0.045:
                yield from ("[", next(words).strip(), "](", "https://", "example.org", "/) ")
            else:
                yield next(words)
        yield ".\n\n"


def _code(chance: random.Random) -> Iterator[str]:
    words = _words(chance)
    yield from ("Here ", "it ", "is:\n\n", "```", "python\n")
    for number in itertools.count(1):
        yield from ("    " * chance.randint(0, 3), f"value{number}", " = ", "max(", f"{chance.randint(1, 99)}", ", ")
        yield from (next(words).strip(), ")", "  # ", next(words), next(words), "\n")


def _table(chance: random.Random) -> Iterator[str]:
    words = _words(chance)
    yield from ("| name ", "| value ", "| note |\n", "|---", "|--:", "|---|\n")
    for number in itertools.count(1):
        yield from ("| ", f"row {number}", " | ", f"{chance.random():.4f}", " | ")
        yield from (next(words), "`", next(words).strip(), "` ", next(words), "|\n")


def _list(chance: random.Random) -> Iterator[str]:
    words = _words(chance)
    while True:
        yield "  " * chance.choice((0, 0, 0, 1)) + "- "
        yield from itertools.islice(words, chance.randint(4, 16))
        yield "\n"


KINDS: Final[dict[str, Callable[[random.Random], Iterator[str]]]] = {
    "prose": _prose,
    "code": _code,
    "table": _table,
    "list": _list,
}
