"""Markdown as Markdown that asks nobody for anything and runs nothing, whoever shows it.

The same rules as `markdown.py` has for HTML: raw HTML becomes text, remote images become links, and links lead to http,
https and mail addresses only. Headings go two levels down, as the file has its own above them. What is code stays as it
is. A parser then reads the result; if that still holds something else, all that could mean something is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from .markdown import INLINE, is_link
from .plain import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# From left to right: what is escaped, code, an address in brackets, and what has to go.
_PIECES: Final = re.compile(
    r"(?P<keep>\\.|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|<(?:https?://|mailto:)[^\s<>`]*>)|(?P<html><)"
    r"|(?P<image>!\[)(?![^\]\n]{0,300}\]\(data:image/)|(?P<link>\]\()(?!<?(?:https?://|mailto:|data:image/))",
    re.DOTALL | re.IGNORECASE,
)
_SPECIAL: Final = re.compile(r"[\\`*\[\]<>~|$]|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|^\s*(?:[#+=-]|\d+[.)])", re.MULTILINE)


def tame(text: str, *, breaks: bool = False) -> str:
    """Harmless Markdown that says the same.

    Args:
        breaks: the lines of a paragraph stay lines, as those who write in a chat expect.
    """
    text = clean(text).replace("\t", "    ").strip("\n")
    lines = text.split("\n")
    for token in _parser().parse(text):
        if token.map is None:
            continue
        start, end = token.map
        if token.type == "fence" and token.level == 0 and not _is_closed(token, lines[start:end]):
            lines.append(token.markup)  # else it would go on through what follows in the file
        elif token.type == "heading_open" and token.level == 0 and token.markup.startswith("#"):
            lines[start] = re.sub(r"#+", "#" * min(6, len(token.markup) + 2), lines[start], count=1)
        elif token.type == "inline":
            lines[start:end] = _PIECES.sub(_replaced, "\n".join(lines[start:end])).split("\n")
            if breaks:
                lines[start : end - 1] = [f"{line.rstrip()}  " for line in lines[start : end - 1]]
    result = "\n".join(lines)
    return result if _is_tame(result) else _without_meaning(text)


def plain(text: str) -> str:
    """Text in which no character means anything to a reader of Markdown."""
    return _SPECIAL.sub(lambda match: f"{match[0][:-1]}\\{match[0][-1]}", clean(text))


def fence(text: str, language: str = "") -> str:
    """A fenced block of code that the text can't end."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}\n"


def fences(text: str) -> Iterator[tuple[str | None, str]]:
    """Markdown in its parts: `(language, code)` of each fenced block, `(None, Markdown)` of what is between."""
    lines, done = text.split("\n"), 0
    for token in _parser().parse(text):
        if token.type == "fence" and token.level == 0 and token.map is not None:
            start, end = token.map
            if between := "\n".join(lines[done:start]).strip("\n"):
                yield None, between
            yield token.info.strip(), token.content.removesuffix("\n")
            done = end
    if between := "\n".join(lines[done:]).strip("\n"):
        yield None, between


def _is_closed(fence: Token, lines: list[str]) -> bool:
    mark = re.escape(fence.markup)
    return len(lines) > 1 and re.fullmatch(rf" {{0,3}}{mark}{mark[-1]}* *", lines[-1]) is not None


def _replaced(match: re.Match[str]) -> str:
    match match.lastgroup:
        case "html":
            return "&lt;"
        case "image":
            return "[image: "
        case "link":
            return "]\\("
        case _:
            return match[0]


def _is_tame(text: str) -> bool:
    return all(_is_harmless(token) for token in _all(_parser(html=True).parse(text)))


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or [])


def _is_harmless(token: Token) -> bool:
    match token.type:
        case "html_block" | "html_inline":
            return False
        case "link_open":
            return is_link(str(token.attrGet("href")))
        case "image":
            return INLINE.fullmatch(str(token.attrGet("src"))) is not None
        case _:
            return True


def _without_meaning(text: str) -> str:
    return "\n\n".join(
        plain(piece).replace("\n", "\\\n") if language is None else fence(piece, re.sub(r"\W", "", language)).rstrip()
        for language, piece in fences(text)
    )


@cache
def _parser(*, html: bool = False) -> MarkdownIt:
    from markdown_it import MarkdownIt  # here: importing it takes a while, and most chats are never exported

    class Parser(MarkdownIt):
        def validateLink(self, url: str) -> bool:  # noqa: N802 -- the library's name
            return True  # to see them all

    options: dict[str, Any] = {"html": html, "maxNesting": 100}
    return Parser("commonmark", options).enable(["table", "strikethrough"])
