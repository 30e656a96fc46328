"""The chat in marimo, which shows widgets in shadow roots and has its own way of sending their messages."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from browser.chat import ChatView
from support.goose import free_port, goose_environment
from support.jupyter import TIMEOUT, end
from support.poll import until

NOTEBOOK = """\
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from goose_widget import GooseChat

    mo.ui.anywidget(GooseChat(server="demo", mode="smart_approve"))
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[str]:
    """The address of the notebook as marimo serves it, dark; nothing of the user is read, nobody asked."""
    (tmp_path / "app.py").write_text(NOTEBOOK)
    (tmp_path / "pyproject.toml").write_text('[tool.marimo.display]\ntheme = "dark"\n')
    environment = goose_environment(tmp_path, "", MARIMO_SKIP_UPDATE_CHECK="1", GOOSE_WIDGET_DEMO_PACE="0")
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    port = free_port()
    command = [sys.executable, "-m", "marimo", "run", "--headless", "--no-token", "--host", "127.0.0.1"]
    with (tmp_path / "marimo.log").open("wb") as log:
        process = psutil.Popen(
            [*command, "--port", str(port), "app.py"],
            cwd=tmp_path,
            env=environment | kept,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: process.poll() is not None or answers(port), 30)
        assert process.poll() is None, (tmp_path / "marimo.log").read_text()
        yield f"http://127.0.0.1:{port}/"
    finally:
        end(process)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_marimo_shows_the_chat_and_carries_its_messages(app: str, page: Page) -> None:
    page.goto(app)
    chat = ChatView(page.locator("body"))
    expect(chat.root).to_be_visible(timeout=4 * TIMEOUT)
    chat.expect_status("Ready")
    assert chat.root.evaluate("root => root.getRootNode() instanceof ShadowRoot")
    expect(chat.root).to_have_attribute("data-theme", "dark")

    chat.send("/markdown ")  # with a space there is nothing to complete
    chat.expect_status("Ready")
    message = chat.items("agent").first
    expect(message.locator(".hljs-keyword").first).to_have_text("import")
    formula = message.locator(".katex-display .mfrac, .katex .msupsub").first
    expect(formula).to_be_visible()
    assert message.locator(".katex-mathml").first.evaluate("it => getComputedStyle(it).position") == "absolute"
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('12px KaTeX_Main'))")

    chat.send("/edit ")
    chat.button("Allow once").click()
    chat.expect_status("Ready")
    expect(chat.items("tool").last).to_have_attribute("data-status", "completed")
