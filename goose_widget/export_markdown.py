"""A conversation as Markdown, and as a notebook whose code cells are the Python blocks of the agent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from .entries import (
    Address,
    Code,
    Fold,
    Line,
    Part,
    Picture,
    Prose,
    Quote,
    Tasks,
    parts_of,
    speaker_of,
    too_large,
)
from .markdown import LONGEST, is_link
from .plain import clean, revealed
from .tame import fence, fences, plain, tame
from .transcript import Item

_PICTURE: Final = 1_500_000  # characters of one picture: more than editors like in a line
_PYTHON: Final = ("python", "py", "python3", "ipython", "ipython3")


def to_markdown(items: list[Item], *, title: str, facts: str) -> str:
    """The conversation as a Markdown file.

    Args:
        items: of the transcript.
        title: its heading.
        facts: the line below that.
    """
    written, speaker = [_head(title, facts)], ""
    for item in items:
        who, parts = speaker_of(item), [_written(part) for part in parts_of(item)]
        if parts and (who == "You" or who != speaker):
            written.append(f"## {who}\n")
            speaker = who
        written += parts
    return "\n".join(written)


def to_notebook(items: list[Item], *, title: str, facts: str) -> str:
    """The conversation as a notebook: prompts and prose are Markdown cells, Python blocks are code cells, not run.

    Args:
        items, title, facts: as for `to_markdown`.
    """
    cells: list[dict[str, Any]] = []
    prose, speaker = [_head(title, facts)], ""

    def add(kind: str, source: str) -> None:
        more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
        cells.append(
            {"cell_type": kind, "id": f"cell-{len(cells) + 1}", "metadata": {}, "source": source.strip("\n"), **more}
        )

    def close() -> None:
        if prose:
            add("markdown", "\n".join(prose))
            prose.clear()

    for item in items:
        who, parts = speaker_of(item), parts_of(item)
        if parts and (who == "You" or who != speaker):
            close()
            prose.append(f"## {who}\n")
            speaker = who
        for part in parts:
            for code, text in _pieces(part):
                if code:
                    close()
                    add("code", text)
                else:
                    prose.append(text)
    close()
    python = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": python, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _pieces(part: Part) -> Iterator[tuple[bool, str]]:
    """A part as Markdown, the Python in the agent's by itself: whether a piece is that, and the piece."""
    if not isinstance(part, Prose) or len(part.text) > LONGEST:
        yield False, _written(part)
        return
    for language, text in fences(part.text):
        if language is None:
            yield False, _written(Prose(text))
        elif language.partition(" ")[0].lower() in _PYTHON:
            yield True, text
        else:
            yield False, fence(text, re.sub(r"[^\w+#.-]", "", language.partition(" ")[0]))


def _head(title: str, facts: str) -> str:
    return f"# {_line(title)}\n\n{_line(facts)}\n"


def _line(text: str) -> str:
    return plain(" ".join(text.split()))


def _written(part: Part) -> str:
    """A part as Markdown, with a line end after it."""
    match part:
        case Quote(text) | Prose(text) if len(text) > LONGEST:
            return fence(text)
        case Quote(text):
            return "".join(f"> {line}\n" for line in tame(text, breaks=True).split("\n"))
        case Prose(text):
            return tame(text) + "\n"
        case Line(text):
            return f"*{_line(text)}*\n"
        case Code(text):
            return fence(text)
        case Tasks(entries):
            return "".join(f"- {_line(entry)}\n" for entry in entries)
        case Picture(_, data) if len(data) > _PICTURE:
            return _written(too_large(part))
        case Picture(mime, data):
            return f"![From the chat](data:{mime};base64,{''.join(data.split())})\n"
        case Address(uri, name):
            return _address(clean(uri), revealed(name))
        case Fold(title, ()):
            return f"{_line(title)}\n"
        case Fold(title, parts, is_open):
            inside = "\n".join(map(_written, parts))
            summary = escape(title).replace("$", "&#36;").replace("`", "&#96;")
            return f"<details{' open' * is_open}>\n<summary>{summary}</summary>\n\n{inside}\n</details>\n"


def _address(uri: str, name: str) -> str:
    if not is_link(uri) or re.search(r"[\s<>]", uri):
        return f"{_line(name)}\n" if name == uri else f"{_line(name)} ({_line(uri)})\n"
    return f"<{uri}>\n" if name == uri else f"[{_line(name)}](<{uri}>)\n"
