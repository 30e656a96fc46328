"""The output that a saved notebook keeps: displayed once, then updated, from any thread and from any cell."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import sync_playwright

from goose_widget import saved
from goose_widget.saved import SavedOutput
from support import browser
from support.goose import PATIENCE, goose_settings
from support.html import parse
from support.model import ScriptedModel

CELL = contextvars.ContextVar("CELL", default="the running one")


class Publisher:
    """Writes down what it is to display."""

    def __init__(self) -> None:
        self.published: list[tuple[dict[str, str], bool]] = []
        self.ids: set[str] = set()
        self.cells: list[str] = []
        self.error: Exception | None = None

    def publish(self, data: dict[str, str], *, transient: dict[str, str], update: bool) -> None:
        if self.error is not None:
            raise self.error
        self.published.append((data, update))
        self.ids.add(transient["display_id"])
        self.cells.append(CELL.get())


class Conversation:
    """What is printed; `version` is its length."""

    def __init__(self) -> None:
        self.text = ""
        self.threads: list[str] = []
        self.output = SavedOutput("id", self.bundle, lambda: len(self.text))

    def bundle(self) -> dict[str, str]:
        self.threads.append(threading.current_thread().name)
        return {"text/html": self.text.strip(), "text/plain": self.text.strip()}


def shown(text: str) -> dict[str, str]:
    return {"text/html": text, "text/plain": text}


async def test_nothing_is_printed_before_it_is_displayed() -> None:
    conversation = Conversation()
    await conversation.output.update()
    await conversation.output.update(again=True)
    assert conversation.threads == []


async def test_its_place_can_be_shown_first() -> None:
    conversation, publisher = Conversation(), Publisher()
    conversation.output.display(publisher, later=True)
    await conversation.output.update()
    assert publisher.published == [({"text/plain": ""}, False), (shown(""), True)]
    assert publisher.ids == {"id"}


async def test_it_is_updated_when_something_is_new_and_off_the_loop() -> None:
    conversation, publisher = Conversation(), Publisher()
    conversation.output.display(publisher)
    await conversation.output.update()
    conversation.text = "one"
    await conversation.output.update()
    await conversation.output.update()
    assert publisher.published == [(shown(""), False), (shown("one"), True)]
    assert publisher.ids == {"id"}
    assert len(conversation.threads) == 2
    assert conversation.threads[1] != threading.current_thread().name


async def test_what_prints_the_same_is_not_sent_again_unless_a_page_has_missed_it() -> None:
    conversation, publisher = Conversation(), Publisher()
    conversation.output.display(publisher)
    conversation.text = " "  # an entry that is not shown
    await conversation.output.update()
    assert len(publisher.published) == 1
    await conversation.output.update(again=True)
    assert publisher.published[1:] == [(shown(""), True)]


async def test_an_update_belongs_to_the_running_cell_not_to_the_one_that_began_the_work() -> None:
    conversation, publisher = Conversation(), Publisher()
    conversation.output.display(publisher)
    CELL.set("an earlier one")
    conversation.text = "one"
    await conversation.output.update()
    assert publisher.cells == ["the running one"] * 2


async def test_what_goes_wrong_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    conversation, publisher = Conversation(), Publisher()
    conversation.output.display(publisher)
    publisher.error, conversation.text = OSError("gone"), "one"
    with caplog.at_level(logging.ERROR, "goose_widget.saved"):
        await conversation.output.update()
    assert "could not be brought up to date" in caplog.text
    publisher.error, conversation.text = None, "more"
    await conversation.output.update()
    assert publisher.published[-1] == (shown("more"), True)


async def test_a_process_that_exits_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = Conversation()
    conversation.output.display(Publisher())

    def refuse(*arguments: Any) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    conversation.text = "one"
    monkeypatch.setattr(threading.Thread, "start", refuse)
    await conversation.output.update()


async def test_updates_that_come_meanwhile_take_one_thread_and_never_hold_the_exit() -> None:
    conversation, publisher = Conversation(), Publisher()
    conversation.output.display(publisher)
    started, go_on = threading.Event(), threading.Event()
    is_daemon: list[bool] = []

    def publish(*_: Any, **__: Any) -> None:
        is_daemon.append(threading.current_thread().daemon)
        started.set()
        go_on.wait(10)

    publisher.publish = publish  # type: ignore[method-assign]
    conversation.text = "one"
    await asyncio.to_thread(str)  # asyncio's own thread is there
    before = threading.active_count()
    updates = [asyncio.create_task(conversation.output.update()) for _ in range(20)]
    await asyncio.to_thread(started.wait, 10)
    assert threading.active_count() <= before + 1
    go_on.set()
    await asyncio.gather(*updates)
    assert is_daemon == [True]


def test_without_a_kernel_there_is_nothing_to_display_with() -> None:
    assert saved.publisher() is None


# In real kernels.

CELLS = [
    "from goose_widget import GooseChat\nchat = GooseChat()\nchat",
    "_ = chat.ask('say: from a **cell**:\\n\\n```python\\nif a < b: ...\\n```')",
    "print('between')",
    "_ = await chat.ask_async('shell: echo awaited')",
    "async for event in chat.stream('say: <b>streamed</b>'): pass",
]


@pytest.fixture(params=["python3", "python3-ipykernel6"])
def executed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A notebook file that nbclient has run, its kernel gone; then the scripted model runs on for others."""
    with ScriptedModel() as model:
        for name, value in goose_settings(tmp_path / "goose", model.url).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        metadata = {"kernelspec": {"name": request.param, "display_name": request.param, "language": "python"}}
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, CELLS)), metadata=metadata)
        folder = tmp_path / "notebooks"
        folder.mkdir()
        NotebookClient(notebook, timeout=60 * PATIENCE, resources={"metadata": {"path": str(folder)}}).execute()
        nbformat.write(notebook, folder / "a.ipynb")
        yield folder / "a.ipynb"


