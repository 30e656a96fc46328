"""A conversation as a file for people: Markdown, HTML, goose's JSON, or a notebook.

Nothing is left out for its size, but pictures that a Markdown file can't carry; that is said in their place. What a
user, an agent or a tool wrote is escaped; only Markdown is rendered, and that made harmless (`markdown.py`, `tame.py`).
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Final

from .document import to_document
from .errors import UsageError
from .export_html import to_page
from .export_markdown import to_markdown, to_notebook
from .plain import clean, revealed
from .transcript import Item

FORMATS: Final = ("md", "html", "json", "ipynb")


def export(items: list[Item], *, format: str, title: str, session_id: str, server: str, when: float, cwd: str) -> str:
    """The conversation as the text of a file.

    Args:
        items: of the transcript, with the shapes of `js/src/wire.ts`; what has another one is shown as far as it goes.
        format: md, html, json (which `goose session import` reads) or ipynb.
        title: "" for none.
        session_id, server, cwd: for people; "" if unknown.
        when: when the conversation began, in seconds since the epoch; 0 if unknown.

    Raises:
        UsageError: another format.
    """
    if format == "json":
        document = to_document(items, session_id=session_id, cwd=cwd, title=title, created=when)
        return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    name = title.strip() or "A chat with goose"
    facts = _facts(items, session_id=session_id, server=server, when=when, cwd=cwd)
    match format:
        case "md":
            return to_markdown(items, title=name, facts=facts)
        case "html":
            return to_page(items, title=name, facts=facts)
        case "ipynb":
            return to_notebook(items, title=name, facts=facts)
        case _:
            raise UsageError(f"A chat can't be exported as {format!r}.", f"Choose one of {', '.join(FORMATS)}.")


def _facts(items: list[Item], *, session_id: str, server: str, when: float, cwd: str) -> str:
    """What is known of the conversation, in a line."""
    prompts = sum(isinstance(item, dict) and item.get("kind") == "user" for item in items)
    count = f"{prompts:,} prompt{'s' * (prompts != 1)}"
    facts = [_day(when), count, server, f"session {session_id}" if session_id else "", cwd]
    return " · ".join(revealed(fact.strip()) for fact in facts if fact.strip())


def _day(when: float) -> str:
    """A time for people, in the zone where the export is made."""
    try:
        moment = datetime.fromtimestamp(when).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{moment.day} {moment:%B %Y, %H:%M}" if when else ""


def export_name(title: str, format: str) -> str:
    """The name of an export's file: readable, and harmless on every system, whatever the title holds."""
    words = re.sub(r'[\\/:*?"<>|⟦⟧.\s]+', " ", revealed(clean(title))).strip()
    short = words.encode("utf-8")[:120].decode("utf-8", "ignore").strip()
    return f"goose {short or 'chat'}.{format}"
