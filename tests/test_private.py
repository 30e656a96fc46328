"""Files for their owner alone, whatever lies in the folder and whatever the umask says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from goose_widget import private


@pytest.fixture(params=[0o000, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_folders_are_private_under_any_umask(tmp_path: Path, umask: None) -> None:
    private.make_folder(tmp_path / "a" / "b")
    os.close(private.create(tmp_path / "a" / "b" / "file"))
    assert [mode(tmp_path / "a"), mode(tmp_path / "a" / "b")] == [0o700, 0o700]
    assert mode(tmp_path / "a" / "b" / "file") == 0o600


def test_a_folder_that_exists_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o755)
    private.make_folder(tmp_path / "a")
    assert mode(tmp_path / "a") == 0o755


def test_a_file_that_others_could_read_is_closed_to_them_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    path.chmod(0o666)
    os.close(private.open_to_append(path))
    assert mode(path) == 0o600


@pytest.mark.parametrize("open_", [private.open_to_read, private.open_to_append, private.create])
def test_a_link_is_not_followed(tmp_path: Path, open_: object) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("secret")
    link.symlink_to(target)
    (tmp_path / "nowhere").symlink_to(tmp_path / "new")
    for path in (link, tmp_path / "nowhere"):
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
            open_(path)  # type: ignore[operator]
    assert target.read_text() == "secret"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("open_", [private.open_to_read, private.open_to_append])
def test_a_pipe_or_a_folder_holds_nobody_up(tmp_path: Path, open_: object) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
            open_(tmp_path / name)  # type: ignore[operator]
