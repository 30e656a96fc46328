"""The socket, the way it comes back, and what the chat tells meanwhile: against a server that misbehaves on request."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat, errors
from goose_widget import events as ev
from goose_widget.client import MAX_FRAME, backoff, was_asleep
from goose_widget.endpoint import Mask
from goose_widget.loop import Background
from goose_widget.store import Entry, Header, Store
from support.acp_server import AcpServer, running
from support.goose import free_port
from support.poll import eventually


@pytest.fixture
async def server() -> AsyncIterator[AcpServer]:
    async with running(AcpServer()) as server:
        yield server


@pytest.fixture
def new_chat(tmp_path: Path) -> Any:
    chats: list[Chat] = []

    def new(server: AcpServer | str, session_id: str | None = None, **more: Any) -> Chat:
        url, key = (server, "k") if isinstance(server, str) else (server.url, "k")
        chat = Chat(session_id, server=url, **{"token": key, "store": tmp_path / "sessions", "cwd": tmp_path, **more})
        chats.append(chat)
        return chat

    yield new
    for chat in chats:
        chat.close()


def statuses(chat: Chat) -> list[str]:
    """The statuses from now on, as they come."""
    seen: list[str] = []
    chat.observe(lambda change: seen.append(change["new"]), "status")
    return seen


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_backoff_begins_under_a_second_and_grows_to_thirty(chance: float) -> None:
    delays = [backoff(attempt, chance) for attempt in range(1, 2000)]
    assert delays[0] < 1
    assert delays == sorted(delays)
    assert delays[-1] == 30 * (0.5 + 0.5 * chance)


def test_backoff_spreads_chats_that_lost_the_same_server() -> None:
    assert backoff(4, 0.0) == 2.0
    assert backoff(4, 1.0) == 4.0


def test_a_sleep_of_the_computer_is_told_from_a_busy_moment() -> None:
    assert was_asleep(3600, 2)
    assert not was_asleep(4, 2)


def test_the_servers_key_is_masked_in_what_it_sends() -> None:
    key = 'a"secret\\key'
    frame = json.dumps({"output": f"KEY={key}"})
    assert key not in json.loads(Mask(key)(frame))["output"]
    assert b"secret" not in Mask(key)(frame.encode())
    assert Mask("k")('{"text":"an ok"}') == '{"text":"an ok"}'


async def test_a_failure_of_ours_is_told_and_retry_goes_on(
    server: AcpServer, new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = new_chat(server)
    await chat.ask_async("hello")
    monkeypatch.setattr(chat._session, "feed", lambda frame: 1 / 0)
    with pytest.raises(errors.TurnInterrupted):
        await chat.ask_async("again")
    await eventually(lambda: chat.problem is not None)
    assert "ZeroDivisionError" in chat.problem["title"]
    monkeypatch.undo()
    chat.retry()
    assert (await chat.ask_async("once more")).text == "You said: once more"


async def test_chat_answers(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    reply = await chat.ask_async("hello")
    assert reply.text == "You said: hello"
    assert chat.server == f"goose 0-test, {server.url}"


async def test_no_capability_is_declared_and_the_key_is_in_the_header_only(server: AcpServer, new_chat: Any) -> None:
    await new_chat(server).ask_async("hello")
    greeting = server.received[0]
    assert greeting["method"] == "initialize"
    assert greeting["params"]["clientCapabilities"] == {
        "fs": {"readTextFile": False, "writeTextFile": False},
        "terminal": False,
    }
    assert all('"k"' not in str(message) for message in server.received)


async def test_a_drop_in_mid_turn_keeps_the_partial_reply_and_comes_back(new_chat: Any) -> None:
    async def turn(server: AcpServer, prompt: str) -> str | None:
        if prompt == "go on":
            await server.text("Here I am.", "m2")
            return "end_turn"
        await server.text("the first half")
        await eventually(lambda: chat.items[-1]["text"] == "the first half")
        server.drop()
        return None

    async with running(AcpServer(turn)) as server:
        chat = new_chat(server)
        with pytest.raises(errors.TurnInterrupted) as caught:
            await chat.ask_async("begin")
        assert caught.value.reply.text == "the first half"
        reply = await chat.ask_async("go on")
        assert reply.text == "Here I am."
        kinds = [(item["kind"], item.get("state"), item["text"]) for item in chat.items]
        assert kinds[:2] == [("user", "sent", "begin"), ("agent", "interrupted", "the first half")]
        assert kinds[2][0] == "notice"
        assert "dropped" in kinds[2][2]
        assert kinds[3:] == [("user", "sent", "go on"), ("agent", "done", "Here I am.")]
        assert server.connections == 2
        assert [m["method"] for m in server.received if "session/" in m.get("method", "")].count("session/new") == 1


async def test_a_reply_that_the_server_finished_meanwhile_is_completed_without_doubling(new_chat: Any) -> None:
    async def turn(server: AcpServer, prompt: str) -> str | None:
        await server.text("one two")
        await eventually(lambda: chat.items[-1]["text"] == "one two")
        chunk = {"sessionUpdate": "agent_message_chunk", "messageId": "m1"}
        server.sessions[chat.session_id].append({**chunk, "content": {"type": "text", "text": "one two three"}})
        server.drop()
        return None

    async with running(AcpServer(turn)) as server:
        chat = new_chat(server)
        with pytest.raises(errors.TurnInterrupted):
            await chat.ask_async("count")
        await eventually(lambda: chat.status == "ready")
        assert [item["text"] for item in chat.items if item["kind"] == "agent"] == ["one two", " three"]


async def test_status_tells_the_truth_while_the_server_is_away(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await chat.ask_async("hello")
    seen = statuses(chat)
    await server.stop()
    await eventually(lambda: chat.status == "reconnecting" and chat.reconnect)
    assert chat.reconnect["attempt"] == 1
    await server.start()
    reply = await chat.ask_async("again")  # waits until the chat is back
    assert reply.text == "You said: again"
    assert [*dict.fromkeys(seen)] == ["reconnecting", "ready", "running"]
    assert chat.reconnect is None


async def test_an_open_question_is_void_after_a_drop(new_chat: Any) -> None:
    async def turn(server: AcpServer, prompt: str) -> str | None:
        asking = asyncio.create_task(server.ask("c1", "ls"))
        await eventually(lambda: chat.status == "waiting")
        server.drop()
        asking.cancel()
        return None

    async with running(AcpServer(turn)) as server:
        chat = new_chat(server, on_permission=lambda question: asyncio.run(asyncio.sleep(3600)))
        with pytest.raises(errors.TurnInterrupted):
            await chat.ask_async("ask")
        permission = next(item for item in chat.items if item["kind"] == "tool")["permission"]
        assert permission["state"] == "void"
        assert "dropped" in permission["note"]
        await eventually(lambda: chat.status == "ready")
        assert not [m for m in server.received if "method" not in m]  # nothing was answered


async def test_frames_of_many_megabytes_arrive(new_chat: Any) -> None:
    big = "x" * (8 * 2**20)

    async def turn(server: AcpServer, prompt: str) -> str:
        await server.text(big)
        return "end_turn"

    async with running(AcpServer(turn)) as server:
        assert (await new_chat(server).ask_async("big")).text == big
    assert MAX_FRAME == 64 * 2**20


async def test_malformed_frames_become_notices_and_the_turn_goes_on(new_chat: Any) -> None:
    async def turn(server: AcpServer, prompt: str) -> str:
        await server.raw("this is no JSON")
        await server.update("a_kind_of_tomorrow", value=1)
        await server.text("still here")
        return "end_turn"

    async with running(AcpServer(turn)) as server:
        reply = await new_chat(server).ask_async("break it")
        assert reply.text == "still here"
        notices = [item for item in reply.items if item["kind"] == "notice"]
        assert ["malformed frame" in n["text"] for n in notices] == [True, False]
        assert "a_kind_of_tomorrow" in notices[1]["text"]
        assert notices[0]["detail"] == "this is no JSON"


async def test_everything_of_a_turn_is_there_when_it_ends(new_chat: Any) -> None:
    words = [f"{number} " for number in range(2000)]

    async def turn(server: AcpServer, prompt: str) -> str:
        for word in words:
            await server.text(word)
        return "end_turn"

    async with running(AcpServer(turn)) as server:
        chat = new_chat(server)
        streamed = [e.text async for e in chat.stream("count") if hasattr(e, "message_id")]
        assert "".join(streamed) == "".join(words) == chat.items[-1]["text"]
        assert len(streamed) < len(words)  # written and shown in batches


async def test_a_server_that_does_not_stop_is_cut_off(new_chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goose_widget.client._STOP_PATIENCE", 0.2)

    async def turn(server: AcpServer, prompt: str) -> str | None:
        await server.text("never ends")
        await server.cancelled.wait()
        return None  # says nothing, for ever

    async with running(AcpServer(turn)) as server:
        chat = new_chat(server)
        asking = asyncio.create_task(chat.ask_async("begin"))
        await eventually(lambda: chat.status == "running" and chat.items[-1]["kind"] == "agent")
        chat.stop()
        reply = await asking
        assert (reply.stop_reason, reply.text) == ("cancelled", "never ends")
        await eventually(lambda: chat.status == "ready")


async def test_problems_have_their_own_message_and_retry_recovers(new_chat: Any) -> None:
    server = AcpServer(key="other")
    server.port = free_port()
    chat = new_chat(f"http://127.0.0.1:{server.port}")
    with pytest.raises(errors.ConnectionRefused):
        await chat.ask_async("hello")
    assert chat.status == "failed"
    assert chat.problem["code"] == "refused"
    async with running(server):
        chat.retry()
        await eventually(lambda: chat.problem is not None and chat.problem["code"] == "wrong-key")
        server.key = "k"
        server.refuse_new = "Failed to resolve provider: Configuration value not found: GOOSE_PROVIDER"
        chat.retry()
        await eventually(lambda: chat.problem is not None and chat.problem["code"] == "no-provider")
        assert "goose configure" in chat.problem["text"]
        server.refuse_new = ""
        chat.retry()
        assert (await chat.ask_async("hello")).text == "You said: hello"
        assert chat.problem is None


async def test_a_server_without_acp_is_too_old(new_chat: Any) -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(hello, "127.0.0.1", 0) as old:
        port = old.sockets[0].getsockname()[1]
        chat = new_chat(f"ws://127.0.0.1:{port}/acp")
        await eventually(lambda: chat.status == "failed")
        assert chat.problem["code"] == "too-old"


async def test_no_prompt_runs_in_another_mode_than_was_asked_for(new_chat: Any) -> None:
    class Refusing(AcpServer):
        async def _answer(self, message: dict[str, Any]) -> None:
            if message["method"] == "session/set_config_option":
                await self.send(id=message["id"], error={"code": -32602, "message": "Invalid mode"})
            else:
                await super()._answer(message)

    async with running(Refusing()) as server:
        chat = new_chat(server, mode="paranoid")
        with pytest.raises(errors.SettingRefused, match="paranoid"):
            await chat.ask_async("hello")
        assert "`approve`" in chat.problem["text"]
        assert not [m for m in server.received if m.get("method") == "session/prompt"]


async def test_the_mode_is_set_again_after_a_reconnection(new_chat: Any) -> None:
    async with running(AcpServer()) as server:
        chat = new_chat(server, mode="approve")
        await chat.ask_async("hello")
        server.drop()
        await eventually(lambda: server.connections == 2 and chat.status == "ready")
        settings = [m["params"]["value"] for m in server.received if m.get("method") == "session/set_config_option"]
        assert settings == ["approve", "approve"]
        assert chat.mode == "approve"


async def test_a_server_that_says_nothing_is_given_up(new_chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(AcpServer):
        async def _answer(self, message: dict[str, Any]) -> None:
            pass

    monkeypatch.setattr("goose_widget.client._OPENING_PATIENCE", 0.2)
    async with running(Silent()) as server:
        chat = new_chat(server)
        with pytest.raises(errors.RequestRefused, match="did not open a session"):
            await chat.ask_async("hello")
        assert chat.status == "failed"


async def test_the_key_follows_no_redirect(server: AcpServer, new_chat: Any) -> None:
    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {server.url}\r\nContent-Length: 0\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(elsewhere, "127.0.0.1", 0) as redirecting:
        chat = new_chat(f"ws://127.0.0.1:{redirecting.sockets[0].getsockname()[1]}/acp")
        await eventually(lambda: chat.status == "failed")
        assert server.connections == 0


async def ask_twice(server: AcpServer, prompt: str) -> str:
    outcomes = [await server.ask("c1", "ls"), await server.ask("c2", "ls")]
    await server.text(" ".join(outcome["outcome"] for outcome in outcomes))
    return "end_turn"


@pytest.mark.parametrize("error", [SystemExit, StopIteration, KeyboardInterrupt, asyncio.CancelledError, ValueError])
async def test_whatever_on_permission_raises_rejects(new_chat: Any, error: type[BaseException]) -> None:
    def decide(question: object) -> None:
        raise error("no")

    async with running(AcpServer(ask_twice)) as server:
        chat = new_chat(server, on_permission=decide)
        reply = await chat.ask_async("list")
        assert [tool["permission"]["option"] for tool in reply.tools] == ["reject_once", "reject_once"]


async def test_a_question_that_can_not_be_rejected_is_cancelled(new_chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("support.acp_server.KINDS", ("allow_once",))
    async with running(AcpServer(ask_twice)) as server:
        reply = await new_chat(server, on_permission="reject").ask_async("list")
        assert reply.text == "cancelled cancelled"


async def test_on_permission_may_not_ask_the_chat(new_chat: Any) -> None:
    async with running(AcpServer(ask_twice)) as server:
        chat = new_chat(server)
        reply = await chat.ask_async("list", on_permission=lambda question: chat.ask("what is this?"))
        assert "can't be called from" in reply.tools[0]["permission"]["note"]


async def test_observers_may_leave_and_may_not_wait(server: AcpServer, new_chat: Any) -> None:
    chat, refused = new_chat(server), []

    def observe(change: object) -> None:
        try:
            chat.set_mode("approve")
        except errors.UsageError as error:
            refused.append(error)
        raise SystemExit

    chat.observe(observe, "status")
    assert (await chat.ask_async("hello")).text == "You said: hello"
    assert refused


def test_a_stream_that_was_left_with_its_loop_holds_nobody_up(tmp_path: Path) -> None:
    async def leave(chat: Chat) -> None:
        async for _ in chat.stream("first"):
            break

    serving, server = Background(), AcpServer()
    serving.submit(server.start()).result(10)
    chat = Chat(server=server.url, token="k", store=tmp_path / "s", cwd=tmp_path)
    try:
        asyncio.run(leave(chat))
        assert chat.ask("second", timeout=20).text == "You said: second"
    finally:
        chat.close()
        serving.submit(server.stop()).result(10)
        serving.end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
async def test_a_fork_can_not_write_into_the_chat_of_its_parent(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await chat.ask_async("hello")
    pid = os.fork()
    if pid == 0:
        try:
            chat.close()
            chat.ask("from the fork", timeout=5)
        except errors.UsageError:
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, pid, 0))[1]) == 0
    assert (await chat.ask_async("again")).text == "You said: again"


async def test_a_chat_whose_kernel_died_in_mid_reply_opens(server: AcpServer, new_chat: Any, tmp_path: Path) -> None:
    prompt = {"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": "hello"}}
    server.sessions["20261122_9"] = [prompt]
    file = Store(tmp_path / "sessions").create(Header("20261122_9"))
    said = [ev.UserMessage("hello", "p"), ev.TurnStarted("p"), ev.Text("half", "m")]
    file.append([Entry(seq, 1.0, event) for seq, event in enumerate(said, 1)])
    file.close()
    chat = new_chat(server, "20261122_9")
    assert [(item["kind"], item["text"][:4]) for item in chat.items][:2] == [("user", "hell"), ("agent", "half")]
    assert "kernel stopped" in chat.items[-1]["text"]
    assert (await chat.ask_async("again")).text == "You said: again"


async def test_closing_ends_the_connection_for_good(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await chat.ask_async("hello")
    chat.close()
    assert chat.status == "closed"
    with pytest.raises(errors.UsageError, match="closed"):
        await chat.ask_async("again")
    chat.retry()
    chat.close()
    assert server.connections == 1
