"""A conversation as static HTML and text: complete, the same on every run, and harmless whatever it holds."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget import printout
from goose_widget.plain import clean
from goose_widget.printout import to_html, to_text
from support import wire_fixtures
from support.goose import PATIENCE
from support.html import parse

FIXTURES = wire_fixtures.fixtures()


def user(text: str, **more: Any) -> dict[str, Any]:
    return {"id": "i1", "kind": "user", "text": text, "content": [], "time": 1.0, "state": "sent", **more}


def agent(text: str, **more: Any) -> dict[str, Any]:
    return {"id": "i2", "kind": "agent", "text": text, "content": [], "time": 1.0, "state": "done", **more}


def tool(**more: Any) -> dict[str, Any]:
    return {
        "id": "i3",
        "kind": "tool",
        "title": "shell · ls",
        "name": "shell",
        "extension": "developer",
        "tool_kind": "execute",
        "status": "completed",
        "input": {"command": "ls"},
        "output": "",
        "truncated": False,
        "content": [],
        "result": None,
        "locations": [],
        "started": 1.0,
        "ended": 2.0,
        "permission": None,
        **more,
    }


def permission(**more: Any) -> dict[str, Any]:
    options = [{"id": "yes", "name": "Yes", "kind": "allow_once"}, {"id": "no", "name": "No", "kind": "reject_once"}]
    return {"request": "r", "cwd": "/", "options": options, "state": "answered", "option": "yes", "by": "user"} | more


def body(html: str) -> str:
    """What is not the frame that all printouts have."""
    return html.partition("</style>\n")[2].removesuffix("</div>")


def test_a_conversation_is_html_that_needs_nothing_else() -> None:
    items = [user("List <it>\n  please"), agent("Sure, **now**:"), tool(output="a\nb\n"), agent("Done.")]
    assert body(to_html(items)) == (
        "<p><strong>You:</strong></p>\n"
        "<blockquote>\n<p>List &lt;it&gt;<br />\n&nbsp;&nbsp;please</p>\n</blockquote>\n"
        "<p><strong>goose:</strong></p>\n"
        "<p>Sure, <strong>now</strong>:</p>\n"
        "<details><summary>✓ shell · ls</summary>\n"
        "<pre><code>ls\n</code></pre>\n"
        "<pre><code>a\nb\n</code></pre>\n"
        "</details>\n"
        "<p>Done.</p>\n"
    )


def test_a_conversation_is_text_where_there_is_no_html() -> None:
    items = [user("List <it>\nplease"), agent("Sure, **now**:"), tool(output="a\nb\n"), agent("Done.")]
    assert to_text(items) == (
        "You:\n> List <it>\n> please\n\ngoose:\nSure, **now**:\n\n✓ shell · ls\n\n    ls\n\n    a\n    b\n\nDone."
    )


def test_an_empty_chat_says_so() -> None:
    assert parse(to_html([])).text.strip() == to_text([]) == "A chat with goose: nothing said yet."


@pytest.mark.parametrize("name", FIXTURES)
def test_whatever_goose_sends_is_printed_and_always_the_same(name: str) -> None:
    items = FIXTURES[name]["items"]
    html = to_html(items)
    later = [{**item, **{key: 9e9 for key in ("time", "started", "ended") if key in item}} for item in items]
    assert to_html(json.loads(json.dumps(later))) == html
    text = parse(html).text
    for item in items:
        if item["kind"] in ("user", "notice"):
            assert "".join(item["text"].split()) in "".join(text.split())


def test_both_forms_have_the_same_words() -> None:
    items = FIXTURES["recorded_permission_allowed"]["items"]
    for printed in (parse(to_html(items)).text, to_text(items)):
        assert "✓ shell · echo allowed" in printed
        assert "Allowed once by you" in printed


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (agent("Half", state="interrupted"), "Interrupted."),
        (user("x", state="failed"), "Not accepted by goose."),
        (tool(status="failed"), "✗ shell · ls (failed)"),
        (tool(status="failed", permission=permission(option="no")), "✗ shell · ls (rejected)"),
        (tool(status="interrupted"), "■ shell · ls (interrupted)"),
        (tool(status="in_progress"), "… shell · ls (running)"),
        (tool(status="pending", permission=permission(state="open", option=None, by="")), "(waits for permission)"),
        (tool(permission=permission()), "Allowed once by you"),
        (tool(permission=permission(option="no", by="code", note="as told")), "Rejected once by code: as told"),
        (tool(permission=permission(state="void", option=None, by="", note="The turn ended.")), "No longer asked: The"),
        (tool(title="edit", input={"path": "a.py", "before": "x = 1", "after": "x = 2"}), "-x = 1\n+x = 2"),
        (tool(title="edit", input={"path": "a.py", "before": "x = 1", "after": "x = 2"}), "✓ edit · a.py"),
        (tool(title="write", input={"path": "b.py", "content": "new"}), "+new"),
        (tool(input={"command": "ls", "timeout": 3}), "timeout: 3"),
        (tool(result={"stdout": "out", "stderr": "err", "exit_code": 2}), "Exit code 2"),
        (tool(output="same", content=[{"type": "text", "text": "same"}]), "same"),
        (tool(truncated=True), "goose left out some of the output."),
        (tool(input={"command": "rm \u202ex"}), "rm ⟦U+202E⟧x"),
        (tool(output="\x1b[31mred\x1b[0m"), "red"),
        ({"kind": "thought", "text": "Hm"}, "Hm"),
        ({"kind": "plan", "entries": [{"content": "do", "status": "completed", "priority": "high"}]}, "✓ do"),
        ({"kind": "notice", "level": "info", "text": "Attached.", "detail": "", "time": 1.0}, "Attached."),
        ({"kind": "news"}, "An entry of a kind that is not known here: news."),
    ],
)
def test_how_it_went_is_said(item: dict[str, Any], said: str) -> None:
    assert said in parse(to_html([item])).text
    assert said in to_text([item]).replace("    ", "")


@pytest.mark.parametrize("rest", ["", "\n\nCommand exited with code 3"])
def test_output_that_came_twice_is_printed_once(rest: str) -> None:
    text = to_text([tool(output="same\n", content=[{"type": "text", "text": f"same{rest}\n"}])])
    assert text.count("same") == 1
    assert rest.strip() in text


def test_an_amount_of_money_is_no_formula() -> None:
    html = to_html([user("Is it $5 or $6?"), tool(title="shell · echo $HOME $PATH")])
    assert "Is it <span>$</span>5 or <span>$</span>6?" in html
    assert "echo <span>$</span>HOME <span>$</span>PATH" in html


def test_long_output_is_shortened_and_says_so() -> None:
    output = "".join(f"line {number}\n" for number in range(10_000))
    text = to_text([tool(output=output, content=[{"type": "text", "text": output}])])
    assert text.count("line 0\n") == 1
    assert "… 9,800 lines are left out here …" in text
    assert "line 9999" in text


def test_pictures_are_shown_if_they_are_pictures_and_not_too_large() -> None:
    def images(mime: str, data: str) -> list[dict[str, str]]:
        return parse(to_html([agent("", content=[{"type": "image", "mime": mime, "data": data}])])).all("img")

    assert images("image/png", "AA==") == [{"src": "data:image/png;base64,AA==", "alt": "From goose"}]
    assert images("image/svg+xml", "AA==") == []
    assert images("text/html", "AA==") == []
    assert images("image/png", 'AA"><script>') == []
    assert images("image/png", "A" * 1_000_000) == []


def test_a_picture_that_is_none_is_refused_in_no_time() -> None:
    before = time.process_time()
    to_html([agent("", content=[{"type": "image", "mime": "image/png", "data": " " * 100_000 + "!"}])])
    assert time.process_time() - before < 1.0 * PATIENCE


def test_a_long_chat_prints_its_end_and_says_where_the_rest_is() -> None:
    items = [each for number in range(5_000) for each in (user(f"question {number}"), agent(f"answer {number}"))]
    before = time.process_time()
    html = to_html(items, session_id="20261122_7")
    assert time.process_time() - before < 1.0 * PATIENCE
    text = parse(html).text
    assert "answer 4999" in text
    assert "answer 4000" not in text
    assert '9,500 earlier entries are left out here; GooseChat("20261122_7") shows all.' in text
    assert "the chat shows all" in to_text(items)


@pytest.mark.parametrize(
    "item",
    [
        agent("word " * 200_000),
        user("x" * 1_000_000),
        tool(output="x" * 5_000_000),
        tool(content=[{"type": "text", "text": f"{number} " * 5_000} for number in range(200)]),
        tool(input={f"key{number}": "&" * 1_000 for number in range(5_000)}),
    ],
)
def test_no_entry_makes_a_notebook_grow_without_bound(item: dict[str, Any]) -> None:
    items = [item] * 20
    assert len(to_html(items)) < printout.WORDS + 5_000
    assert len(to_text(items)) < printout.WORDS + 5_000
    assert parse(to_html(items)).text.strip()


def test_pictures_take_no_room_of_words() -> None:
    picture = {"type": "image", "mime": "image/png", "data": "A" * 140_000}
    items = [agent("word " * 5_000, content=[picture]), *[agent("word " * 5_000)] * 3]
    html = to_html(items)
    assert parse(html).all("img")
    assert "left out" not in html
    assert len(to_html([agent("", content=[picture])] * 20)) < printout.SIZE + 5_000


HOSTILE = st.sampled_from(
    [
        *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</code></pre></details></div>", "]]>", "<!--"),
        *(
            '"onmouseover="x',
            "javascript:alert(1)",
            "[x](javascript:x)",
            "![x](https://e.org/x.png)",
            "&lt;",
            "\x00\ud800",
        ),
        *("\u202e", "\x1b[31m", "```", "\r", "image/png", "text/html", "data:text/html,x", "https://e.org"),
    ]
)
STRINGS = st.text(max_size=8) | HOSTILE
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner, max_size=3),
    max_leaves=6,
)
BLOCKS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image", "audio", "diff", "resource", "link", "x"])},
    optional=dict.fromkeys(("text", "mime", "data", "path", "old", "new", "uri", "name"), STRINGS | VALUES),
)
KINDS = st.sampled_from(["user", "agent", "thought", "tool", "plan", "notice", "x"])
FIELDS = {
    **dict.fromkeys(("text", "title", "name", "output", "state", "status", "detail"), STRINGS | VALUES),
    "content": st.lists(BLOCKS, max_size=3) | VALUES,
    "entries": st.lists(st.fixed_dictionaries({"content": STRINGS, "status": STRINGS}) | VALUES, max_size=2) | VALUES,
    "input": st.fixed_dictionaries({}, optional={"command": STRINGS, "path": STRINGS, "content": STRINGS}) | VALUES,
    "result": VALUES,
    "permission": st.just(permission(note="<b>")) | VALUES,
    "truncated": VALUES,
}
ITEMS = st.fixed_dictionaries({"kind": KINDS}, optional=FIELDS) | VALUES

TAGS = {
    *("div", "style", "p", "strong", "em", "s", "code", "pre", "a", "img", "br", "hr", "blockquote", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary", "span"),
}


@given(st.lists(ITEMS, max_size=4), STRINGS | st.none())
def test_whatever_the_items_hold_the_html_is_well_formed_and_harmless(items: list[Any], session_id: str | None) -> None:
    html = to_html(items, session_id=session_id)
    html.encode()
    document = parse(html)
    assert document.names <= TAGS
    assert [attributes for name, attributes in document.tags if name == "div"] == [{"class": "goose-static"}]
    for name, attributes in document.tags:
        allowed = {"a": {"href", "rel"}, "img": {"src", "alt"}, "details": {"open"}, "ol": {"start"}}
        assert attributes.keys() <= allowed.get(name, {"class", "style"})
        assert attributes.get("href", "http:").lower().startswith(("http:", "https:", "mailto:"))
        assert attributes.get("src", "data:image/").lower().startswith("data:image/")
    to_text(items, session_id=session_id).encode()


@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=200))
def test_what_a_user_wrote_is_there_to_the_letter(text: str) -> None:
    assert clean(text) in parse(to_html([user(text)])).text
    assert clean(text) in to_text([user(text)])
