"""The agent's Markdown, and what it must not do."""

from __future__ import annotations

from playwright.sync_api import Dialog, expect

from browser.chat import SharedChat, says


def test_code_is_coloured_and_copied(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    chat.ask("markdown", "The end.")
    code = chat.last("agent").locator("pre", has_text="def area")
    expect(code.locator(".hljs-keyword").first).to_have_text("def")
    expect(code).to_contain_text("# <b>not bold</b>")
    with says(chat.last("agent"), "Copied"):
        chat.last("agent").get_by_role("button", name="Copy code").first.click()
    copied = notebook.clipboard()
    assert copied.startswith("def area(radius: float) -> float:\n")
    assert copied.rstrip().endswith("return 3.14159 * radius**2  # <b>not bold</b>")


def test_markdown_becomes_headings_lists_tables_and_links(shared_chat: SharedChat) -> None:
    _, chat = shared_chat
    chat.ask("markdown", "The end.")
    page = chat.last("agent")
    expect(page.get_by_role("heading", name="A page of Markdown")).to_be_visible()
    expect(page.get_by_role("cell", name="709,000")).to_have_css("text-align", "right")
    expect(page.get_by_role("list").first.get_by_role("listitem").first).to_have_text("first")
    link = page.get_by_role("link", name="a link")
    expect(link).to_have_attribute("href", "https://example.org/")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_html_is_text_and_runs_nothing(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    notebook.page.on("dialog", dismiss)
    chat.ask('say: <img src=x onerror=alert(1)><b>loud</b> <script>alert("two")</script> end', "end")
    expect(chat.last("agent")).to_contain_text('<script>alert("two")</script>')
    expect(chat.last("agent")).to_contain_text("<b>loud</b>")
    expect(chat.last("agent").locator("img, script, b")).to_have_count(0)
    assert dialogs == []


def test_a_remote_image_is_not_loaded_unasked(shared_chat: SharedChat) -> None:
    notebook, chat = shared_chat
    asked: list[str] = []
    notebook.page.on("request", lambda request: asked.append(request.url))
    chat.ask("say: ![a chart](https://example.org/chart.png?secret=1) end", "end")
    expect(chat.last("agent").get_by_role("button", name="Show image from example.org")).to_be_visible()
    expect(chat.last("agent").get_by_role("img")).to_have_count(0)
    assert not [address for address in asked if "example.org" in address]
