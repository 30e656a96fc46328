"""Whatever an agent sends, and whatever somebody pastes: nothing runs, nobody is asked, the page stays itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from browser.chat import CHAT, ChatView, OpenNotebook
from browser.conftest import show_chat
from support.elsewhere import Elsewhere
from support.hostile import ADDRESSES, HTML, MATHS, NAMES, SVG, HostileServer, markdown
from support.jupyter import Notebook

AUDIT = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8").partition("\n")[2]

PROSE = "p br hr h1 h2 h3 h4 h5 h6 ul ol li blockquote pre code strong em del s sup a img table thead tbody tr th td"
FRAME = "div span header section figure figcaption dl dt dd details summary b small mark q audio search dialog"
CONTROLS = "form button input textarea label select option svg path circle rect line polyline polygon g"
WIDGET = f"{PROSE} {FRAME} {CONTROLS}".split()
PRINTOUT = f"{PROSE} div span details summary style mjx-container".split()

EXPORT = f"{PROSE} div span header main nav article section footer details summary time".split()

# Whom nbconvert's own page asks for scripts.
NBCONVERT = {"cdnjs.cloudflare.com", "cdn.jsdelivr.net", "unpkg.com"}

KATEX = '<style id="goose-maths-style"></style>'
SHOWN = "[...document.body.children, ...document.head.children].map(each => each.cloneNode().outerHTML)"


@contextmanager
def watched(page: Page, *, errors: bool = True) -> Iterator[None]:
    """The page asks nobody for anything evil, opens no dialog and no other page, and nothing runs."""
    events: list[str] = []

    def asked(address: str) -> None:
        if "evil" in address:
            events.append(f"asked for {address}")

    page.on("request", lambda request: asked(request.url))
    page.on("dialog", lambda dialog: (events.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    if errors:
        page.on("pageerror", lambda error: events.append(f"an error: {error}"))
    page.on("popup", lambda popup: events.append(f"a page: {popup.url}"))
    page.on("download", lambda download: events.append(f"a download: {download.url}"))
    page.on("framenavigated", lambda frame: asked(frame.url))
    yield
    assert [frame.evaluate("window.pwned") for frame in page.frames] == [None] * len(page.frames)
    assert events == []


def audit(element: Locator, tags: list[str], *rel: str) -> str:
    """What is in it that should not be; `rel` is what every link must have."""
    return "\n".join(element.evaluate(AUDIT, [tags, rel]))


@pytest.fixture
def hostile() -> Iterator[Elsewhere[HostileServer]]:
    with Elsewhere(HostileServer()) as server:
        yield server


# A notebook keeps less of what is long.
UNCUT = """from goose_widget import entries, printout
entries._LINES = entries._MESSAGE = printout.SIZE = printout.WORDS = 10**7
"""


def open_all(chat: ChatView) -> None:
    """Opens whatever can be opened in the log: groups, cards, details, what is left out of long texts, both diffs."""
    for _ in range(4):  # what is in them can be opened too
        chat.log.evaluate(
            """log => {
                for (const button of log.querySelectorAll("button[aria-expanded=false]")) button.click();
                for (const details of log.querySelectorAll("details")) details.open = true;
                for (const button of log.querySelectorAll(".goose-button, .goose-code button, .goose-diff button"))
                    if (/^(Show (?!image)|Raw|Text|Table|Tree|Side|Inline)/.test(button.textContent)) button.click();
            }"""
        )


FILES = [html for html in HTML if "/" not in html and "=" in html]  # what can be a file's name


def expect_harmless(chat: ChatView, notebook: Notebook) -> None:
    assert audit(chat.root, WIDGET, "noopener", "noreferrer") == ""
    # JupyterLab gives the links in outputs a `rel` of its own.
    assert audit(notebook.output(0).locator(".goose-static"), PRINTOUT, "noopener") == ""


def test_the_audit_finds_what_would_be_there_if_it_passed(page: Page) -> None:
    audit = AUDIT.rstrip().removesuffix(";")
    tags = [*WIDGET, "head", "body"]
    parse = "new DOMParser().parseFromString(html, 'text/html').documentElement"  # runs and loads nothing
    for html in HTML[:-1]:  # the last one is text
        assert page.evaluate(f"([html, tags]) => ({audit})({parse}, [tags, []])", [html, tags]), html


def test_whatever_an_agent_sends_is_shown_and_does_nothing(
    hostile: Elsewhere[HostileServer], open_notebook: OpenNotebook, page: Page
) -> None:
    with watched(page):
        notebook = open_notebook(UNCUT + CHAT.format(f"GooseChat(server={hostile.server.url!r}, token='k')"), "")
        chat = show_chat(notebook)
        title, around = page.title(), set(page.evaluate(SHOWN))
        chat.send(markdown())
        expect(chat.items("agent").last).to_contain_text("The end of the corpus.")
        open_all(chat)
        expect(chat.items("tool").filter(has_text="live").last).to_be_visible()
        expect(chat.items("agent").last.locator(".katex").first).to_be_visible()
        # Some labels are too long, and what is a label twice is one note.
        assert chat.items("agent").last.locator(".goose-notes li").count() > len(HTML) / 2
        expect_harmless(chat, notebook)

        complete(chat, "/")
        expect_harmless(chat, notebook)
        for name in FILES:
            (notebook.folder / name).write_text("")
        complete(chat, "@=")
        expect(chat.root.locator(".goose-completions").get_by_role("option")).to_have_count(len(FILES))
        expect_harmless(chat, notebook)
        chat.root.locator(".goose-field textarea").press("Tab")
        expect_harmless(chat, notebook)
        chat.attach(HTML[3], HTML[5], "a.svg", text=SVG)
        chat.composer.fill(HTML[3])
        expect_harmless(chat, notebook)
        chat.composer.press("Enter")
        expect(chat.root.get_by_role("region", name="Queue").get_by_role("listitem")).to_have_count(1)
        expect_harmless(chat, notebook)

        hostile.call(hostile.server.go_on.set)
        question = chat.root.get_by_role("region", name="Permission")
        expect(question).to_be_visible()
        labels = question.get_by_role("group", name="Answer").get_by_role("button").all_text_contents()
        assert len(labels) == len(NAMES) + 3
        assert "" not in labels
        expect_harmless(chat, notebook)
        chat.button("Remove from the queue: " + HTML[3]).click()
        chat.button("Allow once").click()
        chat.expect_status("Ready")
        expect_harmless(chat, notebook)

        chat.root.press("Control+f")
        chat.root.get_by_role("searchbox", name="Find in the chat").fill("<img src=x")
        expect(chat.root.get_by_role("search").get_by_role("status")).to_contain_text(" of ")
        expect_harmless(chat, notebook)
        page.keyboard.press("Escape")
        chat.button("Sessions").click()
        menu = chat.root.get_by_role("dialog", name="Sessions")
        menu.get_by_role("searchbox").fill("onerror")
        expect(menu.get_by_role("listitem")).to_have_count(1)
        expect_harmless(chat, notebook)
        page.keyboard.press("Escape")

        assert page.title() == title
        assert page.url.startswith(notebook.server.url)
        assert set(page.evaluate(SHOWN)) - around == {KATEX}

        menu = chat.root.get_by_role("dialog", name="Sessions")
        chat.button("Sessions").click()
        menu.get_by_role("button", name="HTML", exact=True).click()
        expect(chat.root.locator(".goose-remark")).to_contain_text("Exported to")
        notebook.save()
    (exported,) = notebook.folder.glob("*.html")
    with opened(page, exported) as asked:
        expect(page.get_by_text("The end of the corpus.").last).to_be_visible()
        assert audit(page.locator("body"), EXPORT, "noopener", "noreferrer") == ""
        assert page.locator("script").count() == 0
    assert asked == []
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", "--output", "converted.html", "notebook.ipynb"]
    subprocess.run(convert, cwd=notebook.folder, check=True, capture_output=True)
    with opened(page, notebook.folder / "converted.html") as asked:
        expect(page.locator(".goose-static").get_by_text("The end of the corpus.").last).to_be_visible()
        assert audit(page.locator(".goose-static"), PRINTOUT, "noopener", "noreferrer") == ""
    assert {urlsplit(address).hostname for address in asked} <= NBCONVERT


def test_a_problem_is_shown_and_does_nothing(
    hostile: Elsewhere[HostileServer], open_notebook: OpenNotebook, page: Page
) -> None:
    texts = "\n\n".join([*HTML, *(f"[x]({each}) ![x]({each})" for each in ADDRESSES), *MATHS])
    hostile.server.refuse_new = texts
    with watched(page):
        notebook = open_notebook(CHAT.format(f"GooseChat(server={hostile.server.url!r}, token='k')"))
        notebook.run(0)
        chat = ChatView(notebook.output(0))
        chat.expect_status("Not connected")
        banner = chat.root.locator("[data-problem]")
        expect(banner).to_contain_text(HTML[3])
        expect_harmless(chat, notebook)
        hostile.server.refuse_new = f"Failed to resolve provider: {texts}"
        chat.button("Retry").click()
        banner.locator("summary").click()
        expect(banner.locator("pre")).to_contain_text(HTML[3])
        expect_harmless(chat, notebook)


@contextmanager
def opened(page: Page, file: Path) -> Iterator[list[str]]:
    """A file in a page without a network, and what it would have asked for."""
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort("blockedbyclient")

    page.goto("about:blank")  # JupyterLab asks its server now and then, also while it is left
    page.route(re.compile("^(http|ws)"), refuse)
    with watched(page, errors=False):
        page.goto(file.as_uri())
        yield asked


def complete(chat: ChatView, text: str) -> None:
    """Lets the chat complete it."""
    field = chat.root.locator(".goose-field textarea")
    field.fill(text)
    expect(chat.root.locator(".goose-completions").get_by_role("option").first).to_be_visible()
