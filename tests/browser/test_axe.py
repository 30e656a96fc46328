"""axe-core finds nothing at level AA, whatever the chat shows, in every theme of JupyterLab."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from browser.chat import ChatView, OpenChat
from browser.conftest import picture
from browser.everything import show_everything
from browser.test_theme import choose_theme
from support.installed import ROOT

AXE = ROOT / "js/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
THEMES = {"JupyterLab Light": "light", "JupyterLab Dark": "dark", "JupyterLab Dark High Contrast": "dark"}


def violations(chat: ChatView) -> list[str]:
    """What axe-core finds in the chat: rule, element, and what to do."""
    page = chat.root.page
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found: Any = chat.root.evaluate(
        "(root, tags) => axe.run(root, {runOnly: tags, rules: {'target-size': {enabled: true}}})", TAGS
    )
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}, "axe has looked at nothing"
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def test_axe_finds_nothing_at_level_aa(open_chat: OpenChat, page: Page) -> None:
    # All of it in sight: what is scrolled away is not looked at.
    page.set_viewport_size({"width": 1280, "height": 4000})
    notebook, chat = show_everything(open_chat, height=3400)
    assert chat.log.evaluate("it => it.scrollHeight <= it.clientHeight")
    for theme, kind in THEMES.items():
        choose_theme(notebook, theme)
        expect(chat.root).to_have_attribute("data-theme", kind)
        assert violations(chat) == [], theme
        chat.root.screenshot(path=picture("everything", theme))
        chat.button("Sessions").click()
        expect(chat.root.get_by_role("dialog")).to_be_visible()
        expect(chat.root.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
        assert violations(chat) == [], f"the menu in {theme}"
        chat.root.screenshot(path=picture("menu", theme))
        page.keyboard.press("Escape")
    notebook.restart()
    chat.beat()
    chat.expect_status("Kernel not answering")
    for theme in THEMES:
        choose_theme(notebook, theme)
        assert violations(chat) == [], f"the banner in {theme}"
    choose_theme(notebook, "JupyterLab Light")  # it is a setting, of other tests' pages too
