"""One session's file: append-only, mended, one writer at a time, never half a line, never outside its folder."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget import events as ev
from goose_widget import lines
from goose_widget.errors import SessionFileError
from goose_widget.store import Entry, Header, SessionFile, Store, session_file
from support import strategies
from support.session_files import HEADER, HELLO, OPENED, entries, in_another_process, reopened, said, written


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sessions")


@pytest.fixture
def file(store: Store) -> Iterator[SessionFile]:
    file = store.create(HEADER)
    yield file
    file.close()


def no_space(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


class Disk:
    """A disk that takes so many bytes and no more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.room, self._write = room, os.write
        monkeypatch.setattr(os, "write", self)

    def __call__(self, fd: int, data: bytes) -> int:
        if not self.room:
            no_space()
        taken = self._write(fd, bytes(data[: self.room]))
        self.room -= taken
        return taken


# Reading.


def test_what_was_written_is_read_again(store: Store) -> None:
    written(store)
    file = reopened(store)
    assert file.header == HEADER
    assert list(file.read()) == HELLO
    assert (file.damaged, file.last_seq) == (0, 2)


def test_damaged_lines_are_skipped_counted_and_told(store: Store) -> None:
    path = written(store)
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"\xff\xfe garbage\n" + rest[0] + b'{"no":"seq"}\n' + b"[" * 100_000 + b"\n" + rest[1])
    file = reopened(store)
    assert list(file.read()) == HELLO
    assert file.damaged == 3
    notice = file.damage()
    assert notice is not None
    assert notice.text.startswith("3 lines of")


def test_events_of_a_newer_version_are_kept_and_shown(store: Store) -> None:
    path = written(store)
    with path.open("a") as file:
        file.write('{"e":"hologram","depth":4,"seq":3,"time":3.0}\n')
    last = list(reopened(store).read())[-1].event
    assert isinstance(last, ev.Raw)
    assert last.payload == {"depth": 4}


def test_a_file_cut_at_any_byte_is_read_up_to_there(store: Store) -> None:
    log = [*said("hi ü", "yes 😀"), *said("more", "and more", first=5)]
    path = written(store, log=log)
    whole = path.read_bytes()
    header_end = whole.index(b"\n") + 1
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        try:
            found = list(session_file(path).read())
        except SessionFileError:
            assert cut < header_end - 1
            continue
        lines_left = whole[header_end:cut].count(b"\n")
        is_whole = cut >= header_end - 1 and whole[cut : cut + 1] == b"\n" and cut >= header_end
        assert found == log[: lines_left + is_whole]


