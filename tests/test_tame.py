"""Markdown made harmless: it says the same, and no viewer finds anything in it to load, to run or to follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from goose_widget.tame import fence, fences, plain, tame
from support import strategies
from support.html import parse
from support.model import MARKDOWN


class Careless(MarkdownIt):
    """A viewer that shows whatever it is given."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 -- the library's name
        return True


VIEWER = Careless("commonmark", {"html": True}).enable(["table", "strikethrough"])


def test_what_is_harmless_stays_as_it_is() -> None:
    headings_down = MARKDOWN.replace("## ", "#### ").replace("# A page", "### A page")
    assert tame(MARKDOWN) == headings_down.replace("<script>", "&lt;script>").replace("</", "&lt;/").replace(
        "&lt;/b> c", "</b> c"
    ).replace("not bold&lt;/b>", "not bold</b>").rstrip("\n")


@pytest.mark.parametrize(
    ("text", "tamed"),
    [
        ("a <b>c</b>", "a &lt;b>c&lt;/b>"),
        ("`<b>` and ``<c> ` <d>`` <e>", "`<b>` and ``<c> ` <d>`` &lt;e>"),
        (r"\`<b>`", r"\`&lt;b>`"),
        ("- `a\n- <b>`", "- `a\n- &lt;b>`"),
        ("see <https://example.org>", "see <https://example.org>"),
        ("see <javascript:x>", "see &lt;javascript:x>"),
        ("![a](https://example.org/?secret)", "[image: a](https://example.org/?secret)"),
        ("[a](javascript:x)", r"[a]\(javascript:x)"),
        ("[a](../x.py)", r"[a]\(../x.py)"),
        ("    <b>", "    <b>"),
        ("~~~\n<b>\n~~~", "~~~\n<b>\n~~~"),
        ("<div>\n\n# x", "&lt;div>\n\n### x"),
        ("a\x00b\x1b", "ab"),
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("~~~~\nx\n~~~", "~~~~\nx\n~~~\n~~~~"),
        ("```", "```\n```"),
        ("```\n    ```", "```\n    ```\n```"),
    ],
)
def test_what_is_not_becomes_text(text: str, tamed: str) -> None:
    assert tame(text) == tamed


def test_lines_of_a_prompt_stay_lines() -> None:
    assert tame("a\nb\n\n```\nc\nd\n```", breaks=True) == "a  \nb\n\n```\nc\nd\n```"


_SHARP = (
    "<b>~</b>~`~``~```~\n~\n\n~- ~> ~# ~    ~|~|-|-|~\\~[a]~(javascript:x)~![~](~)~http://e.org/~<!--~-->~&lt;"
    "~[r]: javascript:x~x~ ~<a href='~'>~_~$"
)
SHARP = st.lists(st.sampled_from([*_SHARP.split("~"), "~~~"]), max_size=14).map("".join)


@strategies.patient
@given(SHARP | st.text(max_size=30))
def test_no_viewer_finds_anything_to_run_or_to_load(text: str) -> None:
    for token in VIEWER.parse(tame(text)):
        for each in [token, *(token.children or [])]:
            assert each.type not in ("html_block", "html_inline", "image")
            if each.type == "link_open":
                assert str(each.attrGet("href")).startswith(("http://", "https://", "mailto:"))


@strategies.patient
@given(SHARP)
def test_plain_text_is_read_as_it_was(text: str) -> None:
    line = " ".join(text.split())
    assert " ".join(parse(VIEWER.render(plain(line))).text.split()) == line


@strategies.patient
@given(SHARP)
def test_code_can_not_leave_its_fence(text: str) -> None:
    text = text.strip("\n")
    assert list(fences(f"a\n\n{fence(text, 'py')}\nb")) == [(None, "a"), ("py", text), (None, "b")]
