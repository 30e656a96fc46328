"""A conversation as static HTML and text, for those who read a notebook without its kernel.

The HTML needs no style sheet and no script, asks nobody for anything, and is the same for the same items: no times, no
random names. What a user, an agent or a tool wrote is escaped; only the agent's Markdown is rendered (`markdown.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from .entries import Address, Code, Fold, Line, Part, Picture, Prose, Quote, Tasks, fitted, parts_of
from .markdown import link, markdown
from .plain import clean, revealed
from .transcript import Item

ITEMS: Final = 500
"""As many of the last items are printed, at most."""

SIZE: Final = 250_000
"""Characters of a printout, at most: it is saved with the notebook."""

WORDS: Final = 120_000
"""Of these without pictures: after each turn JupyterLab draws all of it, unseen, and cleans it to look for headings."""

EMPTY: Final = "A chat with goose: nothing said yet."

# Only what helps: GitHub and JupyterLab, where it does not trust a notebook, drop it. The first rule hides JupyterLab's
# "model not found" and "Loading widget…", which are bare text, where the conversation follows.
_STYLE: Final = """\
<style>
.jp-OutputArea-child:has(+ .jp-OutputArea-child > * > .goose-static):not(:has(> .jp-OutputArea-output > *)) {
  display: none;
}
.goose-static details, .goose-static pre { margin: 0.5em 0 }
.goose-static summary { cursor: pointer }
.goose-static pre { padding: 0.5em 0.8em; border-radius: 4px; background: rgb(127 127 127 / 12%) }
.goose-static pre code { background: none }
.goose-static details > :not(summary) { margin-left: 1.2em }
.goose-static img { max-width: 100% }
</style>
"""


def to_html(items: list[Item], *, session_id: str | None = None) -> str:
    """The conversation as an HTML fragment, `<div class="goose-static">`.

    Args:
        items: of the transcript, with the shapes of `js/src/wire.ts`; what has another one is shown as far as it goes.
        session_id: says where to find what is too long to print.
    """

    def name(who: str) -> str:
        return f"<p><strong>{who}:</strong></p>\n"

    body = _print(items, session_id, _html, name, _data) or f"<p><em>{EMPTY}</em></p>\n"
    return f'<div class="goose-static">\n{_STYLE}{body}</div>'


def to_text(items: list[Item], *, session_id: str | None = None) -> str:
    """The conversation as plain text, for where there is no HTML.

    Args:
        items, session_id: as for `to_html`.
    """
    return _print(items, session_id, _text, lambda who: f"{who}:\n", lambda _: 0).rstrip("\n") or EMPTY


def _print(
    items: list[Item],
    session_id: str | None,
    show: Callable[[Part], str],
    name: Callable[[str], str],
    data: Callable[[Part], int],
) -> str:
    """The last items, as many as there is room for; `data` tells how much of what is shown are pictures."""
    printed: list[str] = []
    room, words = SIZE, WORDS
    for item in reversed(items[-ITEMS:]):
        parts = [fitted(part) for part in parts_of(item)]
        entry, pictures = "".join(map(show, parts)), sum(map(data, parts))
        if len(entry) > SIZE or len(entry) - pictures > WORDS:
            entry, pictures = show(Line("This entry is too long to be printed here.")), 0
        room -= len(entry)
        words -= len(entry) - pictures
        if room < 0 or words < 0:
            break
        printed.append(entry)
    printed.reverse()
    left_out = len(items) - len(printed)
    whole: list[str] = []
    if left_out:
        where = f'GooseChat("{session_id}")' if session_id else "the chat"
        earlier = f"{left_out:,} earlier {'entries are' if left_out > 1 else 'entry is'} left out here"
        whole.append(show(Line(f"{earlier}; {where} shows all.")))
    speaker = ""
    for item, entry in zip(items[left_out:], printed, strict=True):
        who = "You" if isinstance(item, dict) and item.get("kind") == "user" else "goose"
        if entry and (who == "You" or who != speaker):
            whole.append(name(who))
        speaker = who if entry else speaker
        whole.append(entry)
    return "".join(whole)


def _data(part: Part) -> int:
    match part:
        case Picture(_, data):
            return len("".join(data.split()))
        case Fold(_, parts):
            return sum(map(_data, parts))
        case _:
            return 0


# Parts as HTML.


def _html(part: Part) -> str:
    match part:
        case Quote(text):
            return f"<blockquote>\n<p>{_lines(text)}</p>\n</blockquote>\n"
        case Prose(text):
            return markdown(text)
        case Line(text):
            return f"<p><em>{_lines(clean(text))}</em></p>\n"
        case Code(text):
            return f"<pre><code>{escape(text)}\n</code></pre>\n"
        case Tasks(entries):
            return "<ul>\n" + "".join(f"<li>{_lines(entry)}</li>\n" for entry in entries) + "</ul>\n"
        case Picture(mime, data):
            return f'<p><img src="data:{mime};base64,{"".join(data.split())}" alt="From goose" /></p>\n'
        case Address(uri, name):
            return f"<p>{link(clean(uri), revealed(name))}</p>\n"
        case Fold(title, ()):
            return f"<p>{_escaped(title)}</p>\n"
        case Fold(title, parts, is_open):
            inside = "".join(_html(part) for part in parts)
            return f"<details{' open' * is_open}><summary>{_escaped(title)}</summary>\n{inside}</details>\n"


def _lines(text: str) -> str:
    """Text with its line ends and indents, which HTML else drops."""
    rows = text.replace("\t", "    ").split("\n")
    return "<br />\n".join("&nbsp;" * (len(row) - len(row.lstrip(" "))) + _escaped(row.lstrip(" ")) for row in rows)


def _escaped(text: str) -> str:
    """Text as it is: between two bare dollar signs Jupyter would see a formula."""
    return escape(text).replace("$", "<span>$</span>")


# Parts as text.


def _text(part: Part) -> str:
    match part:
        case Quote(text):
            return _indented(text, "> ") + "\n"
        case Prose(text):
            return text.rstrip("\n") + "\n\n"
        case Line(text):
            return f"({clean(text)})\n\n"
        case Code(text):
            return _indented(text, "    ") + "\n"
        case Tasks(entries):
            return "".join(f"{entry}\n" for entry in entries) + "\n"
        case Picture(mime):
            return f"[a picture, {mime}]\n\n"
        case Address(uri, name):
            return f"{revealed(name)} <{clean(uri)}>\n\n" if name != uri else f"{clean(uri)}\n\n"
        case Fold(title, parts):
            return "".join([f"{title}\n\n", *(_text(part) for part in parts)])


def _indented(text: str, by: str) -> str:
    return "".join(f"{by}{line}".rstrip(" ") + "\n" for line in text.split("\n"))
