"""A chat with a `goose web` whose socket is cut: what the server says meanwhile is fetched, once and in its place."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from goose_widget import Chat, errors
from goose_widget import events as ev
from goose_widget.client import backoff
from goose_widget.endpoint import Endpoint
from goose_widget.protocol import Got, web_saved
from goose_widget.store import Entry, Header, Store
from support import acp_server
from support.acp_server import AcpServer
from support.poll import eventually
from support.web_chats import Chats, notices, outline, saved, shown, told
from support.web_server import FAILED_TURN, FULL_TURN, WebServer, WebTurn, play

Json = dict[str, Any]

PROMPT = "which file is the largest?"

both = pytest.mark.parametrize("generation", ["early", "late"])


@pytest.fixture
def chats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chats:
    return Chats(tmp_path, monkeypatch)


class Losing(WebServer):
    """Cuts the socket in place of taking a message, as often as told."""

    lose = 0

    def _accept(self, *args: Any) -> None:
        if not self.lose:
            super()._accept(*args)
            return
        self.lose -= 1
        self.drop()


async def looked(server: WebServer, times: int = 3) -> None:
    """Wait until somebody has asked for the session so often."""
    asked = len(server.requests)
    await eventually(lambda: len(server.requests) >= asked + times)


def is_beginning(part: list[Json], whole: list[Json]) -> bool:
    """Whether all that is shown of a turn is also in the whole of it, in the same order."""
    return all(
        one["kind"] == other["kind"] and other.get("text", "").startswith(one.get("text", ""))
        for one, other in zip(part, whole, strict=False)
    )


@both
@pytest.mark.parametrize("save_when", ["each", "end"])
@pytest.mark.parametrize("never", [(), ("tool_response",)])
@pytest.mark.parametrize("looks", [False, True])
async def test_nothing_is_lost_when_the_socket_is_cut_at_any_frame_of_a_reply(
    chats: Chats, generation: Any, never: Any, save_when: Any, looks: bool
) -> None:
    """`looks`: the server waits in the middle, so that the saved session is looked at before it is whole."""

    async def run(cut: int | None, whole: list[Json] | None = None) -> list[Json]:
        goes_on = asyncio.Event() if looks and cut is not None else None
        server = WebServer(
            play(FULL_TURN),
            generation=generation,
            never=never,
            save_when=save_when,
            cut_after=cut,
            finish_after=goes_on,
        )
        async with chats.serving(server):
            chat = chats.chat(server)
            asking = asyncio.create_task(chat.ask_async(PROMPT))
            if goes_on is not None and cut != len(sent):
                await eventually(lambda: server.connections == 2 and chat.status == "running")
                await looked(server)
                assert not asking.done()
                assert whole is not None
                assert is_beginning(told(shown(chat)), whole)
            if goes_on is not None:
                goes_on.set()
            reply = await asyncio.wait_for(asking, 30)
            assert reply.stop_reason == "end_turn"
            await eventually(lambda: chat.status == "ready" and server.connections == 1 + (cut is not None))
            assert saved(chat) == shown(chat)
            return told(shown(chat))

    sent = [frame for frame in FULL_TURN if frame["type"] not in never]
    whole = await run(None)
    for number, items in enumerate(await asyncio.gather(*[run(n, whole) for n in range(1, len(sent) + 1)]), 1):
        assert items == whole, f"cut after frame {number}"


@both
async def test_a_reply_is_whole_after_many_cuts_in_a_conversation(chats: Chats, generation: Any) -> None:
    """The same prompt and the same call ids in every turn, cut twice in each."""
    results = []
    for cuts in ([], [3, 7, 11, 15]):

        async def turn(server: WebServer, turn: WebTurn, cuts: list[int] = cuts) -> None:
            server.cut_after = cuts.pop() if cuts else None
            await play(FULL_TURN)(server, turn)

        async with chats.serving(WebServer(turn, generation=generation)) as server:
            chat = chats.chat(server)
            await chat.ask_async(PROMPT)
            for number in range(2, 5):
                asking = asyncio.create_task(chat.ask_async(PROMPT))
                await eventually(lambda: len(server.received) == number)  # noqa: B023
                if cuts:
                    server.drop()
                await asking
            results.append(told(shown(chat)))
            assert saved(chat) == shown(chat)
    assert results[0] == results[1]


@both
async def test_it_is_told_that_the_reply_was_fetched_and_the_first_try_is_under_a_second(
    chats: Chats, monkeypatch: pytest.MonkeyPatch, generation: Any
) -> None:
    waits: list[float] = []

    def counted(attempt: int, chance: float) -> float:
        waits.append(backoff(attempt, chance))
        return 0.01

    monkeypatch.setattr("goose_widget.client.backoff", counted)
    async with chats.serving(WebServer(play(FULL_TURN), generation=generation, cut_after=4)) as server:
        chat = chats.chat(server)
        seen: list[str] = []
        chat.observe(lambda change: seen.append(change["new"]), "status")
        await chat.ask_async(PROMPT)
        assert max(waits) < 1
        assert sum("what was missing was fetched" in text for text in notices(chat)) == 1
        assert seen in (
            ["ready", "running", "reconnecting", "running", "ready"],
            ["running", "reconnecting", "running", "ready"],
        )


@both
@pytest.mark.parametrize("cut", [1, 2, 3])
async def test_an_error_is_not_lost_when_the_socket_is_cut(chats: Chats, generation: Any, cut: int) -> None:
    async with chats.serving(WebServer(play(FAILED_TURN), generation=generation, cut_after=cut)) as server:
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        if cut == 1:  # the server saves no error: what is saved looks like a reply
            assert (await asking).text == "Let me"
        else:
            with pytest.raises(errors.TurnInterrupted, match="503"):
                await asking
        assert outline(chat) == [("user", PROMPT), ("agent", "Let me")]


async def test_a_cancel_is_not_lost_when_the_socket_is_cut(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.text("a word")
        await asyncio.Event().wait()

    async with chats.serving(WebServer(turn, cut_after=2)) as server:
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: outline(chat)[-1:] == [("agent", "a word")])
        chat.stop()
        assert (await asking).stop_reason == "cancelled"
        assert notices(chat) == ["Stopped."]


@both
async def test_a_prompt_that_never_arrived_is_told(
    chats: Chats, monkeypatch: pytest.MonkeyPatch, generation: Any
) -> None:
    monkeypatch.setattr(web_saved, "_ARRIVAL", 0.1)
    async with chats.serving(Losing(generation=generation)) as server:
        chat = chats.chat(server)
        await chat.ask_async("hello")
        for _ in range(2):
            server.lose = 1
            with pytest.raises(errors.TurnInterrupted, match="never arrived"):
                await chat.ask_async("hello")
        assert (await chat.ask_async("hello")).text == "You said: hello"
        assert [kind for kind, _ in outline(chat)] == ["user", "agent", "user", "user", "user", "agent"]


@both
async def test_a_prompt_that_never_arrived_in_a_new_session_is_told(
    chats: Chats, monkeypatch: pytest.MonkeyPatch, generation: Any
) -> None:
    monkeypatch.setattr(web_saved, "_ARRIVAL", 0.1)
    server = Losing(generation=generation)
    server.lose = 1
    async with chats.serving(server):
        chat = chats.chat(server)
        with pytest.raises(errors.TurnInterrupted, match="never arrived"):
            await chat.ask_async("hello")
        assert (await chat.ask_async("again")).text == "You said: again"


async def test_a_prompt_of_which_something_was_heard_has_arrived(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that saves only whole turns may take long for one."""
    monkeypatch.setattr(web_saved, "_ARRIVAL", 0.05)
    goes_on = asyncio.Event()
    server = WebServer(play(FULL_TURN), generation="early", save_when="end", cut_after=2, finish_after=goes_on)
    async with chats.serving(server):
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: server.connections == 2)
        await looked(server, 6)
        goes_on.set()
        assert (await asking).stop_reason == "end_turn"


