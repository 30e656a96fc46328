"""The chat follows JupyterLab's themes. Pictures for people are left in test-results/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from browser.chat import ChatView, OpenChat, SharedChat
from browser.conftest import picture
from support.jupyter import Notebook

pytestmark = pytest.mark.one_page

COLOURS = (Path(__file__).parent / "colours.js").read_text()


FOUND = ["::highlight(goose-found)", "::highlight(goose-found-here)"]


def contrast(element: Locator, mark: str | None = None) -> float:
    """Contrast of text to what is behind it, as WCAG 2 counts it: 4.5 or more is readable (AA).

    Args:
        element: where it is.
        mark: the pseudo-element that it is in.
    """
    return float(element.evaluate(COLOURS, mark)["contrast"])


def background(element: Locator, mark: str | None = None) -> str:
    return str(element.evaluate(COLOURS, mark)["background"])


def choose_theme(notebook: Notebook, name: str) -> None:
    page = notebook.page
    page.get_by_role("menuitem", name="Settings").click()
    page.locator("[role=menu] [data-type=submenu]").filter(has_text=re.compile("^Theme$")).hover()
    page.locator("[data-command='apputils:change-theme']").filter(has_text=name).first.click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", name)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)


def texts(chat: ChatView) -> dict[str, Locator]:
    """What must be readable."""
    agent = chat.items("agent").first
    return {
        "reply": agent.locator("p").first,
        "link": agent.get_by_role("link").first,
        "code": agent.locator("pre code").first,
        "keyword": agent.locator(".hljs-keyword").first,
        "string": agent.locator(".hljs-string").first,
        "prompt": chat.items("user").first.get_by_text("markdown"),
        "tool": chat.last("tool").get_by_text("Waiting for you"),
        "question": chat.last("tool").get_by_text("goose asks to run"),
        "Allow once": chat.button("Allow once"),
        "Reject once": chat.button("Reject once"),
        "status": chat.status,
        "session id": chat.root.locator("header code"),
        "composer": chat.composer,
        "Stop": chat.button("Stop"),
        "hint": chat.root.get_by_text("Enter to queue"),
    }


def test_both_themes_are_readable(open_chat: OpenChat) -> None:
    notebook, chat = open_chat(chat="GooseChat(mode='approve', height=760)")
    chat.ask("markdown", "The end.")
    chat.send("shell: echo 'a question' | tr a-z A-Z")
    expect(chat.button("Allow once")).to_be_visible()
    chat.open_find()
    seen = {}
    for name in ("JupyterLab Light", "JupyterLab Dark"):
        choose_theme(notebook, name)
        expect(chat.root).to_have_attribute("data-theme", name.split()[-1].lower())
        chat.root.screenshot(path=picture("theme", name))
        seen[name] = background(texts(chat)["reply"])
        poor = {what: round(contrast(text), 2) for what, text in texts(chat).items() if contrast(text) < 4.5}
        assert poor == {}, name
        reply = texts(chat)["reply"]
        for mark in FOUND:
            seen[f"{name} {mark}"] = background(reply, mark)
            assert contrast(reply, mark) >= 4.5, (name, mark)
    choose_theme(notebook, "JupyterLab Light")
    assert len(set(seen.values())) == 6, seen


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_sticks_out_sideways(shared_chat: SharedChat, width: int) -> None:
    notebook, chat = shared_chat
    notebook.page.set_viewport_size({"width": width, "height": 900})
    chat.ask("markdown", "The end.")
    chat.ask(f"shell: echo {'x' * 400}", "xxx")
    chat.unfold(chat.last("tool"))
    chat.root.screenshot(path=picture("width", str(width)))
    assert chat.root.evaluate("it => it.scrollWidth <= it.clientWidth")
    assert chat.log.evaluate("it => it.scrollWidth <= it.clientWidth")
    notebook.page.set_viewport_size({"width": 1280, "height": 900})
