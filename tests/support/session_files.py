"""Session files for tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from goose_widget import events as ev
from goose_widget.store import Entry, Header, SessionFile, Store

HEADER = Header("20261122_7", "this computer", 100.0, "/n/a.ipynb", "/n", uid="0123456789abcdef")
HELLO = [Entry(1, 1.0, ev.UserMessage("hi", "p1")), Entry(2, 2.0, ev.Text("hello\n\u2028wörld", "m"))]


def entries(*events: ev.Event, first: int = 1) -> list[Entry]:
    """Numbered events, a second apart."""
    return [Entry(seq, float(seq), event) for seq, event in enumerate(events, first)]


def said(prompt: str, reply: str = "yes", first: int = 1) -> list[Entry]:
    """A turn."""
    events = (ev.UserMessage(prompt, "p"), ev.TurnStarted("p"), ev.Text(reply, "m"), ev.TurnEnded("p", "end_turn"))
    return entries(*events, first=first)


def written(store: Store, header: Header = HEADER, log: list[Entry] = HELLO) -> Path:
    """A closed file."""
    file = store.create(header)
    file.append(log)
    file.close()
    return file.path


def reopened(store: Store, session_id: str = HEADER.session_id) -> SessionFile:
    """The file of a session."""
    file = store.find(session_id)
    assert file is not None
    return file


OPENED = """import os, sys, pathlib; from goose_widget.store import session_file
f = session_file(pathlib.Path(sys.argv[1])); """
"""Code that has the session's file as `f`; its path is the argument."""


def in_another_process(code: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run code that has the session's file as `f`."""
    return subprocess.run([sys.executable, "-c", OPENED + code, str(path)], capture_output=True, text=True, check=False)


def links_in(folder: Path) -> list[Path]:
    """The links in a folder."""
    return [path for path in folder.iterdir() if path.is_symlink()]