async def begin_and_hang(server: WebServer, turn: WebTurn) -> None:
    """A turn that says something, and has no end for PROMPT."""
    await turn.text(f"about {turn.prompt}")
    if turn.prompt == PROMPT:
        await asyncio.Event().wait()


@both
async def test_a_server_that_was_restarted_in_mid_turn_has_no_end_for_it(
    chats: Chats, monkeypatch: pytest.MonkeyPatch, generation: Any
) -> None:
    monkeypatch.setattr(web_saved, "_NO_REPLY", 0.1)

    async with chats.serving(WebServer(begin_and_hang, generation=generation)) as server:
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: outline(chat)[-1:] == [("agent", f"about {PROMPT}")])
        await server.stop()
        await eventually(lambda: chat.status == "reconnecting")
        await server.start()
        with pytest.raises(errors.TurnInterrupted, match="no reply"):
            await asking
        assert (await chat.ask_async("go on")).text == "about go on"


async def test_stop_ends_a_turn_that_goes_on_without_us(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goose_widget.client._STOP_PATIENCE", 0.1)
    server = WebServer(play(FULL_TURN), cut_after=4, finish_after=asyncio.Event())
    async with chats.serving(server):
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: server.connections == 2 and chat.status == "running")
        chat.stop()
        assert (await asking).stop_reason == "cancelled"
        await eventually(lambda: chat.status == "ready")


