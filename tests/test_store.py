"""Session files: private, append-only, mended, and never mixed up."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from goose_widget import events as ev
from goose_widget.errors import SessionFileError
from goose_widget.store import Entry, Header, SessionFile, Sessions, Store, default_folder, file_name

HEADER = Header("20261122_7", "this computer", 100.0, "/n/a.ipynb", "/n")
HELLO = [Entry(1, 1.0, ev.UserMessage("hi", "p1")), Entry(2, 2.0, ev.Text("hello\n\u2028wörld", "m"))]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(default_folder(tmp_path))


def written(store: Store, header: Header = HEADER, entries: list[Entry] = HELLO) -> Path:
    file = store.create(header)
    file.append(entries)
    file.close()
    return file.path


def reopened(store: Store, session_id: str = HEADER.session_id) -> SessionFile:
    file = store.find(session_id)
    assert file is not None
    return file


def test_what_was_written_is_read_again(store: Store) -> None:
    written(store)
    file = reopened(store)
    assert file.header == HEADER
    assert list(file.read()) == HELLO
    assert file.damaged == 0


def test_folder_and_files_are_private_and_out_of_git(store: Store) -> None:
    path = written(store)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert "*" in (store.folder / ".gitignore").read_text().splitlines()


def test_a_new_conversation_never_lands_in_an_old_file(store: Store) -> None:
    first, second = written(store), written(store)
    assert first != second
    newer = Header(HEADER.session_id, created=HEADER.created + 1)
    third = written(store, newer)
    assert reopened(store).path == third


@pytest.mark.parametrize("session_id", ["../../x", "a\0b", "x" * 4000, "CON", "", "~/.ssh/id", "ü/😀", ".."])
def test_an_id_is_data_and_never_a_path(store: Store, session_id: str) -> None:
    path = written(store, Header(session_id))
    assert path.parent == store.folder
    assert reopened(store, session_id).path == path
    name = file_name(session_id, "abc")
    assert len(name) < 100
    assert name == Path(name).name
    assert not name.startswith(".")


def test_a_torn_last_line_is_cut_off_before_anything_is_added(store: Store) -> None:
    path = written(store)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"e":"text","text":"half')
    file = reopened(store)
    assert file.acquire()
    file.mend()
    assert list(file.read()) == HELLO
    file.append([Entry(3, 3.0, ev.Text("more"))])
    file.close()
    assert path.read_bytes().startswith(whole)
    assert [entry.seq for entry in reopened(store).read()] == [1, 2, 3]


def test_a_last_line_that_only_lacks_its_end_is_kept(store: Store) -> None:
    path = written(store)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    file = reopened(store)
    assert file.acquire()
    file.mend()
    file.append([Entry(3, 3.0, ev.Text("more"))])
    assert [entry.seq for entry in file.read()] == [1, 2, 3]
    file.close()


def test_a_torn_line_longer_than_a_block_is_mended(store: Store) -> None:
    path = written(store)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"e":"text","text":"' + b"x" * 200_000)
    file = reopened(store)
    assert file.acquire()
    file.mend()
    file.close()
    assert path.read_bytes() == whole


def test_damaged_lines_are_skipped_and_counted(store: Store) -> None:
    path = written(store)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(
        lines[0] + b"\xff\xfe garbage\n" + lines[1] + b'{"no":"seq"}\n' + b"[" * 100_000 + b"\n" + lines[2]
    )
    file = reopened(store)
    assert list(file.read()) == HELLO
    assert file.damaged == 3


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0", b"[]\n", b'{"goose_widget_session":999,"session_id":"20261122_7"}\n']
)
def test_other_files_in_the_folder_are_left_alone(store: Store, content: bytes) -> None:
    written(store)
    (store.folder / "other.jsonl").write_bytes(content)
    assert [info.session_id for info in store.sessions()] == ["20261122_7"]


def test_events_of_a_newer_version_are_kept_and_shown(store: Store) -> None:
    path = written(store)
    with path.open("a") as file:
        file.write(json.dumps({"e": "hologram", "seq": 3, "time": 3.0, "depth": 4}) + "\n")
    last = list(reopened(store).read())[-1].event
    assert isinstance(last, ev.Raw)
    assert last.payload == {"depth": 4}


def test_two_processes_never_write_one_file(store: Store) -> None:
    path = written(store)
    file = reopened(store)
    assert file.acquire()
    code = (
        "import sys; from pathlib import Path; from goose_widget.store import Store;"
        "f = Store(Path(sys.argv[1])).find('20261122_7'); print(f.acquire())"
    )
    command = [sys.executable, "-c", code, str(store.folder)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
    file.close()
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"
    assert path.exists()


def test_the_lock_of_a_killed_process_is_no_lock(store: Store) -> None:
    written(store)
    code = (
        "import os, sys; from pathlib import Path; from goose_widget.store import Store;"
        "f = Store(Path(sys.argv[1])).find('20261122_7'); f.acquire(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(store.folder)], check=False)
    file = reopened(store)
    assert file.acquire()
    file.close()


def test_what_a_full_disk_refused_is_written_later(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    file = store.create(HEADER)
    write, room = os.write, [10]

    def write_until_full(fd: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = write(fd, bytes(data[: room[0]]))
        room[0] -= taken
        return taken

    monkeypatch.setattr(os, "write", write_until_full)
    with pytest.raises(OSError, match="No space left"):
        file.append(HELLO[:1])
    monkeypatch.undo()
    assert list(file.read()) == []  # not even half a line
    file.append(HELLO[1:])
    assert list(file.read()) == HELLO
    file.close()


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionFileError, match="can't be saved in"):
        Store(tmp_path / "file" / "sessions").create(HEADER)


def test_sessions_are_listed_newest_first_with_title_and_count(store: Store) -> None:
    old = written(store, Header("20261122_1", notebook="/n/a.ipynb"))
    os.utime(old, (1000, 1000))
    titled = [Entry(3, 3.0, ev.Title("A title")), Entry(4, 4.0, ev.UserMessage("again", "p2"))]
    written(store, Header("20261122_2"), HELLO + titled)
    store.create(Header("20261122_3")).close()  # nothing was said in it
    infos = store.sessions()
    assert [(i.session_id, i.title, i.messages) for i in infos] == [
        ("20261122_2", "A title", 2),
        ("20261122_1", "hi", 1),
    ]
    assert infos[1].notebook == "/n/a.ipynb"


def test_the_table_shows_titles_as_text(store: Store) -> None:
    written(store, entries=[Entry(1, 1.0, ev.UserMessage("<script>alert(1)</script>"))])
    table = Sessions(store.sessions())._repr_html_()
    assert "&lt;script&gt;" in table
    assert "<script>" not in table


def test_without_html_the_table_is_text_without_paths(store: Store) -> None:
    path = written(store, HEADER)
    os.utime(path, (1000, 1000))
    text = repr(Sessions(store.sessions()))
    assert re.fullmatch(rf"{HEADER.session_id}  1970-01-\d\d \d\d:\d\d     1 prompts  hi", text)
    assert repr(Sessions([])) == "No sessions here yet."


def test_no_folder_means_no_sessions(tmp_path: Path) -> None:
    assert Store(tmp_path / "none").sessions() == []
    assert Store(tmp_path / "none").find("x") is None
    assert not (tmp_path / "none").exists()
