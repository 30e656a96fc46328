from __future__ import annotations

import gc
import json
import logging
import os
import stat
from pathlib import Path

import pytest

from goose_widget.demo.sessions import Session, Sessions
from goose_widget.demo.steps import Attach, Call, Done, Fail, Message, Plan, Say, Show, Think

NOON = 1_795_348_800.0  # 2026-11-22, or the day before or after where the clocks are far off


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path / "a" / "demo", clock=lambda: NOON)


def reopened(sessions: Sessions) -> Sessions:
    return Sessions(sessions.folder, clock=lambda: NOON)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_is_made_before_the_first_session(sessions: Sessions) -> None:
    assert sessions.all() == []
    assert sessions.get("20261122_1") is None
    assert not sessions.folder.exists()


def test_a_session_comes_back_as_it_was(sessions: Sessions) -> None:
    session = sessions.new("/work")
    session.title, session.mode, session.model = "A title", "auto", "demo-instant"
    message = Message("m1", "agent", 5)
    for step in (
        Think("hm"),
        Say("one "),
        Say("two \ud800"),
        Show("image/png", "QUJD", "alt"),
        Attach("file:///x", "x"),
        Call("c1", "edit", "developer", "edit · x", "edit", {"path": "/x"}, asks=True),
        Done("c1", "ok", raw={"exit_code": 0}, diff={"path": "/x", "old": "a", "new": "b", "line": 1}),
        Plan("c2", [{"content": "Look", "status": "pending"}]),
        Fail("no"),
    ):
        message.add(step)
    session.messages.append(message)
    sessions.save(session)
    again = reopened(sessions).get(session.id)
    assert again is not None
    assert again.to_json() == session.to_json()
    assert again.messages[0].text == "one two \ud800"


def test_ids_are_date_and_counter_and_come_back_after_a_delete(sessions: Sessions) -> None:
    first, second = sessions.new("/work"), sessions.new("/work")
    day, _, counter = first.id.partition("_")
    assert len(day) == 8
    assert (counter, second.id) == ("1", f"{day}_2")
    sessions.delete(second)
    assert sessions.new("/work").id == second.id
    sessions.delete(first)
    assert sessions.new("/work").id == f"{day}_3"


def test_two_servers_in_one_folder_make_different_sessions(sessions: Sessions) -> None:
    other = reopened(sessions)
    ids = [each.new("/work").id for each in (sessions, other, sessions, other)]
    assert len(set(ids)) == 4
    assert {each.id for each in sessions.all()} == set(ids)


def test_an_id_that_was_taken_meanwhile_is_left_to_its_owner(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sessions.new("/work")
    first.title = "Mine"
    sessions.save(first)
    ids = iter([first.id, "20990101_1"])
    monkeypatch.setattr(sessions, "_next_id", lambda: next(ids))
    assert sessions.new("/elsewhere").id == "20990101_1"
    found = reopened(sessions).get(first.id)
    assert found is not None
    assert found.title == "Mine"


def test_all_who_open_a_session_share_it(sessions: Sessions) -> None:
    session = sessions.new("/work")
    assert sessions.get(session.id) is session
    assert sessions.all()[0] is session


def test_a_session_that_nobody_holds_is_read_anew(sessions: Sessions) -> None:
    session_id = sessions.new("/work").id
    gc.collect()
    other = reopened(sessions)
    found = other.get(session_id)
    assert found is not None
    found.title = "Written by another"
    other.save(found)
    again = sessions.get(session_id)
    assert again is not None
    assert again.title == "Written by another"


@pytest.mark.parametrize(
    "session_id", ["../../etc/passwd", "/etc/passwd", "a\0b", "x" * 150, "ÄÖ😀", ".", "CON", "\ud800"]
)
def test_an_id_from_outside_stays_in_the_folder(sessions: Sessions, session_id: str) -> None:
    session = sessions.new("/work", session_id)
    assert sessions.path(session_id).parent == sessions.folder
    assert sessions.path(session_id).exists()
    del session
    found = reopened(sessions).get(session_id)
    assert found is not None
    assert found.id == session_id


def test_the_folder_is_private_and_ignored_by_git(sessions: Sessions) -> None:
    before = os.umask(0)
    try:
        session = sessions.new("/work")
        sessions.save(session)
    finally:
        os.umask(before)
    assert mode(sessions.folder) == 0o700
    assert mode(sessions.folder.parent) == 0o700
    assert mode(sessions.path(session.id)) == 0o600
    assert (sessions.folder / ".gitignore").read_text().endswith("\n*\n")
    assert sorted(path.name for path in sessions.folder.iterdir()) == [".gitignore", f"{session.id}.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"goose_widget_demo": 99}', '{"goose_widget_demo": 1}'])
def test_a_damaged_file_is_passed_over_and_said(
    sessions: Sessions, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    session_id = sessions.new("/work").id
    good = sessions.new("/work")
    gc.collect()
    sessions.path(session_id).write_text(content)
    assert [each.id for each in sessions.all()] == [good.id]
    assert sessions.get(session_id) is None
    assert "holds no session" in caplog.text


def test_a_file_under_a_foreign_name_is_not_taken_for_that_session(sessions: Sessions) -> None:
    session = sessions.new("/work")
    sessions.path("20990101_9").write_text(json.dumps(session.to_json()))
    assert sessions.get("20990101_9") is None


def test_a_deleted_session_is_not_saved_by_a_turn_that_still_runs(sessions: Sessions) -> None:
    session = sessions.new("/work")
    sessions.delete(session)
    sessions.save(session)
    assert sessions.get(session.id) is None
    assert sessions.all() == []


def test_a_full_disk_is_logged_and_the_old_file_stays(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    session = sessions.new("/work")
    session.title = "New"
    monkeypatch.setattr(Path, "write_text", full)
    with caplog.at_level(logging.WARNING):
        sessions.save(session)
    monkeypatch.undo()
    assert "No space left" in caplog.text
    found = reopened(sessions).get(session.id)
    assert found is not None
    assert found.title == ""
    assert len(list(sessions.folder.iterdir())) == 2


def test_the_list_begins_with_the_last_used(tmp_path: Path) -> None:
    seconds = iter(range(1000, 2000))
    sessions = Sessions(tmp_path, clock=lambda: next(seconds))
    old, new = sessions.new("/work"), sessions.new("/work")
    assert [each.id for each in sessions.all()] == [new.id, old.id]
    sessions.save(old)
    assert [each.id for each in sessions.all()] == [old.id, new.id]


def test_prompts_are_what_the_user_wrote() -> None:
    session = Session("s", "/work", 0)
    session.messages = [
        Message("1", "user", 0, [Say("one")]),
        Message("2", "agent", 0, [Say("no")]),
        Message("3", "user", 0, [Show("image/png", ""), Say("two")]),
    ]
    assert session.prompts == ("one", "two")
