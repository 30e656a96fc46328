"""How many pieces of an answer a kernel takes in a second, and what importing the package costs it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from goose_widget import Chat
from goose_widget.endpoint import Mask
from goose_widget.events import Text
from goose_widget.facts import Facts
from goose_widget.protocol.acp import Acp
from goose_widget.session import Session
from goose_widget.store import Entry, Store
from goose_widget.transcript import Change

from . import streams
from .feed import Feed, update

BATCH: Final = 400
"""Frames between two commits: what a fast goose sends meanwhile."""


class Watcher:
    """Makes the messages for a page, and sends them nowhere."""

    def changed(self, before: int, seq: int, changes: list[Change]) -> None:
        """As `GooseChat` does."""
        wire = [change.to_wire() for change in changes]
        json.dumps({"type": "changes", "log": "", "from": before, "seq": seq, "changes": wire})

    def facts_changed(self, old: Facts, new: Facts) -> None:
        """Nothing."""

    def logged(self, entries: list[Entry]) -> None:
        """Nothing."""


def ingested(count: int, batch: int = BATCH) -> float:
    """Chunks in a second: parsed, numbered, written to a file, reduced and made into messages.

    Args:
        count: of the chunks.
        batch: how many are committed together.

    Raises:
        RuntimeError: not all of the text is in the transcript or in the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        mask = Mask("the server's key")
        session = Session(cwd=folder, store=Store(Path(folder) / "sessions"))
        session.watcher = Watcher()
        session.connected(Acp("1"), lambda said: None)
        for rpc_id, result in enumerate([{"protocolVersion": 1}, {"sessionId": "20261122_1"}], 1):
            session.feed(json.dumps({"jsonrpc": "2.0", "id": rpc_id, "result": result}))
        session.prompt("p", "prose")
        chunks = streams.chunks("prose", count)
        frames = [json.dumps(update("20261122_1", chunk, "m1")) for chunk in chunks]
        began = time.perf_counter()
        for at in range(0, count, batch):
            for frame in frames[at : at + batch]:
                session.feed(mask(frame))
            session.commit()
        took = time.perf_counter() - began
        check(session, chunks)
        session.close()
        return count / took


def received(count: int) -> float:
    """Chunks in a second, as `ingested`, but by a chat, from a server's socket, as fast as they come.

    Raises:
        RuntimeError: as for `ingested`.
    """
    with Feed() as feed, tempfile.TemporaryDirectory() as folder:
        chat = Chat(server=f"ws://127.0.0.1:{feed.port}/acp", cwd=folder, store=Path(folder) / "sessions")
        chat.ask("prose 1 1 1")  # the connection is there
        chat.ask(f"prose {count} 1e9 50")
        took = time.time() - feed.sent[0]
        check(chat._session, streams.chunks("prose", count))
        chat.close()
        return count / took


def check(session: Session, chunks: list[str]) -> None:
    """Raise RuntimeError unless all of the text is in the transcript and in the file."""
    said = "".join(chunks)
    shown = session.log.snapshot()[1][-1]
    assert session.file is not None
    written = "".join(entry.event.text for entry in session.file.read() if isinstance(entry.event, Text))
    if shown.get("text") != said or not written.endswith(said):
        raise RuntimeError("not all of the text was taken in")


IMPORTS: Final = {
    "anywidget": "",
    "goose_widget": "import goose_widget",
    "GooseChat": "from goose_widget import GooseChat",
}


def imports(rounds: int) -> dict[str, float]:
    """Seconds that importing takes, each in new processes; of ours what it adds to `import anywidget`."""
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(rounds):
        for name, statement in IMPORTS.items():
            times[name].append(_import(statement))
    return {name: statistics.median(each) for name, each in times.items()}


def _import(statement: str) -> float:
    clock = "import time; began = time.perf_counter()"
    first, second = ("import anywidget", statement) if statement else ("", "import anywidget")
    code = f"{first}\n{clock}\n{second}\nprint(time.perf_counter() - began)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def bundle() -> dict[str, Any]:
    """Bytes of what the page gets."""
    folder = Path(__file__).parents[1] / "goose_widget" / "static"
    return {name: (folder / name).stat().st_size for name in ("widget.js", "widget.css")}