@both
async def test_stop_ends_a_turn_while_the_connection_is_down(
    chats: Chats, generation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goose_widget.client._STOP_PATIENCE", 0.1)

    async with chats.serving(WebServer(begin_and_hang, generation=generation)) as server:
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: outline(chat)[-1:] == [("agent", f"about {PROMPT}")])
        await server.stop()
        await eventually(lambda: chat.status == "reconnecting")
        chat.stop()
        assert (await asking).stop_reason == "cancelled"
        assert len(notices(chat)) == 1
        await server.start()
        assert (await chat.ask_async("go on")).text == "about go on"
        assert server.connections == 2
        assert saved(chat) == shown(chat)


async def test_a_request_that_fails_in_an_unforeseen_way_is_answered_all_the_same(
    chats: Chats, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.tool_request("c", "shell", command="ls")

    async def get(*_: Any, **__: Any) -> Any:
        raise RuntimeError("can't start new thread")

    async with chats.serving(WebServer(turn)) as server:
        chat = chats.chat(server)
        await eventually(lambda: chat.status == "ready")
        monkeypatch.setattr(Endpoint, "get", get)
        assert (await chat.ask_async("list")).stop_reason == "end_turn"
        assert "unforeseen" in caplog.text


@both
async def test_a_server_that_can_not_tell_for_a_while_is_asked_again(chats: Chats, generation: Any) -> None:
    hidden = asyncio.Event()
    server = WebServer(play(FULL_TURN), generation=generation)
    async with chats.serving(server):
        whole = chats.chat(server)
        await whole.ask_async(PROMPT)
        server.cut_after = 6
        hidden.set()
        server.hide_until = hidden
        chat = chats.chat(server)
        await eventually(lambda: chat.status == "ready")
        hidden.clear()
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: server.connections == 3)
        await looked(server, 2)
        hidden.set()
        assert (await asking).stop_reason == "end_turn"
        assert told(shown(chat)) == told(shown(whole))


@both
@pytest.mark.parametrize("cut", [4, 9, 16])
async def test_another_kernel_completes_the_reply_without_splitting_a_word(
    chats: Chats, tmp_path: Path, generation: Any, cut: int
) -> None:
    """The kernel dies in mid-turn: its file, as it is then, is copied for the next one."""
    goes_on, copy = asyncio.Event(), tmp_path / "copy"
    server = WebServer(play(FULL_TURN), generation=generation, finish_after=goes_on)
    async with chats.serving(server):
        whole = chats.chat(server)
        await whole.ask_async(PROMPT)
        server.cut_after = cut
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: server.connections == 3 and chat.status == "running")
        shutil.copytree(chat._session.store.folder, copy, ignore=shutil.ignore_patterns("*.lock"))
        chat.close()
        with pytest.raises(errors.TurnInterrupted, match="closed"):
            await asking
        again = chats.chat(server, chat.session_id, store=copy)
        await eventually(lambda: again.status == "running")
        goes_on.set()
        await eventually(lambda: again.status == "ready")
        assert told(shown(again)) == told(shown(whole))
        assert saved(again) == shown(again)


