"""Which server is meant by what a chat was given, and what is done when goose is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat, errors
from goose_widget.demo import stop_demos
from goose_widget.endpoint import Endpoint
from goose_widget.store import Header, Store
from goose_widget.target import Target
from support.poll import eventually

ADDRESS = {"GOOSE_SERVER_URL": "ws://127.0.0.1:1/acp", "GOOSE_SERVER__SECRET_KEY": "from the environment"}


@pytest.fixture
async def demos() -> AsyncIterator[None]:
    yield
    await stop_demos()


@pytest.mark.parametrize(
    ("server", "environment", "place", "is_elsewhere", "has_our_files"),
    [
        (None, {}, "this computer", False, True),
        (None, {"GOOSE_SERVER_URL": ""}, "this computer", False, True),
        (None, ADDRESS, "ws://127.0.0.1:1/acp", True, True),
        ("ws://127.9.9.9:1/acp", {}, "ws://127.9.9.9:1/acp", True, True),
        ("wss://[::1]:1/acp", {}, "wss://[::1]:1/acp", True, True),
        ("http://localhost:8000", {}, "ws://localhost:8000", True, True),
        ("demo", ADDRESS, "the demo", False, True),
        (None, {"GOOSE_SERVER_URL": "demo"}, "the demo", False, True),
        ("http://h:8000", ADDRESS, "ws://h:8000", True, False),
        ("ws://localhost.example/acp", {}, "ws://localhost.example/acp", True, False),
        ("ws://10.0.0.1:1/acp", {}, "ws://10.0.0.1:1/acp", True, False),
    ],
)
def test_what_is_meant(
    server: str | None,
    environment: dict[str, str],
    place: str,
    is_elsewhere: bool,
    has_our_files: bool,
    tmp_path: Path,
) -> None:
    target = Target(server, None, demo=tmp_path, environment=environment)
    assert (target.place, target.is_elsewhere) == (place, is_elsewhere)
    assert target.has_our_files == has_our_files


async def test_the_key_belongs_to_the_address_it_came_with(tmp_path: Path) -> None:
    found = await Target(None, None, demo=tmp_path, environment=ADDRESS).locate(by_user=False)
    assert found.key == "from the environment"
    found = await Target("ws://h/acp", None, demo=tmp_path, environment=ADDRESS).locate(by_user=False)
    assert found.key == ""
    with pytest.raises(errors.UsageError, match="pass server= as well"):
        Target(None, "k", demo=tmp_path, environment={})


@pytest.mark.parametrize("server", [None, "demo"])
@pytest.mark.parametrize("more", [{"ca": "ca.pem"}, {"headers": {"X": "1"}}])
def test_authorities_and_headers_are_for_a_server_at_an_address(
    server: str | None, more: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(errors.UsageError, match="pass server= as well"):
        Target(server, None, demo=tmp_path, environment={}, **more)


async def test_headers_go_to_the_address_of_the_environment_too(tmp_path: Path) -> None:
    target = Target(None, None, headers={"X-Team": "us"}, demo=tmp_path, environment=ADDRESS)
    assert (await target.locate(by_user=False)).headers["X-Team"] == "us"


@pytest.mark.usefixtures("demos")
async def test_the_demo_has_a_key_and_is_started_once(tmp_path: Path) -> None:
    target = Target("demo", None, demo=tmp_path, environment={})
    found = await target.locate(by_user=False)
    assert (found.language, found.is_local, bool(found.key)) == ("acp", True, True)
    assert await target.locate(by_user=True) == found
    other = Target("ws://h/acp", None, demo=tmp_path, environment={})
    assert await other.locate(by_user=False) == Endpoint("ws://h/acp")
    other.try_demo()
    assert (other.place, await other.locate(by_user=False)) == ("the demo", found)


async def test_without_goose_the_demo_is_taken_when_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOSE_BIN", "/no/such/goose")
    monkeypatch.setenv("GOOSE_WIDGET_DEMO_PACE", "0")
    monkeypatch.delenv("GOOSE_SERVER_URL", raising=False)
    chat = Chat(store=tmp_path / "sessions", cwd=tmp_path)
    with pytest.raises(errors.GooseNotFound):
        await chat.ask_async("hello")
    assert (chat.status, chat.problem["offers"]) == ("failed", [{"id": "demo", "label": "Try the demo"}])
    chat.try_demo()
    reply = await chat.ask_async("hello")
    assert "I am the **demo**" in reply.text
    with pytest.raises(errors.UsageError, match="not on offer"):
        chat.try_demo()
    session_id = chat.session_id
    chat.close()
    resumed = Chat(session_id, store=tmp_path / "sessions", cwd=tmp_path)  # it lives at the demo, and goes on there
    assert "You wrote 1 message before this one" in (await resumed.ask_async("/remember")).text
    resumed.close()


async def test_a_session_of_the_real_goose_is_not_taken_to_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOSE_BIN", "/no/such/goose")
    monkeypatch.delenv("GOOSE_SERVER_URL", raising=False)
    Store(tmp_path).create(Header("20261122_7", "this computer")).close()
    chat = Chat("20261122_7", store=tmp_path, cwd=tmp_path)
    await eventually(lambda: chat.status == "failed")
    assert (chat.problem["code"], chat.problem["offers"]) == ("no-goose", [])
    chat.close()
