"""What tools print and change, as plain lines for a page without scripts.

The same rules as the live page has in `js/src/ansi.ts`, `hidden.ts` and `diff.ts`.
"""

from __future__ import annotations

import difflib
import re
from typing import Final

_ESCAPES: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[ -/]*[0-~])"
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")

# Controls, blank letters, odd spaces, joiners, bidirectional marks, selectors, tags.
_HIDDEN: Final = re.compile(
    "[\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    "\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# Of how many compared lines a difference is worth its time.
_BOUND: Final = 250_000

LINES: Final = 200
CHARACTERS: Final = 20_000


def clean(text: str) -> str:
    """`text` without what no file, page or terminal wants to hold: control characters and halves of pairs."""
    return _CONTROLS.sub("", _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n")))


def terminal_text(text: str) -> str:
    """Terminal output: escape sequences are dropped, a carriage return starts its line anew (progress bars)."""
    lines = _ESCAPES.sub("", text).replace("\r\n", "\n").split("\n")
    return clean("\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines))


def revealed(text: str) -> str:
    """`text` with the characters that a reader can't see, or that change what he sees, as ⟦U+202E⟧."""
    return _HIDDEN.sub(lambda match: f"⟦U+{ord(match[0]):04X}⟧", clean(text))


def shortened(text: str, *, lines: int = LINES, characters: int = CHARACTERS) -> str:
    """The beginning and the end of a text that is longer than this, and how much was left out between."""
    rows = text.split("\n")
    if len(rows) > lines:
        half = lines // 2
        gap = f"… {len(rows) - 2 * half:,} lines are left out here …"
        text = "\n".join([*rows[:half], gap, *rows[-half:]])
    if len(text) > characters:
        half = characters // 2
        gap = f"… {len(text) - 2 * half:,} characters are left out here …"
        text = f"{text[:half]}\n{gap}\n{text[-half:]}"
    return text


def changed_lines(before: str, after: str) -> str:
    """The lines that were removed and added, with a few around them, as `diff -u` shows them."""
    a, b = before.splitlines(), after.splitlines()
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    old, new = a[head : len(a) - tail], b[head : len(b) - tail]
    if len(old) * len(new) > _BOUND:
        rows = [*(f"-{line}" for line in old), *(f"+{line}" for line in new)]
    else:
        rows = list(difflib.unified_diff(a, b, n=3, lineterm=""))[2:] if old or new else []
    return "\n".join(rows)


def _common(a: list[str], b: list[str]) -> int:
    """How many of the first lines are the same."""
    return next((index for index, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
