"""Files of authorities, as a user may give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from goose_widget import errors
from goose_widget.certificates import check_file, context
from support.tls import Authority


def test_a_file_of_authorities_is_trusted_besides_the_systems(tmp_path: Path) -> None:
    ours = Authority(tmp_path)
    known = {str(each["subject"]) for each in context().get_ca_certs()}
    with_ours = {str(each["subject"]) for each in context(check_file(ours.file)).get_ca_certs()}
    assert known < with_ours
    assert any("trustme" in each for each in with_ours - known)


def test_a_relative_file_is_the_one_of_the_folder_of_that_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Authority(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert check_file("authority.pem") == str(tmp_path / "authority.pem")


@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n", b"\x30\x82\x00"]
)
def test_a_file_without_a_certificate_is_refused_at_once(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(errors.UsageError, match=r"ca\.pem' can't be (used|read)"):
        check_file(file)


@pytest.mark.parametrize("wrong", ["", True, 3, b"ca.pem"])
def test_what_is_no_path_is_refused(wrong: object) -> None:
    with pytest.raises(errors.UsageError, match="path of a file"):
        check_file(wrong)  # type: ignore[arg-type]


def test_a_folder_is_no_file_of_authorities(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="can't be"):
        check_file(tmp_path)


def test_checks_are_never_off(tmp_path: Path) -> None:
    checks = context(str(Authority(tmp_path).file))
    assert (checks.check_hostname, checks.verify_mode.name) == (True, "CERT_REQUIRED")
