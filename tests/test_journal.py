"""Nothing is dropped when it can't be saved, it is said, and all of it is saved when that works again."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from goose_widget import events as ev
from goose_widget.errors import SessionFileError, UsageError
from goose_widget.journal import Journal, redact_file
from goose_widget.store import Entry, Header, Store, session_file
from support.session_files import HEADER, entries, in_another_process, said

TURNS = [said("one"), said("two", first=5), said("three", first=9)]


class Writer:
    """A journal, what it said, and the log that it should have written."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.header: Header | None = replace(HEADER, uid="")
        self.notices: list[ev.Notice] = []
        self.journal = Journal(self.store, lambda: self.header, self.notices.append)
        self.log: list[Entry] = []

    def append(self, log: list[Entry]) -> None:
        self.log += log
        self.journal.append(log)

    def saved(self) -> list[Entry]:
        file = self.store.find(HEADER.session_id)
        return [] if file is None else list(file.read())

    def levels(self) -> list[str]:
        return [notice.level for notice in self.notices]


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path / "sessions")
    yield writer
    writer.journal.close()


def failing(code: int) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


# When all is well.


def test_entries_are_in_the_file_when_append_returns(writer: Writer) -> None:
    for turn in TURNS:
        writer.append(turn)
        assert writer.saved() == writer.log
    assert (writer.journal.problem, writer.notices) == ("", [])


def test_a_session_that_nobody_used_leaves_no_file(writer: Writer) -> None:
    writer.append(entries(ev.Mode("auto"), ev.Title("t")))
    assert not writer.store.folder.exists()
    assert writer.journal.file is None
    writer.append(entries(ev.UserMessage("hi"), first=3))
    assert writer.saved() == writer.log


def test_what_was_said_before_the_session_has_an_id_waits_for_it(writer: Writer) -> None:
    header, writer.header = writer.header, None
    writer.append(TURNS[0])
    assert not writer.store.folder.exists()
    writer.header = header
    writer.append(TURNS[1])
    assert writer.saved() == writer.log


def test_without_a_store_nothing_is_written(tmp_path: Path) -> None:
    journal = Journal(None, lambda: HEADER, lambda notice: pytest.fail(notice.text))
    journal.append(TURNS[0])
    journal.retry()
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_a_moved_conversation_goes_on_in_a_new_file_that_names_the_old_one(writer: Writer) -> None:
    writer.append(TURNS[0])
    old = writer.journal.file
    assert old is not None
    writer.header = Header("new id", continues=HEADER.session_id)
    writer.journal.move()
    writer.append(TURNS[1])
    new = writer.journal.file
    assert new is not None
    assert (new.header.session_id, new.header.after) == ("new id", old.header.uid)
    assert new.header.uid not in ("", old.header.uid)
    assert writer.saved() == writer.log  # by its old id
    assert list(session_file(old.path).read()) == TURNS[0]
    assert in_another_process("print(f.acquire())", old.path).stdout == "True\n"


# When it is not.


def test_a_full_disk_is_told_once_and_all_is_saved_when_there_is_room(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.append(TURNS[0])
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(errno.ENOSPC))
        writer.append(TURNS[1])
        writer.append(TURNS[2])
        writer.journal.retry()
        assert writer.levels() == ["error"]
        assert "not being saved: No space left on device" in writer.notices[0].text
        assert writer.journal.problem.startswith("This conversation is not being saved: ")
    writer.journal.retry()  # though nothing new comes
    assert writer.levels() == ["error", "info"]
    assert writer.journal.problem == ""
    assert writer.saved() == writer.log


