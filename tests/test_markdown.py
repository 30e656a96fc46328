"""The agent's Markdown as HTML: what it may look like, and where it may lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget.markdown import link, markdown
from support.html import parse


def test_markdown_is_rendered() -> None:
    html = markdown(
        "**bold** ~~gone~~ `code`\n\n```python\nif a < b: ...\n```\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|\n"
    )
    assert '<pre><code class="language-python">if a &lt; b: ...\n</code></pre>' in html
    assert {"strong", "s", "code", "ul", "li", "table", "th", "td"} <= parse(html).names


def test_a_heading_is_bold_and_not_in_the_notebooks_contents() -> None:
    assert markdown("# Title\n\nMore\n====\n") == "<p><strong>Title</strong></p>\n<p><strong>More</strong></p>\n"


@pytest.mark.parametrize("address", ["https://example.org/?a=1&b", "HTTP://example.org", "mailto:a@example.org"])
def test_a_link_leads_away_and_tells_nothing(address: str) -> None:
    (attributes,) = parse(markdown(f'[there]({address} "title")')).all("a")
    assert attributes == {"href": address, "rel": "noopener noreferrer"}
    assert parse(link(address, "<there>")).all("a") == [attributes]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/png;base64,AA==",
        "file:///etc/passwd",
        "//example.org",
        "/lab/api/shutdown",
        "relative",
    ],
)
def test_a_link_elsewhere_is_text(address: str) -> None:
    for html in (markdown(f"[there]({address})"), markdown(f"[there](<{address}>)"), link(address, "there")):
        assert all("href" not in attributes for attributes in parse(html).all("a"))
        assert "there" in parse(html).text


def test_an_image_from_elsewhere_is_a_link() -> None:
    document = parse(markdown("![a *plot*](https://example.org/p.png?secret)"))
    assert document.all("img") == []
    assert document.all("a") == [{"href": "https://example.org/p.png?secret", "rel": "noopener noreferrer"}]
    assert document.text.strip() == "[image: a plot]"


def test_an_image_in_a_link_makes_no_link_in_a_link() -> None:
    document = parse(markdown("[![badge](https://example.org/b.svg)](https://example.org) ![b](https://example.org/c)"))
    assert [attributes["href"] for attributes in document.all("a")] == ["https://example.org", "https://example.org/c"]


def test_an_image_that_is_contained_is_shown() -> None:
    document = parse(markdown('![a "plot"](data:image/png;base64,iVBORw0KGgo=)'))
    assert document.all("img") == [{"src": "data:image/png;base64,iVBORw0KGgo=", "alt": 'a "plot"'}]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<!-- hidden -->",
        "<style>* { display: none }</style>",
        "<details><summary>x</summary>",
        "</div></div>",
    ],
)
def test_raw_html_is_text(text: str) -> None:
    document = parse(markdown(text))
    assert document.names <= {"p"}
    assert document.text.strip() == text


SNIPPETS = st.sampled_from(
    [
        *("[", "](", ")", "![", "javascript:x", "https://e.org", "data:image/png;base64,AA", "<", ">", '"', "'", "`"),
        *("```\n", "*", "~~", "# ", "- ", "1. ", "> ", "|", "\n|-|\n", "\n\n", "&", "&#106;", "\\", "<script>", "</p>"),
        "http://[",
    ]
)


@given(st.lists(SNIPPETS | st.text(max_size=4), max_size=40).map("".join))
def test_whatever_the_agent_writes_is_well_formed_and_harmless(text: str) -> None:
    document = parse(markdown(text))
    assert document.names <= {
        *("p", "strong", "em", "s", "code", "pre", "a", "img", "br", "hr", "blockquote", "ul", "ol", "li"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    for name, attributes in document.tags:
        allowed = {"a": {"href", "rel"}, "img": {"src", "alt"}, "code": {"class"}, "ol": {"start"}}
        assert attributes.keys() <= allowed.get(name, set()) | ({"style"} if name in ("th", "td") else set())
        assert attributes.get("href", "http:").lower().startswith(("http:", "https:", "mailto:"))
        assert attributes.get("src", "data:image/").lower().startswith("data:image/")