def run(*command: str, folder: Path) -> str:
    """What `python -m …` prints, which must not fail."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100 * PATIENCE,
    )
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)
    return done.stdout


def nbval(notebook: Path) -> None:
    run("pytest", "-c", os.devnull, "-p", "no:cacheprovider", "--nbval", notebook.name, folder=notebook.parent)


@pytest.mark.timeout(240 * PATIENCE)
def test_an_executed_notebook_has_all_of_the_conversation_and_compares_as_equal(executed: Path) -> None:
    notebook = nbformat.read(executed, as_version=4)
    widget, printout = notebook.cells[0].outputs
    assert widget.data["text/plain"] == "GooseChat"
    text = parse(printout.data["text/html"]).text
    assert all(said in text for said in ("if a < b: ...", "✓ shell · echo awaited", "<b>streamed</b>"))
    assert "<b>streamed</b>" in printout.data["text/plain"]
    assert [len(cell.outputs) for cell in notebook.cells[1:]] == [0, 1, 0, 0]
    nbval(executed)
    printout.data["text/html"] = '<div class="goose-static">\nAnother conversation, of a user at a page.</div>'
    nbformat.write(notebook, executed)
    nbval(executed)


@pytest.mark.timeout(240 * PATIENCE)
def test_its_html_is_readable_offline(executed: Path) -> None:
    run("nbconvert", "--to", "html", executed.name, folder=executed.parent)
    with sync_playwright() as playwright, playwright.chromium.launch(**browser.launch_options()) as chromium:
        page = chromium.new_context(offline=True).new_page()
        page.goto(executed.with_suffix(".html").as_uri())
        printout = page.locator(".goose-static")
        assert printout.is_visible()
        assert printout.locator("pre code", has_text="if a < b: ...").is_visible()
        assert printout.get_by_text("<b>streamed</b>").last.is_visible()
        folded = printout.locator("pre", has_text="awaited").last
        assert not folded.is_visible()
        printout.get_by_text("✓ shell · echo awaited").click()
        assert folded.is_visible()