def test_a_really_full_disk_loses_nothing(tmp_path: Path) -> None:
    """On a file system of 64 KiB, where one can be made."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    writer = Writer(place / "sessions")
    try:
        writer.append(TURNS[0])
        (place / "ballast").write_bytes(b"x" * 30_000)
        for number in range(20):
            writer.append(said(f"prompt {number}", "reply " * 500, first=5 + 4 * number))
        assert writer.journal.problem
        assert len(writer.saved()) < len(writer.log)
        assert writer.store.files().__next__().path.read_bytes().endswith(b"\n")
        (place / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=1m", str(place)], check=True)
        writer.journal.retry()
        assert writer.journal.problem == ""
        assert writer.saved() == writer.log
    finally:
        writer.journal.close()
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_a_folder_that_can_not_be_written_is_told_and_tried_again(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing(code))
        for turn in TURNS:
            writer.append(turn)
        assert writer.levels() == ["error"]
        assert os.strerror(code) in writer.journal.problem
    writer.journal.retry()
    assert writer.levels() == ["error", "info"]
    assert writer.saved() == writer.log


def test_a_file_is_not_made_anew_for_every_piece_of_a_reply(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[object] = []

    def refused(*arguments: object, **_: object) -> None:
        tries.append(arguments)
        raise SessionFileError("no")

    monkeypatch.setattr(Store, "create", refused)
    for number in range(100):
        writer.append(entries(ev.Text("piece"), first=1 + number))
    assert len(tries) == 1
    writer.append(entries(ev.TurnEnded("p", "end_turn"), first=101))
    assert len(tries) == 2


@pytest.mark.parametrize("is_writable", [True, False])
def test_a_folder_that_was_deleted_meanwhile_is_made_anew_with_all_that_was_said(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, is_writable: bool
) -> None:
    writer.append(TURNS[0])
    shutil.rmtree(writer.store.folder)
    if not is_writable:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "mkdir", failing(errno.EROFS))
            writer.append(TURNS[1])
        assert writer.journal.problem
        assert not writer.store.folder.exists()
    writer.append(TURNS[2] if is_writable else [])
    writer.journal.retry()
    assert "written anew" in writer.notices[-1 if is_writable else -2].text
    assert writer.saved() == writer.log
    assert len(list(writer.store.files())) == 1


def test_a_copy_that_a_full_disk_cut_short_is_made_again_whole(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.append(TURNS[0])
    writer.journal.move()
    writer.header = Header("new id", continues=HEADER.session_id)
    write = os.write

    def write_a_little(fd: int, data: bytes) -> int:
        return write(fd, data) if len(data) < 20 else failing(errno.ENOSPC)()

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_a_little)
        writer.append(TURNS[1])
    assert len(list(writer.store.files())) == 1
    writer.journal.close()
    assert writer.saved() == writer.log


def test_closing_saves_what_it_can_and_lets_others_have_the_file(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing(errno.ENOSPC))
        writer.append(TURNS[0])
    writer.journal.close()
    assert writer.saved() == writer.log
    writer.append(TURNS[1])
    assert writer.saved() == TURNS[0]
    path = next(writer.store.files()).path
    assert in_another_process("print(f.acquire())", path).stdout == "True\n"


def test_a_file_that_was_given_away_is_gone_on_with_when_it_is_back(writer: Writer) -> None:
    writer.append(TURNS[0])
    writer.journal.close()
    file = writer.store.find(HEADER.session_id)
    assert file is not None
    assert file.acquire()
    writer.journal.adopt(file)
    writer.append(TURNS[1])
    assert writer.saved() == writer.log


# Removing a text.


def test_a_removed_text_is_in_no_file_and_comes_in_none(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    writer.append(said("my secret"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(errno.ENOSPC))
        writer.append(said("another secret", first=5))
    assert writer.journal.redact("secret") == 2
    writer.append(said("more", first=9))
    (path,) = [file.path for file in writer.store.files()]
    assert b"secret" not in path.read_bytes()
    assert [entry.seq for entry in writer.saved()] == list(range(1, 13))
    assert writer.notices[-1].level == "info"


def test_a_removed_text_is_not_in_what_waits_for_a_file(writer: Writer) -> None:
    header, writer.header = writer.header, None
    writer.append(said("my secret"))
    assert writer.journal.redact("secret") == 1
    writer.header = header
    writer.append(said("more", first=5))
    assert b"secret" not in next(writer.store.files()).path.read_bytes()


def test_a_text_is_removed_from_a_file_of_another_chat(writer: Writer) -> None:
    writer.append(said("my secret"))
    writer.journal.close()
    (file,) = writer.store.files()
    with pytest.raises(SessionFileError):
        redact_file(file, "secret")
    assert file.acquire()
    assert redact_file(file, HEADER.session_id) == 1  # in the header
    assert redact_file(file, "secret") == 1
    file.close()
    assert b"secret" not in file.path.read_bytes()
    assert file.header.session_id == "[redacted]"


def test_removing_nothing_is_refused(writer: Writer) -> None:
    with pytest.raises(UsageError, match="empty"):
        writer.journal.redact(" \n")
