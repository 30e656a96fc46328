"""What is wrong with the server is told with what to do, and mended without running the cell again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.chat import CHAT, ChatView, OpenNotebook
from support.goose import free_port, goose_environment, goose_serve
from support.jupyter import Notebook
from support.model import ScriptedModel

pytestmark = pytest.mark.one_page


def show(notebook: Notebook, problem: str) -> ChatView:
    """Runs the first cell and expects the chat to tell a problem."""
    notebook.run(0)
    chat = ChatView(notebook.output(0))
    chat.expect_status("Offline" if problem in ("refused", "crashed") else "Not connected")
    expect(chat.root.locator(f"[data-problem={problem}]")).to_be_visible()
    return chat


def retry(notebook: Notebook, chat: ChatView) -> None:
    chat.button("Retry").click()
    chat.expect_status("Ready")
    expect(chat.root.locator("[data-problem]")).to_have_count(0)
    chat.ask("say: it works now", "it works now")
    expect(notebook.prompt(0)).to_have_text("[1]:")


def test_no_goose(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        "import os\ngoose = os.environ['GOOSE_BIN']\nos.environ['GOOSE_BIN'] = '/no/such/goose'\n"
        + CHAT.format("GooseChat()"),
        "os.environ['GOOSE_BIN'] = goose",
    )
    chat = show(notebook, "no-goose")
    expect(chat.root).to_contain_text("GOOSE_BIN is '/no/such/goose', which is no program")
    chat.button("Retry").click()
    expect(chat.root).to_contain_text("GOOSE_BIN is '/no/such/goose', which is no program")
    chat.composer.fill("kept")
    notebook.run(1)
    chat.button("Retry").click()
    chat.expect_status("Ready")
    expect(chat.composer).to_have_value("kept")
    chat.composer.press("Enter")
    expect(chat.last("agent")).to_contain_text("kept")


def test_without_goose_the_demo_is_offered_and_never_taken_unasked(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        "import os\ndel os.environ['GOOSE_BIN']\nos.environ['PATH'] = '/no/such/folder'\n" + CHAT.format("GooseChat()"),
        "print(chat.server)",
    )
    chat = show(notebook, "no-goose")
    expect(chat.root).to_contain_text("goose was not found on this computer.")
    notebook.run(1)
    expect(notebook.output(1)).to_have_text("")
    chat.button("Try the demo").click()
    chat.expect_status("Ready")
    expect(chat.root.locator("[data-problem]")).to_have_count(0)
    chat.ask("hello", "I am the demo of this chat: a script, no model.")
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("the demo")


def test_no_provider(open_notebook: OpenNotebook, tmp_path: Path) -> None:
    notebook = open_notebook(
        f"import os\nos.environ['GOOSE_PATH_ROOT'] = {str(tmp_path)!r}\n"
        "del os.environ['GOOSE_PROVIDER'], os.environ['GOOSE_MODEL']\n" + CHAT.format("GooseChat()")
    )
    chat = show(notebook, "no-provider")
    expect(chat.root).to_contain_text("Run goose configure in a terminal")
    config = tmp_path / "config/config.yaml"
    config.parent.mkdir(exist_ok=True)
    config.write_text("GOOSE_PROVIDER: openai\nGOOSE_MODEL: scripted\n")
    retry(notebook, chat)


def test_nothing_answers(open_notebook: OpenNotebook, model: ScriptedModel, tmp_path: Path) -> None:
    port = free_port()
    notebook = open_notebook(CHAT.format(f"GooseChat(server='http://127.0.0.1:{port}', token='right')"))
    chat = show(notebook, "refused")
    expect(chat.root).to_contain_text(f"No goose server answers at http://127.0.0.1:{port}")
    with goose_serve(goose_environment(tmp_path, model.url), port=port, key="right"):
        retry(notebook, chat)


def test_wrong_key(open_notebook: OpenNotebook, model: ScriptedModel, tmp_path: Path) -> None:
    environment = goose_environment(tmp_path, model.url)
    with goose_serve(environment, key="another") as goose:
        notebook = open_notebook(CHAT.format(f"GooseChat(server={goose.url!r}, token='right')"))
        chat = show(notebook, "wrong-key")
        expect(chat.root).to_contain_text("refused the key")
    with goose_serve(environment, port=goose.port, key="right"):
        retry(notebook, chat)


def test_a_server_without_acp(open_notebook: OpenNotebook, model: ScriptedModel, tmp_path: Path) -> None:
    with web_server() as port:
        notebook = open_notebook(CHAT.format(f"GooseChat(server='http://127.0.0.1:{port}', token='right')"))
        chat = show(notebook, "too-old")
        expect(chat.root).to_contain_text("has no /acp")
    with goose_serve(goose_environment(tmp_path, model.url), port=port, key="right"):
        retry(notebook, chat)


@contextmanager
def web_server() -> Iterator[int]:
    """A web server that is no goose; yields its port."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
