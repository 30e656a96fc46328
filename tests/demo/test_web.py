"""The side of goose web, frame by frame, against the table of its protocol."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.asyncio.client import ClientConnection, connect

from demo.test_server import get
from demo.wire import connected
from goose_widget.demo import DemoServer
from support.goose import PATIENCE
from support.poll import eventually

Json = dict[str, Any]

# The table: every type with its fields.
FIELDS = {
    "response": {"content": str, "role": str, "timestamp": int},
    "thinking": {"message": str},
    "tool_request": {"id": str, "tool_name": str, "arguments": dict},
    "tool_response": {"id": str, "result": list, "is_error": bool},
    "tool_confirmation": {"id": str, "tool_name": str, "arguments": dict, "needs_confirmation": bool},
    "error": {"message": str},
    "cancelled": {"message": str},
    "complete": {"message": str},
}
CONTENT = {"text", "toolRequest", "toolResponse", "thinking", "image"}


class Page:
    """A socket of a client, which holds every frame against the table."""

    def __init__(self, server: DemoServer, socket: ClientConnection, session: str) -> None:
        self.server = server
        self.socket = socket
        self.session = session

    async def say(self, content: str) -> None:
        await self.send(type="message", content=content, session_id=self.session, timestamp=1_760_000_000_000)

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def next(self) -> Json:
        frame: Json = json.loads(await asyncio.wait_for(self.socket.recv(), 10 * PATIENCE))
        fields = {name: value for name, value in frame.items() if name != "type"}
        wanted = FIELDS[frame["type"]]
        assert fields.keys() == wanted.keys()
        assert all(isinstance(value, wanted[name]) for name, value in fields.items())
        return frame

    async def turn(self, content: str) -> list[Json]:
        """Everything up to `complete`."""
        await self.say(content)
        return await self.until("complete")

    async def until(self, kind: str) -> list[Json]:
        frames = [await self.next()]
        while frames[-1]["type"] != kind:
            frames.append(await self.next())
        return frames

    async def history(self) -> list[Json]:
        answer = await saved(self.server, self.session)
        assert answer.keys() == {"metadata", "messages"}
        assert answer["metadata"].keys() == {"description", "message_count", "working_dir"}
        messages: list[Json] = answer["messages"]
        for message in messages:
            assert {"role", "created", "content"} <= message.keys()
            assert message["role"] in ("user", "assistant")
            assert {content["type"] for content in message["content"]} <= CONTENT
        return messages


async def saved(server: DemoServer, session: str) -> Json:
    answer = await get(f"{server.web_url}/api/sessions/{quote(session, safe='')}")
    assert answer.status == 200
    return dict(json.loads(answer.body))


def text(frames: list[Json]) -> str:
    return "".join(frame["content"] for frame in frames if frame["type"] == "response")


def kinds(frames: list[Json]) -> list[str]:
    found = [frame["type"] for frame in frames]
    return [kind for kind, before in zip(found, [None, *found], strict=False) if kind != before]


@asynccontextmanager
async def opened(server: DemoServer, session: str = "20250115_143022") -> AsyncIterator[Page]:
    async with connect(f"ws://127.0.0.1:{server.port}/ws", proxy=None, max_size=None) as socket:
        yield Page(server, socket, session)


@pytest.fixture
async def page(server: DemoServer) -> AsyncIterator[Page]:
    async with opened(server) as page:
        yield page


@pytest.fixture
async def slow(slow_server: DemoServer) -> AsyncIterator[Page]:
    async with opened(slow_server) as page:
        yield page


async def test_any_id_starts_a_session(page: Page) -> None:
    for page.session in ("20250115_143022", "../../etc/passwd", "ä 😀"):
        assert (await saved(page.server, page.session)) == {"error": "Session not found"}
        assert "Hello!" in text(await page.turn("hello"))
        assert [message["role"] for message in await page.history()] == ["user", "assistant"]


async def test_a_reply_streams_and_completes(page: Page) -> None:
    frames = await page.turn("/think")
    assert kinds(frames) == ["thinking", "response", "complete"]
    assert len(frames) > 30
    assert frames[-2]["role"] == "assistant"
    assert frames[-2]["timestamp"] > 1_760_000_000_000


async def test_a_tool_comes_with_its_result(page: Page) -> None:
    frames = await page.turn("/tool")
    assert kinds(frames) == ["response", "tool_request", "tool_response", "response", "complete"]
    request, response = (frame for frame in frames if frame["type"].startswith("tool"))
    assert (request["tool_name"], request["arguments"]) == ("developer__shell", {"command": "pytest -v"})
    assert (response["id"], response["is_error"]) == (request["id"], False)
    assert response["result"][0]["text"].endswith("5 passed in 0.42s")


async def test_it_approves_by_itself_and_confirms_first(page: Page) -> None:
    frames = await page.turn("/ask")
    assert kinds(frames)[1:4] == ["tool_confirmation", "tool_request", "tool_response"]
    confirmation, request, response = (frame for frame in frames if frame["type"].startswith("tool"))
    assert {**confirmation, "type": "tool_request"} == {**request, "needs_confirmation": True}
    assert not response["is_error"]


async def test_a_failing_tool_is_an_error_of_the_tool(page: Page) -> None:
    frames = await page.turn("/fail tool")
    assert [frame["is_error"] for frame in frames if frame["type"] == "tool_response"] == [True]
    assert "error" not in kinds(frames)


async def test_a_failing_turn_says_error_and_completes(page: Page) -> None:
    frames = await page.turn("/fail")
    assert kinds(frames)[-2:] == ["error", "complete"]
    assert frames[-2]["message"].startswith("Agent error: ")


async def test_the_tour_says_everything_in_the_protocol_s_words(page: Page) -> None:
    frames = await page.turn("/tour")
    assert {frame["type"] for frame in frames} == FIELDS.keys() - {"error", "cancelled"}
    tools = {frame["tool_name"] for frame in frames if frame["type"] == "tool_request"}
    assert tools == {"todo__todo_write", "developer__shell", "developer__edit"}
    requests = [frame["id"] for frame in frames if frame["type"] == "tool_request"]
    assert requests == [frame["id"] for frame in frames if frame["type"] == "tool_response"]
    assert "](data:image/png;base64," in text(frames)


async def test_the_history_has_what_was_said(page: Page) -> None:
    frames = await page.turn("/tour")
    messages = await page.history()
    assert messages[0]["content"] == [{"type": "text", "text": "/tour"}]
    contents = [content for message in messages[1:] for content in message["content"]]
    said = "".join(content["text"] for content in contents if content["type"] == "text")
    assert said == text([frame for frame in frames if "base64," not in str(frame.get("content"))])
    for kind, frame in (("toolRequest", "tool_request"), ("toolResponse", "tool_response")):
        ids = [content["id"] for content in contents if content["type"] == kind]
        assert sorted(ids) == sorted(each["id"] for each in frames if each["type"] == frame)


async def test_the_user_s_message_is_in_the_history_at_once(slow: Page) -> None:
    await slow.say("/slow 600")
    await slow.next()
    assert [message["role"] for message in await slow.history()] == ["user"]
    assert (await saved(slow.server, slow.session))["metadata"]["description"] == "/slow 600"


async def test_a_cancelled_turn_keeps_what_was_said(slow: Page) -> None:
    await slow.say("/slow 600")
    first = await slow.next()
    await slow.send(type="cancel", session_id=slow.session)
    frames = [first, *await slow.until("cancelled")]
    await eventually_saved(slow, 2)
    assert (await slow.history())[1]["content"] == [{"type": "text", "text": text(frames)}]
    assert text(await slow.turn("/say on")) == "on"


async def eventually_saved(page: Page, messages: int) -> None:
    deadline = time.monotonic() + 10 * PATIENCE
    while len(await page.history()) < messages:
        assert time.monotonic() < deadline


async def test_to_cancel_nothing_does_nothing(page: Page) -> None:
    await page.send(type="cancel", session_id=page.session)
    await page.send(type="cancel", session_id="20200101_1")
    assert text(await page.turn("/say on")) == "on"


@pytest.mark.parametrize(
    "frame",
    [
        "nonsense",
        "[" * 100_000,
        b"\xff",
        "[]",
        "{}",
        '{"type": "nonsense"}',
        '{"type": "message", "content": 7, "session_id": "x"}',
        '{"type": "message", "content": "x"}',
        '{"type": "message", "content": "x", "session_id": ""}',
        '{"type": "message", "content": "x", "session_id": "%s"}' % ("x" * 300),
        '{"type": "cancel"}',
    ],
)
async def test_what_is_no_message_is_not_answered(page: Page, frame: str | bytes) -> None:
    await page.socket.send(frame)
    assert text(await page.turn("/say on")) == "on"


async def test_a_socket_runs_one_turn_at_a_time(page: Page) -> None:
    await page.say("/say one")
    await page.say("/say two")
    assert text(await page.until("complete")) == "one"
    assert text(await page.until("complete")) == "two"
    assert [message["role"] for message in await page.history()] == ["user", "assistant"] * 2


async def test_another_session_of_a_socket_waits_its_turn(slow: Page) -> None:
    first = slow.session
    await slow.say("/slow 600")
    await slow.next()
    slow.session = "20250115_143023"
    await slow.say("/say two")
    assert "two" not in text([await slow.next() for _ in range(12)])
    await slow.send(type="cancel", session_id=first)
    await slow.until("cancelled")
    assert text(await slow.until("complete")) == "two"


async def test_replies_go_to_the_socket_that_asked(page: Page) -> None:
    async with opened(page.server, page.session) as other:
        await page.turn("/say one")
        assert text(await other.turn("/say two")) == "two"
        assert text(await page.turn("/say three")) == "three"


async def test_a_turn_outlives_its_socket(tmp_path: Path) -> None:
    server = DemoServer(tmp_path, pace=0.1)
    await server.start()
    try:
        async with opened(server) as page:
            await page.say("/slow 3")
            await page.next()
            page.socket.transport.abort()
            await page.socket.wait_closed()
            await eventually_saved(page, 2)
            assert "you did not stop me" in (await page.history())[1]["content"][0]["text"]
        async with opened(server) as page:
            assert "/slow 3" in text(await page.turn("/remember"))
    finally:
        await server.stop()


async def test_the_next_message_waits_for_a_turn_that_goes_on_alone(tmp_path: Path) -> None:
    server = DemoServer(tmp_path, pace=0.1)
    await server.start()
    try:
        async with opened(server) as page:
            await page.say("/slow 3")
            await page.next()
            page.socket.transport.abort()
        async with opened(server) as page:
            await page.turn("/say after")
            texts = [message["content"][0]["text"] for message in await page.history()]
            assert [texts[0], texts[2], texts[3]] == ["/slow 3", "/say after", "after"]
            assert "you did not stop me" in texts[1]
    finally:
        await server.stop()


async def test_another_socket_can_cancel_a_turn(slow: Page) -> None:
    await slow.say("/slow 600")
    await slow.next()
    async with opened(slow.server, slow.session) as other:
        await other.send(type="cancel", session_id=slow.session)
        assert kinds(await other.until("cancelled")) == ["cancelled"]


async def test_crash_breaks_the_socket_and_finishes_the_turn(page: Page) -> None:
    await page.say("/crash")
    await eventually(lambda: page.socket.close_code is not None)
    assert page.socket.close_code == 1006
    await eventually_saved(page, 2)
    assert "the server went on without you" in (await page.history())[1]["content"][0]["text"]


async def test_both_sides_have_the_same_sessions(page: Page, tmp_path: Path) -> None:
    await page.turn("My name is Ada.")
    async with connected(page.server) as wire:
        loaded = await wire.load(page.session, tmp_path)
        assert loaded.text("user_message_chunk") == "My name is Ada."
        await wire.prompt("/say hello from the other side")
    assert (await page.history())[-1]["content"][0]["text"] == "hello from the other side"
    listed = json.loads((await get(f"{page.server.web_url}/api/sessions")).body)["sessions"]
    assert [(each["name"], each["description"], each["message_count"]) for each in listed] == [
        (page.session, "My name is Ada.", 4)
    ]
    assert listed[0].keys() == {"name", "path", "description", "message_count", "working_dir"}


async def test_a_folder_that_can_t_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = DemoServer(tmp_path / "file" / "sessions")
    await server.start()
    try:
        async with opened(server) as page:
            frames = await page.turn("hello")
            assert kinds(frames) == ["error", "complete"]
            assert "can't save sessions" in frames[0]["message"]
            front = await get(f"{server.web_url}/")
            assert front.status == 500
            assert "can't save sessions" in front.body
    finally:
        await server.stop()


async def test_a_server_that_stops_keeps_what_was_said(slow_server: DemoServer, slow: Page, tmp_path: Path) -> None:
    await slow.say("/slow 600")
    await slow.next()
    await slow_server.stop()
    server = DemoServer(tmp_path / "sessions", pace=0)
    await server.start()
    try:
        async with opened(server) as page:
            assert [message["role"] for message in await page.history()] == ["user", "assistant"]
    finally:
        await server.stop()
