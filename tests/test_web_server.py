"""The tests' own `goose web` server: that it does what the protocol's page says, looked at without our client."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from support import golden
from support.goose import PATIENCE
from support.poll import eventually
from support.web_server import FAILED_TURN, FIXTURES, FULL_TURN, NOW, WebServer, WebTurn, play, running

Json = dict[str, Any]
GENERATIONS = ["early", "late"]
MINE = "20251009_085320"  # an id as clients of an early server make it


async def get(server: WebServer, path: str, token: str = "") -> http.client.HTTPResponse:
    """The answer, its body read into `answer.text`; no redirect is followed and no proxy asked."""

    def ask() -> Any:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=5 * PATIENCE)) as line:
            line.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer: Any = line.getresponse()
            answer.text = answer.read().decode()
            return answer

    return await asyncio.to_thread(ask)


async def get_json(server: WebServer, path: str) -> Any:
    return json.loads((await get(server, path)).text)


@contextlib.asynccontextmanager
async def talking(server: WebServer, token: str = "") -> AsyncIterator[ClientConnection]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with connect(server.ws_url, additional_headers=headers, proxy=None, max_size=None) as socket:
        yield socket


async def say(socket: ClientConnection, content: str, session_id: str = MINE) -> Json:
    frame = {"type": "message", "content": content, "session_id": session_id, "timestamp": NOW * 1000}
    await socket.send(json.dumps(frame))
    return frame


async def cancel(socket: ClientConnection, session_id: str = MINE) -> Json:
    frame = {"type": "cancel", "session_id": session_id}
    await socket.send(json.dumps(frame))
    return frame


async def hear(socket: ClientConnection, last: str = "complete") -> list[Json]:
    """Frames up to the first of this type."""
    frames: list[Json] = []
    while not frames or frames[-1]["type"] != last:
        frames.append(json.loads(await asyncio.wait_for(socket.recv(), 5 * PATIENCE)))
    return frames


def types(frames: list[Json]) -> list[str]:
    return [frame["type"] for frame in frames]


async def talk_for_ever(server: WebServer, turn: WebTurn) -> None:
    await turn.text("1, ")
    await turn.text("2, ")
    await asyncio.Event().wait()


# What a client is told over HTTP.


async def test_late_server_makes_the_session_when_its_page_is_asked_for() -> None:
    async with running(WebServer(generation="late")) as server:
        answers = [await get(server, "/") for _ in range(2)]
        assert [(each.status, each.headers["Location"]) for each in answers] == [
            (303, "/session/20251009_1"),
            (303, "/session/20251009_2"),
        ]
        assert (await get(server, "/session/20251009_1")).status == 200
        assert [each["name"] for each in (await get_json(server, "/api/sessions"))["sessions"]] == [
            "20251009_1",
            "20251009_2",
        ]


async def test_early_server_has_a_page_and_takes_any_id() -> None:
    async with running(WebServer(generation="early")) as server:
        assert (await get(server, "/")).status == 200
        assert await get_json(server, "/api/sessions") == {"sessions": []}
        async with talking(server) as socket:
            await say(socket, "hello")
            assert [each.get("content") for each in await hear(socket)] == ["You said: hello", None]
        (listed,) = (await get_json(server, "/api/sessions"))["sessions"]
        assert set(listed) == {"name", "path", "description", "message_count", "working_dir"}
        assert (listed["name"], listed["description"], listed["message_count"]) == (MINE, "hello", 2)


async def test_late_server_never_answers_a_message_for_an_id_it_did_not_make() -> None:
    async with running(WebServer(known={"20251009_7": []})) as server, talking(server) as socket:
        await say(socket, "lost")
        await say(socket, "found", "20251009_7")
        assert (await hear(socket))[0]["content"] == "You said: found"
        assert list(server.sessions) == ["20251009_7"]


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_unknown_session_is_an_error_with_status_200(generation: Any) -> None:
    async with running(WebServer(generation=generation)) as server:
        answer: Any = await get(server, "/api/sessions/20250101_1")
        assert (answer.status, list(json.loads(answer.text))) == (200, ["error"])
        assert answer.headers["Content-Type"] == "application/json"
        assert (await get(server, "/api/nothing")).status == 404


async def test_everything_but_health_asks_for_the_token() -> None:
    async with running(WebServer(token="t")) as server:
        assert await get_json(server, "/api/health") == {"status": "ok", "service": "goose-web"}
        paths = ["/", "/session/x", "/api/sessions", "/api/sessions/x"]
        assert [(await get(server, path)).status for path in paths] == [401] * 4
        assert [(await get(server, path, "wrong")).status for path in paths] == [401] * 4
        assert [(await get(server, path, "t")).status for path in paths] == [303, 200, 200, 200]
        for token in ("", "wrong"):
            with pytest.raises(InvalidStatus) as caught:
                async with talking(server, token):
                    pass
            assert caught.value.response.status_code == 401
        assert server.connections == 0
        async with talking(server, "t") as socket:
            await say(socket, "hello", "20251009_1")
            await hear(socket)
        assert server.requests[0] == ("/api/health", False)
        assert server.requests[-2:] == [("/ws", False), ("/ws", True)]


async def test_api_is_hidden_until_it_is_not() -> None:
    event = asyncio.Event()
    async with running(WebServer(hide_until=event)) as server:
        assert (await get(server, "/api/health")).status == 503
        assert (await get(server, "/")).status == 303
        event.set()
        assert (await get(server, "/api/sessions")).status == 200


# A conversation, which is also the fixture of the codec's tests.


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_a_whole_conversation_is_as_in_its_fixture(generation: Any) -> None:
    turns = {
        "which file is the largest?": play(FULL_TURN),
        "count to a thousand": talk_for_ever,
        "once more": play(FAILED_TURN),
    }

    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turns[turn.prompt](server, turn)

    lines: list[tuple[str, Json]] = []

    async def heard(last: str) -> None:
        lines.extend(("server", frame) for frame in await hear(socket, last))

    late = generation == "late"
    server = WebServer(turn, generation=generation, never=set() if late else {"tool_response"})
    if not late:
        server.double = {"cancelled"}
    async with running(server), talking(server) as socket:
        session_id = (await get(server, "/")).headers["Location"].removeprefix("/session/") if late else MINE
        lines.append(("client", await say(socket, "which file is the largest?", session_id)))
        await heard("complete")
        lines.append(("client", await say(socket, "count to a thousand", session_id)))
        await heard("response")
        await heard("response")
        lines.append(("client", await cancel(socket, session_id)))
        await heard("cancelled")
        if not late:
            await heard("cancelled")
        lines.append(("client", await say(socket, "once more", session_id)))
        await heard("complete")
        history = await get_json(server, f"/api/sessions/{session_id}")
        assert server.received == [frame for who, frame in lines if who == "client"]
        assert server.refused == []
    text = "".join(json.dumps({"from": who, "frame": frame}, ensure_ascii=False) + "\n" for who, frame in lines)
    golden.check(FIXTURES / f"{generation}.jsonl", text)
    golden.check(FIXTURES / "history.json", json.dumps(history, ensure_ascii=False, indent=1) + "\n")


def test_the_fixtures_have_every_type_of_frame_and_no_ids_that_the_protocol_has_not() -> None:
    seen: dict[str, set[str]] = {}
    for generation in GENERATIONS:
        lines = (FIXTURES / f"{generation}.jsonl").read_text(encoding="utf-8").splitlines()
        frames = [line["frame"] for line in map(json.loads, lines) if line["from"] == "server"]
        seen[generation] = set(types(frames))
        assert not any({"session_id", "message_id"} & set(frame) for frame in frames)
    assert seen["late"] == {
        "cancelled",
        "complete",
        "context_exceeded",
        "error",
        "response",
        "thinking",
        "tool_confirmation",
        "tool_request",
        "tool_response",
    }
    assert seen["late"] - seen["early"] == {"tool_response"}


async def test_history_joins_pieces_and_has_the_results_that_were_never_sent() -> None:
    async with running(WebServer(play(FULL_TURN), generation="early", never={"tool_response"})) as server:
        async with talking(server) as socket:
            await say(socket, "go")
            await hear(socket)
        messages = (await get_json(server, f"/api/sessions/{MINE}"))["messages"]
    shape = [(each["role"], [content["type"] for content in each["content"]]) for each in messages]
    assert shape == [
        ("user", ["text"]),
        ("assistant", ["thinking", "text", "toolRequest"]),
        ("user", ["toolResponse"]),
        ("assistant", ["toolRequest"]),
        ("user", ["toolResponse"]),
        ("assistant", ["thinking", "toolRequest"]),
        ("user", ["toolResponse"]),
        ("assistant", ["text"]),
    ]
    assert messages[1]["content"][1]["text"] == "".join(each["content"] for each in FULL_TURN[2:5])
    assert messages[3]["content"][0]["toolCall"]["value"] == {
        "name": FULL_TURN[8]["tool_name"],
        "arguments": FULL_TURN[8]["arguments"],
    }
    results = [messages[index]["content"][0]["toolResult"] for index in (2, 4, 6)]
    assert [result["status"] for result in results] == ["success", "error", "success"]
    assert results[0]["value"][0]["annotations"] == {"audience": ["assistant"]}
    assert "does not exist" in results[1]["error"]
    assert results[2]["value"][0]["type"] == "image"
    assert [each["created"] for each in messages] == sorted({each["created"] for each in messages})


# One turn at a time, and its end.


async def test_one_socket_runs_one_turn_at_a_time_and_another_socket_its_own() -> None:
    go = asyncio.Event()

    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.text(f"{turn.prompt} begins")
        if turn.prompt == "first":
            await go.wait()

    async with (
        running(WebServer(turn, generation="early")) as server,
        talking(server) as socket,
        talking(server) as other,
    ):
        await say(socket, "first")
        await say(socket, "second")
        await hear(socket, "response")
        await say(other, "third", "20251009_085321")
        assert (await hear(other))[0]["content"] == "third begins"
        assert [each.prompt for each in server.turns] == ["first"]
        go.set()
        assert types(await hear(socket)) == ["complete"]
        assert [each.get("content") for each in await hear(socket)] == ["second begins", None]
        assert server.connections == 2


@pytest.mark.parametrize("double", [set(), {"cancelled"}])
async def test_cancel_is_told_once_or_twice_and_what_was_said_stays(double: set[str]) -> None:
    async with running(WebServer(talk_for_ever, generation="early", double=double)) as server:
        async with talking(server) as socket:
            await cancel(socket)  # nothing runs: nothing is said
            await say(socket, "count")
            assert types(await hear(socket, "response") + await hear(socket, "response")) == ["response"] * 2
            await cancel(socket)
            await eventually(lambda: not server.turns)
            server.turn = play([])
            await say(socket, "again")
            assert types(await hear(socket)) == ["cancelled"] * (1 + len(double)) + ["complete"]
        assert server.sessions[MINE][1]["content"] == [{"type": "text", "text": "1, 2, "}]


async def test_a_turn_may_speak_on_after_it_was_cancelled() -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        try:
            await talk_for_ever(server, turn)
        except asyncio.CancelledError:
            await turn.text("and 3")
            await turn.complete()

    async with running(WebServer(turn, generation="early")) as server, talking(server) as socket:
        await say(socket, "count")
        await hear(socket, "response")
        await cancel(socket)
        assert types(await hear(socket))[-3:] == ["cancelled", "response", "complete"]


# Faults.


@pytest.mark.parametrize("save_when", ["each", "end"])
async def test_a_turn_goes_on_without_its_socket_when_it_may(save_when: Any) -> None:
    event = asyncio.Event()
    async with running(WebServer(play(FULL_TURN), cut_after=8, save_when=save_when, finish_after=event)) as server:
        session_id = server.new_session()
        path = f"/api/sessions/{session_id}"
        async with talking(server) as socket:
            await say(socket, "go", session_id)
            frames = [json.loads(await asyncio.wait_for(socket.recv(), 5 * PATIENCE)) for _ in range(8)]
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5 * PATIENCE)
        assert types(frames) == types(FULL_TURN[:8])
        # The last message is not known to be whole yet.
        assert len((await get_json(server, path))["messages"]) == {"each": 2, "end": 0}[save_when]
        async with talking(server) as socket:
            event.set()
            await eventually(lambda: not server.turns)
            assert len((await get_json(server, path))["messages"]) == 8
            server.turn = play([])
            await say(socket, "next", session_id)
            assert types(await hear(socket)) == ["complete"]  # and nothing of the turn before


async def test_a_client_that_leaves_does_not_end_its_turn() -> None:
    go = asyncio.Event()

    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.text("one ")
        await go.wait()
        await turn.text("two")

    async with running(WebServer(turn, generation="early")) as server:
        async with talking(server) as socket:
            await say(socket, "count")
            await hear(socket, "response")
        go.set()
        await eventually(lambda: not server.turns)
        assert server.sessions[MINE][1]["content"] == [{"type": "text", "text": "one two"}]


async def test_drop_cuts_without_a_goodbye_and_a_restart_keeps_port_and_sessions() -> None:
    async with running(WebServer(generation="early")) as server:
        async with talking(server) as socket:
            await say(socket, "hello")
            await hear(socket)
            server.drop()
            with pytest.raises(ConnectionClosed) as caught:
                await asyncio.wait_for(socket.recv(), 5 * PATIENCE)
            assert caught.value.rcvd is None
        url = server.url
        await server.stop()
        with pytest.raises(OSError, match="refused"):
            await get(server, "/api/health")
        await server.start()
        assert server.url == url
        assert len((await get_json(server, f"/api/sessions/{MINE}"))["messages"]) == 2


async def test_frames_may_be_missing_doubled_late_or_wrong() -> None:
    server = WebServer(
        play(FULL_TURN[:4]),
        generation="early",
        never={"complete"},
        double={"response"},
        delay=0.001,
        inject={1: "not json", 3: '{"type": "weather"}'},
    )
    async with running(server), talking(server) as socket:
        await say(socket, "go")
        heard = [await asyncio.wait_for(socket.recv(), 5 * PATIENCE) for _ in range(8)]
        assert (heard[0], heard[3]) == ("not json", '{"type": "weather"}')
        del heard[3], heard[0]
        assert types([json.loads(text) for text in heard]) == ["thinking"] * 2 + ["response"] * 4
        await eventually(lambda: not server.turns)
        assert [content["type"] for content in server.sessions[MINE][1]["content"]] == ["thinking", "text"]


async def test_what_a_goose_would_not_understand_is_kept_for_the_test() -> None:
    async with running(WebServer(generation="early")) as server, talking(server) as socket:
        await socket.send('{"type": "message", "content": "no time, no session"}')
        await say(socket, "hello")
        await hear(socket)
        assert [each["content"] for each in server.refused] == ["no time, no session"]


async def test_what_a_turn_of_a_test_raises_is_raised_at_the_end() -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        raise ZeroDivisionError

    server = WebServer(turn, generation="early")
    await server.start()
    async with talking(server) as socket:
        await say(socket, "go")
        await eventually(lambda: server.received and not server.turns)
    with pytest.raises(ZeroDivisionError):
        await server.stop()
