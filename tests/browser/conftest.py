"""For all of these tests one scripted model, one Jupyter server and one browser; for each a notebook and a page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect, sync_playwright

from browser.chat import CHAT, ChatView, OpenChat, OpenNotebook
from support import browser as browsers
from support import installed
from support.goose import PATIENCE, goose_environment
from support.jupyter import TIMEOUT, Front, Notebook, Server, jupyter_server
from support.model import Json, Reply, ScriptedModel, current_turn, is_title_request, reply_to

HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()
RESULTS = installed.ROOT / "test-results"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(240 * PATIENCE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Takes a picture of every page of a test that has failed, while they are still open."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    context = getattr(item, "funcargs", {}).get("context")
    if call.when == "call" and report.failed and context is not None:
        for number, page in enumerate(context.pages):
            page.screenshot(path=picture(item.name, f"failed-{number}"))
    return report


def picture(*words: str) -> Path:
    """Where a screenshot goes."""
    return RESULTS / (re.sub(r"\W+", "-", "-".join(words)).strip("-") + ".png")


@pytest.fixture(scope="package")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(script=script) as model:
        yield model


def script(request: Json) -> Reply:
    """As ever, and `ponder`: thinks for about two seconds."""
    if current_turn(request.get("messages", []))[0] == "ponder" and not is_title_request(request):
        return Reply(thought=[f"thought{n} " for n in range(40)], text=["It is so."], pause=0.05)
    return reply_to(request)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, model: ScriptedModel) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("jupyter")
    with jupyter_server(folder / "server", goose_environment(folder / "goose", model.url)) as server:
        yield server


@pytest.fixture(scope="package")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One for all pages: what they load, JupyterLab above all, is cached, and with a folder it is compiled once too."""
    # Not for the session: while Playwright runs, no other event loop can run on this thread.
    with sync_playwright() as playwright:
        options = browsers.launch_options()
        options["args"] = [*options["args"], "--no-sandbox", "--disable-gpu"]
        options["viewport"] = {"width": 1280, "height": 900}
        with playwright.chromium.launch_persistent_context(tmp_path_factory.mktemp("browser"), **options) as context:
            context.set_default_timeout(TIMEOUT)
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            expect.set_options(timeout=TIMEOUT)
            yield context


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page, of its module where that is marked `one_page`: half of what a test takes is JupyterLab's loading."""
    if request.node.get_closest_marker("one_page"):
        yield request.getfixturevalue("module_page")
    else:
        with new_page(context) as page:
            yield page


@pytest.fixture(scope="module")
def module_page(context: BrowserContext) -> Iterator[Page]:
    with new_page(context) as page:
        yield page


@contextmanager
def new_page(context: BrowserContext) -> Iterator[Page]:
    """A page; whoever uses it fails if it asks anyone outside of this machine for anything."""
    outside: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: outside.append(request.url) if is_outside(request.url) else None)

    def forget_blocked(request: Request) -> None:
        # What a content security policy blocks, or a test itself, is never sent.
        why = request.failure or ""
        if (why == "csp" or "BLOCKED_BY_CLIENT" in why) and request.url in outside:
            outside.remove(request.url)

    page.on("requestfailed", forget_blocked)
    yield page
    page.close()
    assert outside == []


def is_outside(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost")


@pytest.fixture
def open_notebook(server: Server, page: Page, request: pytest.FixtureRequest) -> Iterator[OpenNotebook]:
    """Opens a notebook with the given cells in a folder of its own, its kernel running."""
    with ExitStack() as stack:

        def open_notebook(*cells: str, kernel: str = "python3", front: Front = "lab") -> Notebook:
            path = server.write(f"{new_folder(request.node.name)}/notebook.ipynb", [*cells, ""], kernel=kernel)
            stack.enter_context(server.kernel(path, name=kernel))
            notebook = Notebook(server, page, path, front)
            notebook.open()
            if front == "lab" and request.node.get_closest_marker("one_page"):
                stack.callback(notebook.close)
            return notebook

        yield open_notebook


def new_folder(name: str) -> str:
    return f"{re.sub(r'[^a-z]+', '-', name)[:40]}-{secrets.token_hex(2)}"


@pytest.fixture
def open_chat(open_notebook: OpenNotebook) -> OpenChat:
    """Opens a notebook whose first cell shows a chat, runs that cell, and waits until the chat is ready."""

    def open_chat(*more: str, chat: str = "GooseChat()", **options: Any) -> tuple[Notebook, ChatView]:
        notebook = open_notebook(CHAT.format(chat), *more, **options)
        return notebook, show_chat(notebook)

    return open_chat


def show_chat(notebook: Notebook) -> ChatView:
    """Runs the first cell and waits until its chat is ready."""
    notebook.run(0)
    chat = ChatView(notebook.output(0))
    chat.expect_status("Ready")
    return chat


class Shared:
    """A chat that several tests use one after another, because to open one takes seconds."""

    def __init__(self, server: Server, context: BrowserContext) -> None:
        self.server, self.context = server, context
        self.stack = ExitStack()
        self.opened: tuple[Notebook, ChatView] | None = None

    def get(self) -> tuple[Notebook, ChatView]:
        if self.opened is None:
            path = self.server.write(f"{new_folder('shared')}/notebook.ipynb", [CHAT.format("GooseChat()"), ""])
            self.stack.enter_context(self.server.kernel(path))
            notebook = Notebook(self.server, self.stack.enter_context(new_page(self.context)), path)
            notebook.open()
            self.opened = notebook, show_chat(notebook)
        return self.opened

    def close(self) -> None:
        self.opened = None
        self.stack.close()


@pytest.fixture(scope="package")
def shared(server: Server, context: BrowserContext) -> Iterator[Shared]:
    shared = Shared(server, context)
    yield shared
    shared.close()


@pytest.fixture
def shared_chat(shared: Shared, request: pytest.FixtureRequest) -> Iterator[tuple[Notebook, ChatView]]:
    """A notebook and its chat, both used before; new ones after a failure."""
    notebook, chat = shared.get()
    notebook.page.bring_to_front()
    chat.choose_mode("auto")
    yield notebook, chat
    if request.node.stash.get(FAILED, False):
        shared.close()
