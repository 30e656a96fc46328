"""The folder of session files: private, and no conversation taken for another."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goose_widget.errors import AmbiguousSession, SessionFileError
from goose_widget.store import Header, Store, default_folder, file_name
from support import strategies
from support.session_files import HEADER, HELLO, links_in, reopened, said, written


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(default_folder(tmp_path))


def header(session_id: str = "7", uid: str = "", after: str = "", **more: str) -> Header:
    return Header(session_id, uid=uid, after=after, **more)  # type: ignore[arg-type]


# The folder.


def test_folder_and_files_are_private_and_out_of_git(store: Store) -> None:
    path = written(store)
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(each.stat().st_mode) for each in store.folder.iterdir()} == {0o600}
    assert path.parent == store.folder
    assert "*" in (store.folder / ".gitignore").read_text().splitlines()


def test_the_owner_decides_what_is_in_git(store: Store) -> None:
    written(store)
    (store.folder / ".gitignore").write_text("!*\n")
    written(store)
    assert (store.folder / ".gitignore").read_text() == "!*\n"


def test_the_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    store = Store(tmp_path / "link")
    written(store)
    assert list(reopened(store).read()) == HELLO


def test_links_in_the_folder_are_passed_over_and_lead_nowhere(store: Store, tmp_path: Path) -> None:
    outside = Store(tmp_path / "outside")
    secret = written(outside, Header("secret"))
    before = secret.read_bytes()
    store.folder.mkdir(parents=True)
    (store.folder / "secret.jsonl").symlink_to(secret)
    (store.folder / ".gitignore").symlink_to(tmp_path / "made")
    written(store)
    assert store.find("secret") is None
    assert [info.session_id for info in store.sessions()] == [HEADER.session_id]
    assert len(links_in(store.folder)) == 2
    assert secret.read_bytes() == before
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\0", b"[]\n", b'{"goose_widget_session":999,"session_id":"20261122_7"}\n']
)
def test_other_files_in_the_folder_are_left_alone(store: Store, content: bytes) -> None:
    written(store)
    (store.folder / "other.jsonl").write_bytes(content)
    (store.folder / "folder.jsonl").mkdir()
    assert [info.session_id for info in store.sessions()] == ["20261122_7"]


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionFileError, match="can't be saved in"):
        Store(tmp_path / "file" / "sessions").create(HEADER)


def test_no_folder_means_no_sessions(tmp_path: Path) -> None:
    assert Store(tmp_path / "none").sessions() == []
    assert Store(tmp_path / "none").find("x") is None
    assert not (tmp_path / "none").exists()


# Names.


@pytest.mark.parametrize("session_id", ["../../x", "a\0b", "x" * 4000, "CON", "", "~/.ssh/id", "ü/😀", "..", "a\nb"])
def test_an_id_is_data_and_never_a_path(store: Store, session_id: str) -> None:
    path = written(store, Header(session_id))
    assert path.parent == store.folder
    assert reopened(store, session_id).path == path
    assert [info.session_id for info in store.sessions()] == [session_id]


@strategies.patient
@given(st.text())
def test_a_file_name_is_harmless(session_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,59}-abc\.jsonl", file_name(session_id, "abc"))


# Which file is meant.


def test_a_new_conversation_has_a_file_and_a_name_of_its_own(store: Store) -> None:
    first, second = store.create(header()), store.create(header())
    assert first.path != second.path
    assert re.fullmatch("[0-9a-f]{16}", first.header.uid)
    assert first.header.uid != second.header.uid
    assert store.create(header(uid="mine")).header.uid == "mine"


def test_an_id_stands_for_the_newest_file_that_goes_on_from_it(store: Store) -> None:
    for name, before in ("ab", ""), ("cd", "ab"), ("ef", "cd"):
        written(store, header(f"id of {name}", name, before))
    for name in ("ab", "cd", "ef"):
        assert reopened(store, f"id of {name}").header.uid == "ef"
    assert [info.session_id for info in store.sessions()] == ["id of ef"]


def test_one_id_on_the_way_of_one_conversation_is_no_ambiguity(store: Store) -> None:
    written(store, header("7", "a"))
    written(store, header("7", "b", "a"))
    assert reopened(store, "7").header.uid == "b"


def test_two_conversations_of_one_id_are_told_apart_by_the_user(store: Store) -> None:
    first = written(store, header(server="here", uid="a"), said("one <b>"))
    second = written(store, header(server="there", uid="b"), said("two"))
    with pytest.raises(AmbiguousSession) as caught:
        store.find("7")
    assert {info.path for info in caught.value.infos} == {first, second}
    for text in (str(first), "'two'", "1970-01-01", "2 messages", "on there", 'GooseChat(path="…")'):
        assert text in str(caught.value)
    assert len(store.sessions()) == 2


def test_the_server_tells_which_of_two_conversations_is_meant(store: Store) -> None:
    written(store, header(server="here", uid="a"))
    written(store, header(server="there", uid="b"))
    written(store, header("8", server="there", uid="c", after="b"))
    found = store.find("7", server="there")
    assert found is not None
    assert found.header.uid == "c"
    for server in ("", "elsewhere"):
        with pytest.raises(AmbiguousSession):
            store.find("7", server=server)
    written(store, header(server="there", uid="d"))
    with pytest.raises(AmbiguousSession):
        store.find("7", server="there")


def test_a_conversation_that_was_continued_twice_is_two(store: Store) -> None:
    written(store, header("7", "a", server="here"))
    written(store, header("8", "b", "a"))
    written(store, header("9", "c", "a"))
    for server in ("", "here"):
        with pytest.raises(AmbiguousSession):
            store.find("7", server=server)
    assert reopened(store, "8").header.uid == "b"
    assert {info.session_id for info in store.sessions()} == {"8", "9"}


def test_a_file_in_which_nothing_was_said_is_no_other_conversation(store: Store) -> None:
    path = written(store)
    written(store, Header(HEADER.session_id), [])
    assert reopened(store).path == path
    assert len(store.sessions()) == 1


@pytest.mark.parametrize("links", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "a"}, {"a": "gone"}])
def test_links_in_a_circle_or_to_nothing_are_harmless(store: Store, links: dict[str, str]) -> None:
    for uid, after in links.items():
        written(store, header(uid, uid, after))
    for uid in links:
        assert reopened(store, uid).header.uid == uid
    assert len(store.sessions()) == len(links)
    assert len(store.lineage(reopened(store, "a"))) == len(set(links.values()) & links.keys() - {"a"})


def test_files_of_older_versions_are_found(store: Store) -> None:
    path = written(store)
    path.write_bytes(path.read_bytes().replace(b',"uid":"0123456789abcdef","after":""', b""))
    found = reopened(store)
    assert found.header.uid == ""
    assert list(found.read()) == HELLO


def test_the_lineage_is_all_that_a_file_goes_on_from(store: Store) -> None:
    for name, before in ("a", ""), ("b", "a"), ("c", "b"), ("x", "a"):
        written(store, header(name, name, before))
    assert [file.header.uid for file in store.lineage(reopened(store, "c"))] == ["b", "a"]