async def test_a_turn_that_is_open_in_the_file_does_not_wait_for_a_server_that_forgot_it(
    chats: Chats, tmp_path: Path
) -> None:
    """The user went on from `goose web` to `goose serve`, which have their sessions in common."""
    file = Store(tmp_path / "left").create(Header("20251009_1", "ws://127.0.0.1:1/ws"))
    said = [ev.UserMessage("hello", "p"), ev.TurnStarted("p"), ev.Text("half")]
    file.append([Entry(seq, 1.0, event) for seq, event in enumerate(said, 1)])
    file.close()
    server = AcpServer()
    server.sessions["20251009_1"] = [
        {"sessionUpdate": "user_message_chunk", "content": {"type": "text", "text": "hello"}}
    ]
    async with acp_server.running(server):
        chat = Chat("20251009_1", server=server.url, token="k", store=file.path.parent, cwd=tmp_path)
        try:
            await eventually(lambda: chat.status == "ready")
            assert "kernel stopped" in notices(chat)[0]
            assert (await chat.ask_async("again")).text == "You said: again"
        finally:
            chat.close()


@both
async def test_a_session_that_nobody_used_survives_a_drop(chats: Chats, generation: Any) -> None:
    async with chats.serving(WebServer(generation=generation)) as server:
        chat = chats.chat(server)
        await eventually(lambda: chat.status == "ready")
        server.drop()
        await eventually(lambda: server.connections == 2 and chat.status == "ready")
        assert (await chat.ask_async("hello")).text == "You said: hello"
        assert notices(chat) == []


async def test_a_failure_of_ours_over_what_was_fetched_is_told(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.tool_request("c", "shell", command="ls")

    async with chats.serving(WebServer(turn)) as server:
        chat = chats.chat(server)
        await eventually(lambda: chat.status == "ready")
        feed, failing = chat._session.feed, [True]
        monkeypatch.setattr(
            chat._session, "feed", lambda said: 1 / 0 if isinstance(said, Got) and failing else feed(said)
        )
        with pytest.raises(errors.TurnInterrupted, match="ZeroDivisionError"):
            await chat.ask_async("list")
        failing.clear()
        await eventually(lambda: chat.problem is not None)
        chat.retry()
        assert (await chat.ask_async("list")).stop_reason == "end_turn"


@both
async def test_a_chat_that_was_closed_in_mid_turn_has_all_of_it_when_it_is_resumed(
    chats: Chats, generation: Any
) -> None:
    goes_on = asyncio.Event()
    server = WebServer(play(FULL_TURN), generation=generation, cut_after=4, finish_after=goes_on)
    async with chats.serving(server):
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async(PROMPT))
        await eventually(lambda: server.connections == 2 and chat.status == "running")
        chat.close()
        with pytest.raises(errors.TurnInterrupted, match="next connection"):
            await asking
        goes_on.set()
        await eventually(lambda: not server.turns)
        again = chats.chat(server, chat.session_id, store=chat._session.store.folder)
        await eventually(lambda: again.status == "ready")
        agent = "".join(item["text"] for item in shown(again) if item["kind"] == "agent")
        assert agent == "".join(frame["content"] for frame in FULL_TURN if frame["type"] == "response")
        before = shown(again)
        server.drop()
        await eventually(lambda: server.connections == 4 and again.status == "ready")
        assert shown(again) == before


@both
async def test_the_history_of_this_session_is_not_another_conversations(chats: Chats, generation: Any) -> None:
    """An idle chat whose socket drops finds what was said elsewhere, and says it once."""
    async with chats.serving(WebServer(play(FULL_TURN), generation=generation)) as server:
        chat = chats.chat(server)
        await chat.ask_async(PROMPT)
        other = chats.chat(server, chat.session_id)
        await eventually(lambda: other.status == "ready")
        assert [kind for kind, _ in outline(other)] == [kind for kind, _ in outline(chat)]
        await other.ask_async("and the smallest?")
        server._sockets[0].transport.abort()
        await eventually(lambda: server.connections == 3 and chat.status == "ready")
        assert told(shown(chat)) == told(shown(other))
        server.drop()
        await eventually(lambda: server.connections == 4 and chat.status == "ready")
        assert told(shown(chat)) == told(shown(other))
