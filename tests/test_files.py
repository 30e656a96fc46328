"""Files of the folder for "@": what fits best comes first, and nothing leads out of the folder."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from goose_widget import files
from goose_widget.files import matching


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    for name in (
        "notes.md",
        "analysis/report.md",
        "analysis/model.py",
        "data/models/big_model.csv",
        "data/m_o_d.txt",
        ".github/model.yml",
        ".hidden_model",
        ".git/model",
        ".venv/model",
        ".goose/model",
        "node_modules/model/index.js",
        "src/__pycache__/model.pyc",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return root


def test_a_name_that_begins_so_comes_before_one_that_holds_it_and_a_path_that_does(folder: Path) -> None:
    assert matching(folder, "mod") == [
        "data/models/",
        "analysis/model.py",
        "data/models/big_model.csv",
        "data/m_o_d.txt",
    ]
    assert matching(folder, "MODELS/b") == ["data/models/big_model.csv"]
    assert matching(folder, "dbm") == ["data/models/big_model.csv"]
    assert matching(folder, "nothing like it") == []


def test_without_a_query_the_upper_level_comes_first(folder: Path) -> None:
    assert matching(folder, "")[:4] == ["src/", "data/", "notes.md", "analysis/"]
    assert matching(folder, "./no")[0] == "notes.md"


def test_hidden_ones_come_only_where_the_query_says_so_and_some_never(folder: Path) -> None:
    assert matching(folder, ".hid") == [".hidden_model"]
    assert matching(folder, ".github/") == [".github/", ".github/model.yml"]
    found = matching(folder, ".")
    assert not [path for path in found if path.startswith((".git/", ".venv", ".goose", "node_modules"))]


def test_links_do_not_lead_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("")
    (folder / "link_out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "link_in.txt").symlink_to(folder / "notes.md")
    (folder / "link_folder").symlink_to(tmp_path)
    (folder / "link_circle").symlink_to(folder / "link_circle")
    assert matching(folder, "link") == ["link_in.txt"]


def test_names_that_can_not_be_seen_are_left_out(folder: Path) -> None:
    for name in ("zz\nname", "zz\x1bname", "zz\u202ename"):
        (folder / name).write_text("")
    assert matching(folder, "zz") == []


def test_at_most_fifty_are_given(folder: Path) -> None:
    for number in range(80):
        (folder / f"many{number:02}.txt").write_text("")
    found = matching(folder, "many")
    assert len(found) == 50
    assert found[0] == "many00.txt"


def test_a_large_folder_is_looked_at_for_a_second_and_so_many_entries(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count(0.0, 0.1)
    assert len(matching(folder, "", clock=lambda: next(seconds))) < 11
    monkeypatch.setattr(files, "_LOOKED_AT", 3)
    assert len(matching(folder, "")) <= 3


def test_a_folder_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    assert matching(tmp_path / "gone", "a") == []
