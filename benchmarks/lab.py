"""A real JupyterLab and a real browser to measure in, without anything of the user's."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from support import browser as browsers
from support.jupyter import TIMEOUT, Notebook, Server, jupyter_server

from .feed import Feed
from .quiet import Machine


@dataclass(frozen=True)
class Lab:
    """Where things are measured.

    Attributes:
        feed: the agent, and the pages to compare with.
        settings: the folder of JupyterLab's settings.
        machine: on which all of it is.
    """

    server: Server
    context: BrowserContext
    feed: Feed
    settings: Path
    machine: Machine

    @contextlib.contextmanager
    def page(self) -> Iterator[Page]:
        """A page, which is closed even if it does not answer any more."""
        page = self.context.new_page()
        page.set_default_timeout(TIMEOUT)
        try:
            yield page
        finally:
            page.close()

    @contextlib.contextmanager
    def notebook(self, *cells: str) -> Iterator[Notebook]:
        """A notebook with these cells open in a page, its kernel running. `{feed}` in a cell is the agent's address."""
        address = f"127.0.0.1:{self.feed.port}"
        path = f"{secrets.token_hex(4)}/notebook.ipynb"
        self.server.write(path, [cell.replace("{feed}", address) for cell in cells])
        with self.server.kernel(path), self.page() as page:
            notebook = Notebook(self.server, page, path)
            notebook.open()
            yield notebook


@contextlib.contextmanager
def open_lab(folder: Path, patience: float = 0) -> Iterator[Lab]:
    """Start it all.

    Args:
        folder: for its files.
        patience: seconds that may be waited for the machine.
    """
    home = folder / "home"
    home.mkdir(parents=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    environment = {**kept, "HOME": str(home), "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    with Feed() as feed, jupyter_server(folder / "server", environment) as server, sync_playwright() as playwright:
        options = browsers.launch_options()
        # The heap is measured after a collection.
        options["args"] = [*options["args"], "--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc"]
        with playwright.chromium.launch(**options) as browser:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            expect.set_options(timeout=TIMEOUT)
            yield Lab(server, context, feed, folder / "server" / "settings", Machine(patience))
