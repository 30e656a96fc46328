"""A file given to import is known by what is in it, read as far as it goes, and refused with what was expected."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from goose_widget import events as ev
from goose_widget import imported
from goose_widget.document import to_document
from goose_widget.errors import UsageError
from goose_widget.imported import read
from goose_widget.store import Entry, Header, Store
from test_printout import agent, user

ENTRIES = [Entry(1, 5.0, ev.UserMessage("a", "p")), Entry(2, 6.0, ev.Text("b")), Entry(3, 7.0, ev.TurnEnded("p", "x"))]


def saved(folder: Path) -> Path:
    file = Store(folder).create(Header("../../x", notebook="/etc/passwd", cwd="/no/such", created=5.0))
    file.append(ENTRIES)
    file.close()
    return file.path


def exported() -> Any:
    return to_document([user("a"), agent("b")], session_id="s", cwd="/w", title="T", created=1.0)


def said(path: Path) -> list[str]:
    _, entries = read(path)
    return [entry.event.text for entry in entries if isinstance(entry.event, ev.UserMessage | ev.Text)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a"])
def test_ours_is_known_by_any_name(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path).rename(tmp_path / name)
    header, entries = read(path)
    assert (header.session_id, header.notebook, entries) == ("../../x", "/etc/passwd", ENTRIES)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_export_is_known_by_any_name(tmp_path: Path, name: str, indent: int | None, encoding: str) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(exported(), indent=indent), encoding=encoding)
    assert said(path) == ["a", "b"]


def test_a_session_of_an_older_goose_is_read(tmp_path: Path) -> None:
    path = tmp_path / "20250115_143022.jsonl"
    lines = [{"working_dir": "/w", "description": "D", "message_count": 2}, *exported()["conversation"]]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert said(path) == ["a", "b"]
    assert read(path)[0].cwd == "/w"


def test_damaged_lines_are_told(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with path.open("ab") as file:
        file.write(b'{"e":"text"}\n\x00\xff\n{"e":"te')
    _, entries = read(path)
    assert entries[:3] == ENTRIES
    assert isinstance(entries[3].event, ev.Notice)
    assert (entries[3].seq, entries[3].time) == (4, 7.0)


NEST = b"[" * 200_000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 100,
        b"\xff\xfe\xfa",
        b"hello",
        b"[]",
        b"1\n2\n",
        b'{"a":1}',
        b'{"a":1}\n{"role":"user"}\n[]',
        NEST,
        b'{"conversation":' + NEST,
        b'{"goose_widget_session":99}\n',
        b'{"goose_widget_session":1}\n',
        b'{"goose_widget_session":1,"session_id":5}\n',
        json.dumps(exported()).encode()[:-5],
    ],
    ids=range(14),
)
def test_what_is_no_session_is_refused_with_what_was_expected(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(UsageError, match="Expected: a session file of goose-widget"):
        read(path)


@pytest.mark.parametrize("name", ["missing", "", "a\0b", "x" * 5000])
def test_what_can_not_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        read(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is no file"):
        read(tmp_path / "pipe")


def test_a_file_beyond_the_bound_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with path.open("wb") as file:
        file.truncate(imported.LARGEST + 1)  # sparse: it takes no room
    with pytest.raises(UsageError, match="Files of up to 512 MiB"):
        read(path)
