"""What a saved notebook keeps of a chat: hidden beside the live one, readable where there is no kernel."""

from __future__ import annotations

import contextlib
import re

import nbformat
import nbformat.reader
import pytest
from playwright.sync_api import Locator, Page, expect

from browser.chat import ChatView, OpenChat
from support import installed
from support.jupyter import Front, Notebook, Server
from support.poll import until

SAY = "say: Here is **code**:\n\n```python\nprint('a < b')\n```"


def printout(notebook: Notebook) -> Locator:
    return notebook.output(0).locator(".goose-static")


def outputs(notebook: Notebook) -> Locator:
    return notebook.output(0).locator(".jp-OutputArea-child")


def end_kernel(server: Server, notebook: Notebook) -> None:
    (session,) = (each for each in server.api("GET", "sessions") if each["path"] == notebook.path)
    server.api("DELETE", f"sessions/{session['id']}")


def expect_in_file(notebook: Notebook, html: str) -> None:
    """Saves, and waits until the conversation in the file has it."""

    def is_there() -> bool:
        with contextlib.suppress(nbformat.reader.NotJSONError):  # while the file is being written
            cell = nbformat.read(notebook.server.root / notebook.path, as_version=4).cells[0]
            return html in cell.outputs[1].data["text/html"]
        return False

    notebook.save()
    until(is_there)


@pytest.mark.parametrize("kernel", ["python3", "python3-ipykernel6"])
@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_beside_a_live_chat_it_is_not_there_and_its_update_leaves_the_chat_alone(
    open_chat: OpenChat, kernel: str, front: Front
) -> None:
    notebook, chat = open_chat("print('another cell')", kernel=kernel, front=front)
    chat.root.evaluate("root => root.kept = true")
    chat.send("slow: 30 40")
    chat.composer.fill("a draft")
    expect(printout(notebook)).to_contain_text("word29")
    expect(chat.composer).to_have_value("a draft")
    expect(chat.composer).to_be_focused()
    assert chat.root.evaluate("root => root.kept")
    expect(printout(notebook)).to_be_hidden()
    assert outputs(notebook).evaluate_all("all => all.map(each => each.offsetHeight > 0)") == [True, False]
    assert notebook.output(0).evaluate("area => area.offsetHeight") - chat.root.evaluate("e => e.offsetHeight") < 12
    notebook.run(1)
    expect(notebook.output(1)).to_have_text("another cell")
    expect(outputs(notebook)).to_have_count(2)


def expect_readable(notebook: Notebook) -> None:
    expect(printout(notebook)).to_be_visible()
    expect(printout(notebook).locator("pre code", has_text="print('a < b')")).to_be_visible()
    expect(printout(notebook).get_by_text("Here is code:")).to_be_visible()


def test_a_reopened_notebook_is_readable(open_chat: OpenChat, server: Server, page: Page) -> None:
    notebook, chat = open_chat()
    chat.ask(SAY, "print")
    expect(printout(notebook)).to_contain_text("print")
    notebook.save()

    end_kernel(server, notebook)
    notebook.reload()  # a new kernel, which knows nothing of the chat
    expect_readable(notebook)
    expect(outputs(notebook).first).to_have_text("Error displaying widget: model not found")
    expect(outputs(notebook).first).to_be_hidden()

    use_no_kernel(notebook)
    page.reload()
    expect_readable(notebook)
    expect(outputs(notebook).first).to_have_text(re.compile("Loading widget|model not found"))
    expect(outputs(notebook).first).to_be_hidden()

    # Sent to somebody whose JupyterLab does not trust it.
    file = nbformat.read(server.root / notebook.path, as_version=4)
    file.cells.append(nbformat.v4.new_code_cell("from = 'elsewhere'"))
    nbformat.write(file, server.root / notebook.path)
    notebook.reload()
    expect(outputs(notebook).first).to_have_text("GooseChat")
    expect_readable(notebook)
    expect(printout(notebook).locator("style")).to_have_count(0)


def use_no_kernel(notebook: Notebook) -> None:
    notebook.page.locator(".jp-Toolbar-kernelName").click()
    dialog = notebook.page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option("No Kernel")
    dialog.get_by_role("button", name="Select").last.click()
    expect(notebook.page.locator(".jp-Toolbar-kernelName")).to_have_text("No Kernel")
    notebook.save()


def test_a_live_chat_hides_no_other_conversation(open_chat: OpenChat, server: Server) -> None:
    notebook, chat = open_chat("chat", "another = 1")
    chat.ask(SAY, "print")
    notebook.write(2, "import IPython; IPython.display.HTML('<div class=\"goose-static\">Another, not live.</div>')")
    notebook.run(2)
    expect(notebook.output(2).get_by_text("Another, not live.")).to_be_visible()
    notebook.run(1)  # a second view of the same chat
    second = ChatView(notebook.output(1))
    expect(second.root).to_be_visible()
    second.ask("say: for both", "for both")
    for index in (0, 1):
        expect(notebook.output(index).locator(".goose-static")).to_contain_text("for both")
        expect(notebook.output(index).locator(".goose-static")).to_be_hidden()


@pytest.mark.parametrize("front", ["lab", "notebook"])
def test_a_page_that_was_reloaded_saves_what_is_said_then(open_chat: OpenChat, front: Front) -> None:
    notebook, chat = open_chat(front=front)
    chat.ask("say: one", "one")
    notebook.save()
    notebook.reload()
    expect(chat.items("user")).to_have_count(1)
    chat.ask("say: two & three", "two & three")
    expect(printout(notebook)).to_contain_text("two & three")
    expect_in_file(notebook, "two &amp; three")

    chat.send("slow: 20 40")
    notebook.reload()  # the turn ends while no page is there, or just after
    expect(printout(notebook)).to_contain_text("word19")
    expect(printout(notebook)).to_be_hidden()
    expect_in_file(notebook, "word19")


def test_in_a_front_end_that_is_not_jupyters_a_live_chat_hides_it_too(page: Page) -> None:
    style = (installed.ROOT / "goose_widget/static/widget.css").read_text(encoding="utf-8")
    page.set_content(f"<style>{style}</style><div id=chat></div><div class=goose-static>Said.</div>")
    expect(page.get_by_text("Said.")).to_be_visible()
    page.evaluate("chat.className = 'goose-widget'")
    expect(page.get_by_text("Said.")).to_be_hidden()
