"""Gives every test run, with `make` or by hand, the same goose, browser and kernels."""

from __future__ import annotations

import os

import pytest

from support import browser, installed


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the experiment of tests/faults goes on."""
    group = parser.getgroup("faults")
    group.addoption("--kills", type=int, default=50, help="processes to kill in mid-conversation")
    group.addoption("--fault-runs", type=int, default=12, help="sequences of faults to draw for each server")
    group.addoption("--fault-seed", type=int, default=None, help="repeats a run of the above")


def pytest_configure(config: pytest.Config) -> None:
    """Sets what the tests read: GOOSE_TEST_BIN, GOOSE_TEST_BROWSER ("" is Playwright's own) and JUPYTER_PATH."""
    # A goose of the user's must never answer in place of the tests' own.
    for name in [name for name in os.environ if name.startswith("GOOSE_") and not name.startswith("GOOSE_TEST_")]:
        del os.environ[name]
    os.environ.setdefault("GOOSE_TEST_BIN", installed.goose() or "")
    os.environ.setdefault("GOOSE_TEST_BROWSER", browser.find() or "")
    kernels = [installed.ipykernel6(), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(kernels)


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without proxies."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
