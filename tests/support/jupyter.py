"""A real JupyterLab and Notebook 7 for browser tests, with nothing of the user's in it, and a notebook open in a page.

with jupyter_server(tmp_path, environment) as server:  # environment: of goose_environment
    path = server.write("a.ipynb", ["from goose_widget import GooseChat; GooseChat()"])
    with server.kernel(path), browser.new_page() as page:
        notebook = Notebook(server, page, path)
        notebook.open()
        notebook.run(0)
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nbformat
import psutil
from playwright.sync_api import Locator, Page, Response, expect

from support.goose import PATIENCE

Front = Literal["lab", "notebook"]

TIMEOUT = 15_000 * PATIENCE
"""Milliseconds that a page may take for anything that it should do soon."""

# No question and no news may cover the page under test.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"checkForUpdates": False, "fetchNews": "false"},
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
}

OPEN = "async (path) => void (await jupyterapp.commands.execute('filebrowser:open-path', { path }))"
CLOSE_ALL = """() => {
  for (const widget of [...jupyterapp.shell.widgets("main")]) {
    if (widget.context) widget.context.model.dirty = false;
    widget.close();
  }
}"""


@dataclass(frozen=True)
class Server:
    """A Jupyter server on loopback; JupyterLab is at /lab, Notebook 7 at /notebooks."""

    url: str
    token: str = field(repr=False)
    root: Path

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Calls the REST API, like `api("POST", "kernels/ID/interrupt")`."""
        request = urllib.request.Request(
            f"{self.url}api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30 * PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def write(self, path: str, cells: Sequence[str], *, kernel: str = "python3") -> str:
        """Writes a notebook of code cells below the root folder and returns its path."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, self.root / path)
        return path

    @contextlib.contextmanager
    def kernel(self, path: str, *, name: str = "python3") -> Iterator[None]:
        """Starts the kernel of a notebook while its page still loads, and ends it."""
        session = {"path": path, "name": Path(path).name, "type": "notebook", "kernel": {"name": name}}
        started = self.api("POST", "sessions", session)
        try:
            yield
        finally:
            with contextlib.suppress(urllib.error.HTTPError):
                self.api("DELETE", f"sessions/{started['id']}")

    def kernel_id(self, path: str) -> str:
        """The id of the notebook's kernel: a restart keeps it."""
        session = self._session(path)
        assert session is not None, f"{path} has no kernel"
        return str(session["kernel"]["id"])

    def _session(self, path: str) -> Any:
        return next((each for each in self.api("GET", "sessions") if each["path"] == path), None)

    def replace_silent_kernel(self, path: str) -> bool:
        """Waits until the notebook's kernel answers, if it has one. True: it did not, and there is another one.

        Jupyter picks free ports for a kernel, and another program may take them first. The server then never hears of
        the kernel, not even after it was restarted.
        """
        deadline = time.monotonic() + 15 * PATIENCE
        while session := self._session(path):
            kernel = session["kernel"]
            if kernel["execution_state"] != "starting":
                return False
            if time.monotonic() > deadline:
                self.api("PATCH", f"sessions/{session['id']}", {"kernel": {"name": kernel["name"]}})
                return True
            time.sleep(0.1)
        return False


@contextlib.contextmanager
def jupyter_server(folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Runs a Jupyter server and yields it when it answers; ends it with all that it has started.

    Args:
        folder: for its settings, its logs and its notebooks, which are in `folder / "notebooks"`.
        environment: of the server and so of its kernels; where Jupyter's own files are is added to it.
    """
    root, runtime = folder / "notebooks", folder / "runtime"
    root.mkdir(parents=True)
    for name, settings in SETTINGS.items():
        path = folder / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    token = secrets.token_hex(16)
    places = {
        "IPYTHONDIR": folder / "ipython",
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": runtime,
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
    }
    kept = {name: os.environ[name] for name in ("JUPYTER_PATH", "PYTHONPATH") if name in os.environ}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += ["--LabApp.expose_app_in_browser=True"]
    # In a container everyone is root; Jupyter then wants to be told that this is meant.
    command += [f"--ServerApp.root_dir={root}", *(["--allow-root"] if os.geteuid() == 0 else [])]
    log = folder / "server.log"
    with log.open("wb") as output:
        process = psutil.Popen(
            command,
            env={**environment, **kept, **{name: str(place) for name, place in places.items()}, "JUPYTER_TOKEN": token},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield wait_until_ready(process, runtime, token, root, log)
    finally:
        end(process)


def wait_until_ready(process: psutil.Popen, runtime: Path, token: str, root: Path, log: Path) -> Server:
    deadline = time.monotonic() + 60 * PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        # The server writes down its port, which it has chosen itself, when it listens.
        for written in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError, OSError):
                server = Server(json.loads(written.read_text())["url"], token, root)
                server.api("GET", "status")
                return server
        time.sleep(0.05)
    raise RuntimeError(f"the Jupyter server did not start:\n{log.read_text(errors='replace')}")


def end(process: psutil.Popen) -> None:
    """Ends a server with its kernels: politely, then whatever of them is left."""
    below = process.children(recursive=True) if process.poll() is None else []
    process.terminate()
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(15 * PATIENCE)
    for left in [*below, process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            left.kill()
    psutil.wait_procs([*below, process], timeout=10 * PATIENCE)


def is_saved(response: Response) -> bool:
    """Whether it answers the writing of a file."""
    return response.request.method == "PUT" and "/api/contents/" in response.url


class Notebook:
    """A notebook open in a page.

    Args:
        server: where it is.
        page: shows it.
        path: below the server's root.
        front: the program that shows it.
    """

    def __init__(self, server: Server, page: Page, path: str, front: Front = "lab") -> None:
        self.server, self.page, self.path, self.front = server, page, path, front
        self.cells = page.locator(".jp-Notebook .jp-Cell")
        self.indicator = page.locator(".jp-Notebook-ExecutionIndicator")
        self.reloaded = False

    @property
    def folder(self) -> Path:
        return (self.server.root / self.path).parent

    def open(self) -> None:
        """Opens it, in the JupyterLab that the page shows if it shows one."""
        if self.front == "lab" and self.page.url.startswith(f"{self.server.url}lab/"):
            self.page.evaluate(OPEN, self.path)
        else:
            # A workspace of its own: JupyterLab else opens what another test had open.
            place = f"lab/workspaces/{secrets.token_hex(4)}/tree" if self.front == "lab" else "notebooks"
            self.page.goto(f"{self.server.url}{place}/{self.path}?token={self.server.token}")
        while self.server.replace_silent_kernel(self.path):
            self._reload_page()
        self.wait_until_shown()

    def close(self) -> None:
        """Closes everything in this JupyterLab, unsaved."""
        if self.reloaded:
            # JupyterLab then opens it twice, for its workspace and for its address: closed in between, it comes back.
            self.page.goto("about:blank")
        else:
            self.page.evaluate(CLOSE_ALL)
            expect(self.cells).to_have_count(0)

    def wait_until_shown(self) -> None:
        """Waits until the page shows the cells and knows the kernel."""
        expect(self.cells.first).to_be_visible(timeout=4 * TIMEOUT)
        # The indicator alone is not enough: while there is no kernel at all, it is idle.
        expect(self.page.locator(".jp-Toolbar-kernelName")).not_to_have_text("No Kernel", timeout=4 * TIMEOUT)
        expect(self.indicator).to_have_attribute("data-status", re.compile("idle|busy"), timeout=4 * TIMEOUT)

    def cell(self, index: int) -> Locator:
        return self.cells.nth(index)

    def output(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-Cell-outputArea")

    def start(self, index: int) -> None:
        """Runs a cell and waits until it is running, or has run."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        expect(self.prompt(index)).to_have_text(re.compile(r"^\[(\*|\d+)\]:$"))

    def run(self, index: int) -> None:
        """Runs a cell and waits for its end."""
        before = self.prompt(index).text_content()
        self.start(index)
        expect(self.prompt(index)).to_have_text(re.compile(r"^\[\d+\]:$"))
        expect(self.prompt(index)).not_to_have_text(before or "")

    def prompt(self, index: int) -> Locator:
        """What is left of a cell: `[ ]:`, `[*]:` while it runs or waits, `[3]:`."""
        return self.cell(index).locator(".jp-InputPrompt")

    def expect_running(self, index: int) -> None:
        expect(self.prompt(index)).to_have_text("[*]:")

    def write(self, index: int, source: str) -> None:
        """Replaces the source of a cell."""
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def evaluate(self, index: int, source: str) -> str:
        """Runs `source` in the cell and returns what it prints."""
        self.write(index, source)
        self.run(index)
        return (self.output(index).text_content() or "").strip()

    def clipboard(self) -> str:
        """The text in the clipboard; the page needs the permission to read it."""
        return str(self.page.evaluate("navigator.clipboard.readText()"))

    def interrupt(self) -> None:
        self.server.api("POST", f"kernels/{self.server.kernel_id(self.path)}/interrupt")

    def restart(self) -> None:
        """Restarts the kernel as a user does, and waits until the new one is there."""
        self.page.get_by_role("button", name="Restart the kernel").first.click()
        self.page.get_by_role("dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        expect(self.indicator).to_have_attribute("data-status", re.compile("restarting|starting"))
        expect(self.indicator).to_have_attribute("data-status", "idle")

    def save(self) -> None:
        """Saves as a user does; what is not saved is not there after a reload."""
        self.page.get_by_role("menuitem", name="File").click()
        with self.page.expect_response(is_saved):
            self.page.get_by_role("menuitem", name="Save Notebook", exact=False).first.click()
        self.expect_saved()

    def expect_saved(self) -> None:
        expect(self.page.locator(".lm-DockPanel .jp-mod-current.jp-mod-dirty")).to_have_count(0)

    def reload(self, *, busy: bool = False) -> None:
        """Reloads the page; of a kernel that is busy all the time it learns nothing."""
        self._reload_page()
        if busy:
            expect(self.cells.first).to_be_visible(timeout=4 * TIMEOUT)
        else:
            self.wait_until_shown()

    def _reload_page(self) -> None:
        self.page.reload()
        self.reloaded = True

    def close_and_reopen(self) -> None:
        """Closes the notebook's tab, which leaves its kernel alive, and opens it again from the list of files."""
        self.page.locator(".lm-DockPanel .jp-mod-current .lm-TabBar-tabCloseIcon").click()
        expect(self.cells).to_have_count(0)
        self.page.get_by_role("listitem", name=re.compile(Path(self.path).name)).dblclick()
        self.wait_until_shown()
