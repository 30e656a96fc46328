"""Where the notebook is, by what each front end tells."""

from __future__ import annotations

from pathlib import Path

from goose_widget.notebook import locate


def test_jupyter_tells_by_the_environment(tmp_path: Path) -> None:
    path = str(tmp_path / "a b.ipynb")
    assert locate({"JPY_SESSION_NAME": path}, {}, Path("/else")) == (tmp_path, path)


def test_vs_code_tells_by_a_global(tmp_path: Path) -> None:
    path = str(tmp_path / "a.ipynb")
    assert locate({}, {"__vsc_ipynb_file__": path}, Path("/else")) == (tmp_path, path)


def test_elsewhere_it_is_the_working_folder(tmp_path: Path) -> None:
    assert locate({}, {}, tmp_path) == (tmp_path, "")


def test_what_is_no_path_of_this_machine_is_not_believed(tmp_path: Path) -> None:
    for value in ("a.ipynb", "", "/no/such/folder/a.ipynb", "4f1c-uuid"):
        assert locate({"JPY_SESSION_NAME": value}, {"__vsc_ipynb_file__": 3}, tmp_path) == (tmp_path, "")
