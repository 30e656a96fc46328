"""One goose with a scripted model, one Jupyter server and one browser for all of these tests; a notebook and a page for each."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from browser.chat import CHAT, ChatView, OpenChat
from support import browser as browsers
from support import installed
from support.goose import PATIENCE, goose_environment
from support.jupyter import TIMEOUT, Front, Notebook, Server, jupyter_server
from support.model import Json, Reply, ScriptedModel, current_turn, is_title_request, reply_to

HERE = Path(__file__).parent
RESULTS = installed.ROOT / "test-results"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(240 * PATIENCE))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Takes a picture of every page of a test that has failed, while they are still open."""
    report = yield
    if call.when == "call" and report.failed and "context" in getattr(item, "funcargs", {}):
        for number, page in enumerate(item.funcargs["context"].pages):
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
def context() -> Iterator[BrowserContext]:
    """One for all pages: what they load, JupyterLab above all, is cached."""
    # Not for the session: while Playwright runs, no other event loop can run on this thread.
    with sync_playwright() as playwright:
        options = browsers.launch_options()
        with playwright.chromium.launch(**{**options, "args": [*options["args"], "--no-sandbox", "--disable-gpu"]}) as it:
            context = it.new_context(viewport={"width": 1280, "height": 900})
            context.set_default_timeout(TIMEOUT)
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            expect.set_options(timeout=TIMEOUT)
            yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page; the test fails if it asks anyone outside of this machine for anything."""
    outside: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: outside.append(request.url) if is_outside(request.url) else None)
    yield page
    page.close()
    assert outside == []


def is_outside(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("127.0.0.1", "localhost")


@pytest.fixture
def open_notebook(server: Server, page: Page, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Opens a notebook with the given cells in a folder of its own, its kernel running."""
    with ExitStack() as stack:

        def open_notebook(*cells: str, kernel: str = "python3", front: Front = "lab") -> Notebook:
            folder = f"{re.sub(r'[^a-z]+', '-', request.node.name)[:40]}-{secrets.token_hex(2)}"
            path = server.write(f"{folder}/notebook.ipynb", [*cells, ""], kernel=kernel)
            stack.enter_context(server.kernel(path, name=kernel))
            notebook = Notebook(server, page, path, front)
            notebook.open()
            return notebook

        yield open_notebook


@pytest.fixture
def open_chat(open_notebook: Callable[..., Notebook]) -> OpenChat:
    """Opens a notebook whose first cell shows a chat, runs that cell, and waits until the chat is ready."""

    def open_chat(*more: str, chat: str = "GooseChat()", **options: str) -> tuple[Notebook, ChatView]:
        notebook = open_notebook(CHAT.format(chat), *more, **options)
        notebook.run(0)
        view = ChatView(notebook.output(0))
        view.expect_status("Ready")
        return notebook, view

    return open_chat