@strategies.patient
@given(content=st.binary(max_size=300))
def test_any_bytes_after_the_header_are_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(lines.header_line(HEADER) + content)
    file = session_file(path)
    seqs = [entry.seq for entry in file.read()]
    assert seqs == sorted(set(seqs))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no session file"),
        (b"\0" * 5000, "no session file"),
        (b"\x89PNG\r\n", "no session file"),
        (b"x" * 2_000_000, "no session file"),
        (b'{"goose_widget_session":2,"session_id":"x"}\n', "format 2; this version of goose-widget reads 1"),
    ],
)
def test_what_is_no_session_file_says_so(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(SessionFileError, match=why):
        session_file(path)


def test_a_path_that_leads_nowhere_says_so(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for path in (tmp_path / "none", tmp_path, tmp_path / "circle", Path("a\0b"), tmp_path / ("x" * 4000)):
        with pytest.raises(SessionFileError):
            session_file(path)


def test_a_path_that_the_user_gives_may_be_a_link(store: Store, tmp_path: Path) -> None:
    path = written(store)
    (tmp_path / "link.jsonl").symlink_to(path)
    file = session_file(tmp_path / "link.jsonl")
    assert file.path == path.resolve()
    assert list(file.read()) == HELLO


def test_what_could_not_be_written_yet_is_read_too(file: SessionFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.append(HELLO[:1])
    with monkeypatch.context() as patch:
        Disk(patch, 0)
        with pytest.raises(OSError, match="No space"):
            file.append(HELLO[1:])
    assert list(file.read()) == HELLO


# Writing.


def test_a_torn_last_line_is_cut_off_before_anything_is_added(store: Store) -> None:
    path = written(store)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"e":"text","text":"half' + b"x" * 3_000_000)
    file = reopened(store)
    assert file.acquire()
    assert path.read_bytes() == whole
    file.append(entries(ev.Text("more"), first=3))
    file.close()
    assert [entry.seq for entry in reopened(store).read()] == [1, 2, 3]


def test_a_last_line_that_only_lacks_its_end_is_kept(store: Store) -> None:
    path = written(store)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    file = reopened(store)
    assert file.acquire()
    file.append(entries(ev.Text("more"), first=3))
    assert [entry.seq for entry in file.read()] == [1, 2, 3]
    file.close()


@pytest.mark.parametrize("room", [0, 1, 10, 40, 100])
def test_what_a_full_disk_refused_is_written_later(
    file: SessionFile, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    with monkeypatch.context() as patch:
        disk = Disk(patch, room)
        for entry in HELLO:
            with contextlib.suppress(OSError):
                file.append([entry])
        assert file.path.read_bytes().endswith(b"\n")  # not even half a line
        disk.room = 10**6
        file.append([])
    assert list(session_file(file.path).read()) == HELLO


def test_half_a_line_that_can_not_be_taken_back_at_once_is_taken_back_later(
    file: SessionFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        Disk(patch, 10)
        patch.setattr(os, "ftruncate", no_space)
        with pytest.raises(OSError, match="No space"):
            file.append(HELLO[:1])
    file.append(HELLO[1:])
    other = session_file(file.path)
    assert list(other.read()) == HELLO
    assert other.damaged == 0


def test_a_limit_of_the_system_leaves_whole_lines(store: Store) -> None:
    path = written(store)
    size = path.stat().st_size

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, size + 50))

    code = (
        "import sys, pathlib; from goose_widget import events as ev; from goose_widget.store import *\n"
        "f = session_file(pathlib.Path(sys.argv[1])); f.acquire()\n"
        "try: f.append([Entry(3, 3.0, ev.Text('x' * 100))])\n"
        "except OSError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=limited)
    assert "File too large" in run.stdout
    assert path.stat().st_size == size


def test_a_file_is_closed_to_others_when_it_is_written(store: Store) -> None:
    path = written(store)
    path.chmod(0o644)
    file = reopened(store)
    assert file.acquire()
    file.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_was_swapped_for_a_link_is_not_written(store: Store, tmp_path: Path) -> None:
    path = written(store)
    file = reopened(store)
    target = tmp_path / "target"
    path.rename(target)
    before = target.read_bytes()
    path.symlink_to(target)
    file.acquire()
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        file.append(HELLO)
    file.close()
    assert target.read_bytes() == before


@pytest.mark.parametrize("suffix", ["lock", "wanted"])
def test_a_link_beside_the_file_is_not_followed(store: Store, tmp_path: Path, suffix: str) -> None:
    path = written(store)
    existing, missing = tmp_path / "existing", tmp_path / "missing"
    existing.write_text("keep")
    for target in (existing, missing):
        beside = Path(f"{path}.{suffix}")
        beside.unlink(missing_ok=True)
        beside.symlink_to(target)
        file = reopened(store)
        file.request()
        assert file.acquire()
        assert not file.is_wanted
        file.close()
    assert existing.read_text() == "keep"
    assert not missing.exists()


# One writer.


def test_two_processes_never_write_one_file(store: Store) -> None:
    path = written(store)
    file = reopened(store)
    assert file.acquire()
    assert in_another_process("print(f.acquire())", path).stdout == "False\n"
    file.close()
    assert in_another_process("print(f.acquire())", path).stdout == "True\n"


_TAKES_TURNS = """
import sys, pathlib
from goose_widget import events as ev
from goose_widget.store import *
written = 0
while written < 20:
    f = session_file(pathlib.Path(sys.argv[1]))
    if f.acquire():
        last = [entry.seq for entry in f.read()][-1]
        f.append([Entry(last + 1, 1.0, ev.Text("x"))])
        written += 1
    f.close()
"""


def test_of_processes_that_take_turns_none_disturbs_another(store: Store) -> None:
    path = written(store)
    writers = [subprocess.Popen([sys.executable, "-c", _TAKES_TURNS, str(path)]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    numbers = [int(line.rpartition(b'"seq":')[2].partition(b",")[0]) for line in path.read_bytes().splitlines()[1:]]
    assert numbers == list(range(1, 63))


_WRITES_ON = """
f.acquire()
from goose_widget import events as ev
from goose_widget.store import Entry
seq = 2
while True:
    seq += 1
    f.append([Entry(seq, 1.0, ev.Text("x" * 1000))])
    print(seq, flush=True)
"""


def test_what_a_killed_process_had_written_is_there(store: Store) -> None:
    path = written(store)
    command = [sys.executable, "-c", OPENED + "\n" + _WRITES_ON, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(50):
            writer.stdout.readline()
        writer.kill()
        shown = writer.stdout.read().splitlines()
    file = reopened(store)
    assert file.acquire()
    seqs = [entry.seq for entry in file.read()]
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= (int(shown[-1]) if shown else 52)
    assert file.damaged == 0
    file.close()


def test_without_a_lock_beside_it_the_file_itself_is_locked(store: Store) -> None:
    path = written(store)
    Path(f"{path}.lock").unlink(missing_ok=True)
    Path(f"{path}.lock").mkdir()  # so that none can be made, as on a full disk
    file = reopened(store)
    assert file.acquire()
    assert in_another_process("print(f.acquire())", path).stdout == "False\n"
    Path(f"{path}.lock").rmdir()
    assert in_another_process("print(f.acquire())", path).stdout == "False\n"
    file.close()
    assert in_another_process("print(f.acquire())", path).stdout == "True\n"


def test_the_lock_of_a_killed_process_is_no_lock(store: Store) -> None:
    path = written(store)
    run = in_another_process("print(f.acquire(), flush=True); os.kill(os.getpid(), 9)", path)
    assert (run.stdout, run.returncode) == ("True\n", -signal.SIGKILL)
    file = reopened(store)
    assert file.acquire()
    file.close()


def test_a_file_is_taken_on_one_thread_and_left_on_another(store: Store) -> None:
    written(store)
    file = reopened(store)
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(file.acquire).result()
    file.close()
    assert in_another_process("print(f.acquire())", file.path).stdout == "True\n"


def test_who_wants_the_file_leaves_a_sign_and_gets_it(store: Store) -> None:
    path = written(store)
    file = reopened(store)
    assert file.acquire()
    assert not file.is_wanted
    in_another_process("f.request(); f.request()", path)
    assert file.is_wanted
    assert stat.S_IMODE(Path(f"{path}.wanted").stat().st_mode) == 0o600
    file.close()
    assert not Path(f"{path}.wanted").exists()
    assert in_another_process("print(f.acquire(), f.is_wanted)", path).stdout == "True False\n"


@pytest.mark.parametrize("can_be_removed", [True, False])
def test_an_old_sign_makes_nobody_give_way(store: Store, monkeypatch: pytest.MonkeyPatch, can_be_removed: bool) -> None:
    path = written(store)
    in_another_process("f.request()", path)
    file = reopened(store)
    with monkeypatch.context() as patch:
        if not can_be_removed:
            patch.setattr(Path, "unlink", no_space)
        assert file.acquire()
    assert not file.is_wanted
    Path(f"{path}.wanted").unlink(missing_ok=True)
    in_another_process("f.request()", path)
    assert file.is_wanted
    file.close()


def test_a_sign_that_can_not_be_left_is_an_error(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    written(store)
    file = reopened(store)
    monkeypatch.setattr(os, "open", no_space)
    with pytest.raises(SessionFileError, match="No space left"):
        file.request()


# Copies.


def test_a_copy_has_all_entries_also_of_a_file_that_was_deleted(file: SessionFile, store: Store) -> None:
    file.append(HELLO)
    file.path.unlink()
    assert file.is_deleted
    other = store.create(Header("other"), begins_with=file)
    other.append(entries(ev.Text("more"), first=3))
    assert list(other.read()) == [*HELLO, *entries(ev.Text("more"), first=3)]
    other.close()


def test_a_copy_has_what_could_not_be_written(file: SessionFile, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    file.append(HELLO[:1])
    with monkeypatch.context() as patch:
        Disk(patch, 5)
        with pytest.raises(OSError, match="No space"):
            file.append(HELLO[1:])
    for until, expected in [(None, HELLO), (1, HELLO[:1]), (2, HELLO)]:
        with contextlib.closing(store.create(Header("other"), begins_with=file, until=until)) as other:
            assert list(session_file(other.path).read()) == expected


def test_a_fork_ends_where_it_was_to_end(store: Store) -> None:
    path = written(store)
    with path.open("a") as out:
        out.write('{"e":"hologram","seq":2,"time":3.0}\ngarbage\n')  # numbered again: 3
    other = store.create(Header("fork"), begins_with=session_file(path), until=3)
    other.close()
    copy = session_file(other.path)
    found = list(copy.read())
    assert [entry.seq for entry in found] == [1, 2, 3]
    assert isinstance(found[2].event, ev.Raw)
    assert copy.damaged == 0
    assert b'"hologram"' in other.path.read_bytes()  # as it came, for a version that knows it


def test_a_copy_is_made_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(store, log=said("hi", "x" * 10_000))
    monkeypatch.setattr("goose_widget.session_file.BLOCK", 100)
    sizes: list[int] = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: sizes.append(len(data)) or write(fd, data))
    other = store.create(Header("other"), begins_with=session_file(path))
    other.close()
    assert list(session_file(other.path).read()) == said("hi", "x" * 10_000)
    assert max(sizes) < 500


def test_a_copy_that_fails_leaves_nothing(file: SessionFile, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    file.append(said("hi", "x" * 10_000))
    there = set(store.folder.iterdir())
    with monkeypatch.context() as patch:
        Disk(patch, 5000)
        with pytest.raises(SessionFileError, match="No space left"):
            store.create(Header("other"), begins_with=file)
    assert set(store.folder.iterdir()) == there


def test_what_a_killed_process_did_not_finish_is_swept_away(file: SessionFile, store: Store) -> None:
    (store.folder / ".goose-session-0123.tmp").write_text("half")
    (store.folder / ".mine.tmp").write_text("mine")
    store.create(Header("other")).close()
    assert sorted(path.name for path in store.folder.glob(".*.tmp")) == [".mine.tmp"]


# Rewriting.


def test_a_rewritten_file_is_whole_private_and_goes_on(file: SessionFile) -> None:
    file.append(HELLO)
    before = file.path.stat().st_ino
    header = Header("20261122_7", uid=HEADER.uid, server="elsewhere")
    file.rewrite(header, entries(ev.Text("new"), first=5))
    file.append(entries(ev.Text("more"), first=6))
    assert file.path.stat().st_ino != before
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert not file.is_deleted
    again = session_file(file.path)
    assert again.header == header == file.header
    assert list(again.read()) == entries(ev.Text("new"), ev.Text("more"), first=5)
    assert in_another_process("print(f.acquire())", file.path).stdout == "False\n"


def test_a_rewritten_file_holds_nothing_that_was_left_out(file: SessionFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.append(entries(ev.Text("secret")))
    with monkeypatch.context() as patch:
        Disk(patch, 5)
        with pytest.raises(OSError, match="No space"):
            file.append(entries(ev.Text("secret"), first=2))
    file.rewrite(HEADER, [])
    file.append([])
    assert b"secret" not in file.path.read_bytes()


@pytest.mark.parametrize("failing", ["write", "fsync", "open"])
def test_a_file_that_can_not_be_rewritten_stays_as_it_was(
    file: SessionFile, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    file.append(HELLO)
    there = set(file.path.parent.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, no_space)
        with pytest.raises(OSError, match="No space"):
            file.rewrite(HEADER, [])
    assert set(file.path.parent.iterdir()) == there
    file.append(entries(ev.Text("more"), first=3))
    assert list(session_file(file.path).read()) == [*HELLO, *entries(ev.Text("more"), first=3)]


def test_only_who_writes_a_file_rewrites_it(store: Store) -> None:
    written(store)
    with pytest.raises(SessionFileError, match="another kernel"):
        reopened(store).rewrite(HEADER, [])


# Its end.


def test_a_reader_goes_on_while_the_file_is_closed(file: SessionFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 100)
    file.append([*HELLO, *entries(ev.Text("x" * 300), first=3)])
    reading = file.read()
    first = next(reading)
    file.close()
    assert in_another_process("print(f.acquire())", file.path).stdout == "True\n"
    assert [first, *reading][:2] == HELLO


def test_closing_twice_is_closing(file: SessionFile) -> None:
    file.close()
    file.close()


def test_a_reader_takes_nothing_away(file: SessionFile) -> None:
    session_file(file.path).close()
    session_file(file.path).discard()
    assert file.path.exists()
    assert in_another_process("print(f.acquire())", file.path).stdout == "False\n"


def test_a_log_of_many_kinds_survives(store: Store) -> None:
    log = [Entry(1, 1.0, ev.Plan(({"content": "c"},))), Entry(2, 2.5, ev.ToolCall("c", content=({"type": "text"},)))]
    assert list(session_file(written(store, log=log)).read()) == log
