"""The agent's Markdown as HTML that asks nobody for anything and runs nothing.

Raw HTML becomes text. Links lead to http, https and mail addresses only. An image that is not contained in its address
becomes a link: to load it would tell its server what the agent wrote into the address. Headings become bold paragraphs,
as the notebook's table of contents is not the agent's.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

IMAGES: Final = ("image/png", "image/jpeg", "image/gif", "image/webp")

LONGEST: Final = 100_000
"""Characters of Markdown that are worth being parsed: over hostile text the parser takes time by their square."""

_LINK: Final = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
INLINE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*", re.IGNORECASE)


def is_link(address: str) -> bool:
    """Whether a reader may be led to `address`."""
    return _LINK.match(address) is not None


def link(address: str, text: str) -> str:
    """A link as HTML; the bare text where `address` is none that a reader may be led to."""
    if not is_link(address):
        return escape(text)
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{escape(text)}</a>'


def markdown(text: str, *, headings: bool = False) -> str:
    """Markdown as HTML.

    Args:
        headings: as headings, two levels down: the page has its own above them.
    """
    return str(_parser(headings).render(text))


@cache
def _parser(headings: bool) -> MarkdownIt:
    from markdown_it import MarkdownIt  # here: importing it takes a while, and most chats are never shown
    from markdown_it.renderer import RendererHTML

    class Parser(MarkdownIt):
        def validateLink(self, url: str) -> bool:  # noqa: N802 -- the library's name
            return is_link(url) or INLINE.fullmatch(url) is not None

    class Renderer(RendererHTML):
        def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
            token = tokens[index]
            if not is_link(str(token.attrGet("href"))):
                return "<a>"
            token.attrs.pop("title", None)
            token.attrSet("rel", "noopener noreferrer")
            return self.renderToken(tokens, index, options, env)

        def image(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
            address = str(tokens[index].attrGet("src"))
            text = self.renderInlineAsText(tokens[index].children, options, env)
            if not is_link(address):
                return f'<img src="{escape(address)}" alt="{escape(text)}" />'
            text = f"[image: {text or address}]"
            opened = [token.nesting for token in tokens[:index] if token.type in ("link_open", "link_close")]
            return escape(text) if sum(opened) else link(address, text)

        def heading_open(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
            return f"<h{_level(tokens[index])}>" if headings else "<p><strong>"

        def heading_close(
            self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]
        ) -> str:
            return f"</h{_level(tokens[index])}>\n" if headings else "</strong></p>\n"

    options: dict[str, Any] = {"html": False, "maxNesting": 100}
    return Parser("commonmark", options, renderer_cls=Renderer).enable(["table", "strikethrough"])


def _level(token: Token) -> int:
    return min(6, int(token.tag[1:]) + 2)
