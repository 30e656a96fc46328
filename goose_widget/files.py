"""Paths of the folder in which goose works, for the completion of "@"."""

from __future__ import annotations

import os
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_MOST: Final = 50
_LOOKED_AT: Final = 20_000  # entries
_PATIENCE: Final = 1.0  # seconds
_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "site-packages"})
_NEVER: Final = frozenset({".git", ".venv", ".goose"})


def matching(folder: Path, query: str, *, clock: Callable[[], float] = time.monotonic) -> list[str]:
    """Paths in `folder` that match `query`, the best first, at most 50: relative, with "/"; folders end with one.

    Of a large folder only what can be looked at within a second, the upper levels first. Hidden ones only if the query
    asks for them with a dot, links to folders not at all.

    Args:
        folder: where to look.
        query: what the path holds, in any case; its letters in their order are enough.
        clock: seconds that pass.
    """
    wanted = query.casefold().removeprefix("./")
    hidden = any(part.startswith(".") for part in wanted.split("/"))
    ranked = [
        (rank, path.rstrip("/").count("/"), len(path), path)
        for path in _walk(folder, hidden=hidden, end=clock() + _PATIENCE, clock=clock)
        if (rank := _rank(path.casefold(), wanted)) is not None
    ]
    return [path for *_, path in sorted(ranked)[:_MOST]]


def _rank(path: str, wanted: str) -> int | None:
    """How well a path matches, 0 best; None if it does not."""
    name = path.rstrip("/").rpartition("/")[2]
    if name.startswith(wanted):
        return 0
    if wanted in name:
        return 1
    if wanted in path:
        return 2
    letters = iter(path)
    return 3 if all(letter in letters for letter in wanted) else None


def _walk(folder: Path, *, hidden: bool, end: float, clock: Callable[[], float]) -> Iterator[str]:
    level, seen = [""], 0
    while level:
        below: list[str] = []
        for parent in level:
            try:
                with os.scandir(folder / parent) as entries:
                    for entry in entries:
                        seen += 1
                        if seen > _LOOKED_AT or clock() > end:
                            return
                        name = entry.name
                        if name in _NEVER or name in _SKIPPED or not _is_plain(name):
                            continue
                        if name.startswith(".") and not hidden:
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            below.append(f"{parent}{name}/")
                            yield below[-1]
                        elif _is_file(entry, folder):
                            yield f"{parent}{name}"
            except OSError:
                continue  # not ours to read, or gone
        level = below


def _is_file(entry: os.DirEntry[str], folder: Path) -> bool:
    """Whether it is a file in the folder: a link must not lead out of it."""
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    target = Path(os.path.realpath(entry.path))
    return target.is_file() and target.is_relative_to(os.path.realpath(folder))


def _is_plain(name: str) -> bool:
    """Whether all of a name can be seen and written."""
    return not any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in name)
