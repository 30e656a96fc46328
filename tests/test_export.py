"""Exports: all of the conversation, good to read, and harmless whatever it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright

from goose_widget.errors import UsageError
from goose_widget.export import FORMATS, export, export_name
from support import browser, strategies, wire_fixtures
from support.html import parse
from support.model import MARKDOWN
from test_document import IMAGE, thought, transcript
from test_printout import agent, permission, tool, user

FIXTURES = wire_fixtures.fixtures()
CODE = "Run this:\n\n```python\nx = 1\nprint(x)\n```\n\nor\n\n```sh\nls\n```\n\nand\n\n```\nplain\n```"


def exported(format: str, *items: Any, **more: Any) -> str:
    about = {"title": "Penguins", "session_id": "20261123_7", "server": "goose 1.52.0", "when": 1.7e9, "cwd": "/w"}
    return export(list(items), format=format, **{**about, **more})


def page(*items: Any, **more: Any) -> Any:
    """What a reader finds in the HTML."""
    html = exported("html", *items, **more)
    return parse(html[html.index("<main>") : html.index("</body>")])


def cells(*items: Any, **more: Any) -> list[Any]:
    notebook = nbformat.reads(exported("ipynb", *items, **more), as_version=4)
    nbformat.validate(notebook)
    return list(notebook.cells)


def test_markdown_reads_like_a_conversation() -> None:
    items = [user("List\nplease"), thought("Hm"), agent("Sure, **now**:"), tool(output="a\n"), agent("# Done")]
    text = exported("md", *items).partition("\n")[2].partition("/w\n")[2]
    assert text == (
        "\n## You\n\n> List  \n> please\n\n## goose\n\n"
        "<details>\n<summary>Thought</summary>\n\n> Hm\n\n</details>\n\n"
        "Sure, **now**:\n\n"
        "<details>\n<summary>✓ shell · ls</summary>\n\n```\nls\n```\n\n```\na\n```\n\n</details>\n\n"
        "### Done\n"
    )


@pytest.mark.parametrize("format", ["md", "html", "ipynb"])
def test_title_and_facts_are_at_the_top(format: str) -> None:
    text = exported(format, user("a"), user("b"))
    for fact in ("Penguins", "2023", "2 prompts", "session 20261123_7", "goose 1.52.0", "/w"):
        assert fact in text
    assert "A chat with goose" in exported(format, title="", session_id="", server="", when=0.0, cwd="")


def test_a_long_page_begins_with_its_prompts() -> None:
    assert page(user("a"), user("b"), user("c")).all("nav") == []
    document = page(*(user(f"prompt {number}") for number in range(5)))
    links = [each["href"] for each in document.all("a")]
    ids = [f"#{each['id']}" for each in document.all("section")]
    assert links == ids + ids


@pytest.mark.parametrize("format", ["md", "html", "ipynb"])
@pytest.mark.parametrize(
    ("item", "said"),
    [
        (agent("Half", state="interrupted"), "Interrupted."),
        (user("x", state="failed"), "Not accepted by goose."),
        (tool(status="failed"), "shell · ls (failed)"),
        (tool(status="interrupted"), "shell · ls (interrupted)"),
        (tool(permission=permission()), "Allowed once by you"),
        (tool(truncated=True), "goose left out some of the output."),
        (tool(input={"command": "rm \u202ex"}), "rm ⟦U+202E⟧x"),
        ({"kind": "plan", "entries": [{"content": "do", "status": "completed", "priority": "high"}]}, "✓ do"),
        ({"kind": "notice", "level": "info", "text": "Attached.", "detail": "", "time": 1.0}, "Attached."),
        ({"kind": "news"}, "An entry of a kind that is not known here: news."),
        ("no item", "not known here"),
    ],
)
def test_how_it_went_is_said(format: str, item: Any, said: str) -> None:
    text = page(item).text if format == "html" else exported(format, item)
    assert said in text


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_left_out_for_its_size(format: str) -> None:
    lines = [f"line {number}" for number in range(10_000)]
    output, message = "\n".join(lines), "\n\n".join(lines)
    text = exported(format, user(message), tool(output=output), agent(message))
    assert "left out" not in text
    assert all(text.count(line) >= 3 for line in lines[::500])


def test_a_reply_that_would_take_minutes_to_parse_is_shown_as_it_is() -> None:
    text = "![" * 100_000
    assert page(agent(text)).text.count("![") == exported("md", agent(text)).count("![") == 100_000
    assert [cell.cell_type for cell in cells(agent(text))] == ["markdown", "markdown"]


def test_a_reply_that_was_cut_in_its_code_does_not_swallow_the_rest() -> None:
    assert "```python\nx = 1\n```\n\n## You" in exported("md", agent("```python\nx = 1"), user("go on"))


def test_a_picture_is_in_the_file_or_its_place_says_why_not() -> None:
    large = {**IMAGE, "data": "A" * 2_000_000}
    assert f"data:image/png;base64,{IMAGE['data']}" in exported("md", agent("", content=[IMAGE]))
    assert "1,500 KB, too large" in exported("md", agent("", content=[large]))
    assert len(exported("html", agent("", content=[large]))) > 2_000_000
    assert [each["src"] for each in page(user("", content=[IMAGE])).all("img")] == [
        f"data:image/png;base64,{IMAGE['data']}"
    ]


def test_a_notebook_has_the_python_in_code_cells_and_the_rest_as_text() -> None:
    notebook = cells(user("How?"), agent(CODE), tool(output="```\n# x"), agent("Done."))
    shell = "<details>\n<summary>✓ shell · ls</summary>\n\n```\nls\n```\n\n````\n```\n# x\n````\n\n</details>"
    assert [(cell.cell_type, cell.source) for cell in notebook[1:]] == [
        ("markdown", "## You\n\n> How?"),
        ("markdown", "## goose\n\nRun this:"),
        ("code", "x = 1\nprint(x)"),
        ("markdown", f"or\n\n```sh\nls\n```\n\nand\n\n```\nplain\n```\n\n{shell}\n\nDone."),
    ]
    assert notebook[3].outputs == []
    assert len({cell.id for cell in notebook}) == len(notebook)


def test_code_of_a_prompt_is_no_code_cell() -> None:
    assert {cell.cell_type for cell in cells(user("```python\nx\n```"))} == {"markdown"}


def test_json_is_what_goose_imports() -> None:
    document = json.loads(exported("json", user("a"), agent("b")))
    assert (document["name"], document["working_dir"], document["message_count"]) == ("Penguins", "/w", 2)


def test_another_format_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="md, html, json, ipynb"):
        exported("docx")


@pytest.mark.parametrize("name", FIXTURES)
def test_whatever_goose_sends_is_exported(name: str) -> None:
    items = FIXTURES[name]["items"]
    text = page(*items).text
    for item in items:
        if item["kind"] in ("user", "notice"):
            assert "".join(item["text"].split()) in "".join(text.split())
    assert len(cells(*items)) > 1
    assert exported("md", *items)


@strategies.patient
@given(strategies.logs)
def test_whatever_was_logged_is_exported(events: Any) -> None:
    items = transcript(events)
    page(*items)
    cells(*items)
    exported("md", *items)


@strategies.patient
@given(st.text(), st.sampled_from(FORMATS))
def test_a_file_name_is_harmless_whatever_the_title_holds(title: str, format: str) -> None:
    name = export_name(title, format)
    assert Path(name).name == name
    assert name.startswith("goose ")
    assert name.endswith(f".{format}")
    assert len(name.encode()) < 150
    assert not set(name) & set('/\\:*?"<>|\n\0')


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Penguins", "goose Penguins.md"),
        ("", "goose chat.md"),
        ("../../x", "goose x.md"),
        ("CON", "goose CON.md"),
        ("a / b: c?", "goose a b c.md"),
        (" \u202e\0 ", "goose U+202E.md"),
    ],
)
def test_a_file_is_named_after_the_chat(title: str, name: str) -> None:
    assert export_name(title, "md") == name


HOSTILE = "</code></pre></title></style><script>document.title='owned'</script><img src=http://127.0.0.1:1/x onerror=x>"


@pytest.fixture(scope="module")
def chromium() -> Any:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(**browser.launch_options())
        yield running
        running.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_needs_nothing_and_runs_nothing_in_a_browser(chromium: Any, tmp_path: Path, scheme: str) -> None:
    picture = f"![x](http://127.0.0.1:1/y.png) {HOSTILE}"
    items = [
        user(HOSTILE, content=[IMAGE]),
        agent(MARKDOWN + picture),
        tool(title=HOSTILE, input={"command": HOSTILE}, output=HOSTILE, content=[{"type": "text", "text": HOSTILE}]),
        {"kind": "notice", "level": HOSTILE, "text": HOSTILE, "detail": "", "time": 1.0},
    ]
    file = tmp_path / "chat.html"
    file.write_text(exported("html", *items, title=HOSTILE, server=HOSTILE), encoding="utf-8")
    shown = chromium.new_page(color_scheme=scheme, viewport={"width": 390, "height": 800})
    told: list[str] = []
    shown.on("console", lambda message: told.append(message.text))
    shown.on("request", lambda request: told.append(request.url))
    shown.goto(file.as_uri())
    assert [each for each in told if not each.startswith(("file:", "data:"))] == []
    assert shown.title() == HOSTILE
    assert shown.evaluate("document.querySelectorAll('script, iframe, form, link').length") == 0
    assert shown.evaluate("document.documentElement.scrollWidth") == 390
    dark = shown.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 128")
    assert dark == (scheme == "dark")
    output = shown.locator("details.tool pre").first
    assert not output.is_visible()
    shown.emulate_media(media="print")
    assert output.is_visible()
    shown.close()
