"""A chat with a `goose web` of either generation, over real sockets: everything that it says and does not say."""

from __future__ import annotations

import asyncio
import json
import re
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from goose_widget import errors
from goose_widget import events as ev
from goose_widget.protocol import web
from goose_widget.store import Store
from support.poll import eventually
from support.web_chats import Chats, notices, outline, saved, shown, told
from support.web_server import FAILED_TURN, FIXTURES, FULL_TURN, WebServer, WebTurn, play

Json = dict[str, Any]

both = pytest.mark.parametrize("generation", ["early", "late"])


@pytest.fixture
def chats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chats:
    return Chats(tmp_path, monkeypatch)


async def hold(server: WebServer, turn: WebTurn) -> None:
    """A turn that says something and never ends."""
    await turn.text(f"about {turn.prompt}")
    if turn.prompt == "hold":
        await asyncio.Event().wait()


# Where it is, and whether we may.


@both
@pytest.mark.parametrize("address", ["url", "ws_url"])
async def test_a_chat_finds_it_at_both_addresses(chats: Chats, generation: Any, address: str) -> None:
    async with chats.serving(WebServer(generation=generation, token="secret token")) as server:
        chat = chats.chat(server, at=address, token="secret token")
        assert (await chat.ask_async("hello")).text == "You said: hello"
        assert (chat.server, chat.mode) == (f"goose web, {server.ws_url}", "auto")
        assert [each.path for each in server.requests if not each.authorized] in ([], ["/api/health"])
        assert server.received[0].keys() == {"type", "content", "session_id", "timestamp"}
        assert server.refused == []


@both
@pytest.mark.parametrize("address", ["url", "ws_url"])
async def test_a_token_that_is_wrong_or_missing_is_told(chats: Chats, generation: Any, address: str) -> None:
    async with chats.serving(WebServer(generation=generation, token="secret token")) as server:
        for token, said in [("other", "refused the key"), (None, "wants a key, and none was given")]:
            chat = chats.chat(server, at=address, token=token)
            with pytest.raises(errors.WrongKey, match=said):
                await chat.ask_async("hello")
            assert "--auth-token" in chat.problem["text"]
        assert server.connections == 0


@pytest.mark.parametrize("address", ["url", "ws_url"])
async def test_the_last_versions_tell_their_page_what_the_socket_wants(chats: Chats, address: str) -> None:
    async with chats.serving(WebServer(page_token="0a1b-2c")) as server:
        chat = chats.chat(server, at=address)
        assert (await chat.ask_async("hello")).text == "You said: hello"
        server.drop()
        await eventually(lambda: server.connections == 2 and chat.status == "ready")
        assert (await chat.ask_async("again")).text == "You said: again"
        assert "0a1b-2c" not in json.dumps([chat.server, shown(chat)])


async def test_a_late_server_makes_the_session(chats: Chats) -> None:
    async with chats.serving(WebServer()) as server:
        chat = chats.chat(server)
        await chat.ask_async("hello")
        assert [chat.session_id] == list(server.sessions) == ["20251009_1"]
        await eventually(lambda: chat.title == "hello")


async def test_chats_that_begin_in_one_second_have_ids_of_their_own(chats: Chats) -> None:
    async with chats.serving(WebServer(generation="early")) as server:
        four = [chats.chat(server) for _ in range(4)]
        replies = await asyncio.gather(*[chat.ask_async(f"I am {n}") for n, chat in enumerate(four)])
        assert [reply.text for reply in replies] == [f"You said: I am {n}" for n in range(4)]
        assert len({chat.session_id for chat in four}) == len(server.sessions) == 4
        assert all(re.fullmatch(r"\d{8}_\d{6}", str(chat.session_id)) for chat in four)


async def test_an_id_that_the_server_has_already_is_not_taken(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_made_ids", set())
    async with chats.serving(WebServer(generation="early")) as server:
        first = chats.chat(server)
        await first.ask_async("hello")
        web._made_ids.clear()  # as in another kernel
        second = chats.chat(server)
        await second.ask_async("hello")
        assert first.session_id != second.session_id


@pytest.mark.parametrize("name", ["early", "late"])
async def test_a_session_is_not_made_while_the_server_can_not_tell(chats: Chats, name: Any) -> None:
    hidden = asyncio.Event()
    async with chats.serving(WebServer(generation=name, hide_until=hidden)) as server:
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async("hello"))
        await eventually(lambda: len(server.requests) > 3)
        hidden.set()
        assert (await asking).text == "You said: hello"
        assert len(server.requests) < 20


# What it says.


@both
async def test_everything_of_a_turn_is_shown(chats: Chats, generation: Any) -> None:
    async with chats.serving(WebServer(play(FULL_TURN), generation=generation)) as server:
        chat = chats.chat(server)
        reply = await chat.ask_async("which file?")
        assert [item["kind"] for item in told(shown(chat))] == [
            *("user", "thought", "agent", "tool", "tool", "thought", "tool", "agent")
        ]
        assert [tool["status"] for tool in reply.tools] == ["completed", "failed", "completed"]
        assert [tool["text"] for tool in reply.tools][:2] == [
            "measures.csv\nnotes.md\n",
            "The path '/home/ada/analysis/measure.csv' does not exist",
        ]
        assert reply.tools[2]["content"][0]["type"] == "image"
        assert reply.tools[0]["title"] == "shell · ls -S"
        assert notices(chat) == [web.APPROVES_ITSELF, "Context length exceeded. Summarizing..."]
        await chat.ask_async("which file?")
        assert notices(chat).count(web.APPROVES_ITSELF) == 1
        assert saved(chat) == shown(chat)


@both
@pytest.mark.parametrize("save_when", ["each", "end"])
async def test_cards_without_a_response_are_completed_from_the_history(
    chats: Chats, generation: Any, save_when: Any
) -> None:
    results = []
    for never in [(), ("tool_response",)]:
        server = WebServer(play(FULL_TURN), generation=generation, save_when=save_when, never=never)
        async with chats.serving(server):
            chat = chats.chat(server)
            await chat.ask_async("which file?")
            await chat.ask_async("which file?")  # its calls have the ids of the turn before
            results.append(told(shown(chat)))
    assert results[0] == results[1]


async def test_a_card_is_not_completed_with_an_older_call_of_the_same_id(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.tool_request("call_0", "shell", command=turn.prompt)
        await turn.tool_response("call_0", f"output of {turn.prompt}")
        await turn.text("done")

    async with chats.serving(WebServer(turn, never={"tool_response"})) as server:
        chat = chats.chat(server)
        texts = [(await chat.ask_async(prompt)).tools[0]["text"] for prompt in ("ls", "pwd")]
        assert texts == ["output of ls", "output of pwd"]


async def test_a_card_that_nothing_completes_is_closed_by_the_end(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.tool_request("c", "shell", command="ls")

    async with chats.serving(WebServer(turn)) as server:
        reply = await chats.chat(server).ask_async("list")
        assert (reply.stop_reason, reply.tools[0]["status"]) == ("end_turn", "completed")


@both
async def test_frames_that_are_delayed_or_doubled_make_no_difference(chats: Chats, generation: Any) -> None:
    results = []
    repeated = {each["type"] for each in FULL_TURN} - {"response", "thinking", "context_exceeded"} | {"cancelled"}
    for faults in ({}, {"delay": 0.005}, {"double": repeated}):
        async with chats.serving(WebServer(play(FULL_TURN), generation=generation, **faults)) as server:
            chat = chats.chat(server)
            for _ in range(2):
                await chat.ask_async("which file?")
            results.append((told(shown(chat)), notices(chat)))
    for items, said in results[1:]:
        assert said == results[0][1]
        for item, plain in zip_longest(items, results[0][0]):
            assert item == plain


@both
@pytest.mark.parametrize(
    "frame",
    ["no JSON", "[]", '{"type": "response"}', '{"type": "response", "content": 5}', '{"kind": 1}', '{"type": 7}'],
)
async def test_a_malformed_frame_is_shown_and_costs_nothing_else(chats: Chats, generation: Any, frame: str) -> None:
    results = []
    for inject in ({}, {1: frame, 5: frame, len(FULL_TURN): frame}):
        async with chats.serving(WebServer(play(FULL_TURN), generation=generation, inject=inject)) as server:
            chat = chats.chat(server)
            await chat.ask_async("which file?")
            results.append(chat)
    assert len(notices(results[1])) == len(notices(results[0])) + 3
    texts = [[item["text"] for item in shown(chat) if item["kind"] == "agent"] for chat in results]
    assert "".join(texts[0]) == "".join(texts[1])


async def test_an_unknown_type_is_shown(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.say("of_tomorrow", value="precious")

    async with chats.serving(WebServer(turn)) as server:
        chat = chats.chat(server)
        await chat.ask_async("hello")
        (notice,) = (item for item in shown(chat) if item["kind"] == "notice")
        assert "of_tomorrow" in notice["text"]
        assert "precious" in notice["detail"]


@both
async def test_an_error_is_told_once_and_the_complete_after_it_is_not_the_next_turns(
    chats: Chats, generation: Any
) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        if turn.prompt == "fail":
            await play(FAILED_TURN)(server, turn)
        await turn.text("fine") if turn.prompt != "fail" else None

    async with chats.serving(WebServer(turn, generation=generation, double={"error"})) as server:
        chat = chats.chat(server)
        with pytest.raises(errors.TurnInterrupted, match="503") as caught:
            await chat.ask_async("fail")
        assert caught.value.reply.text == "Let me"
        assert notices(chat) == ["Agent error: Server error: 503 Service Unavailable"]
        assert (await chat.ask_async("again")).text == "fine"


async def test_an_error_without_complete_ends_the_turn(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.error("no model")
        await asyncio.Event().wait()

    async with chats.serving(WebServer(turn)) as server:
        with pytest.raises(errors.TurnInterrupted, match="no model"):
            await chats.chat(server).ask_async("hello")


async def test_a_turn_without_text_ends(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        pass

    async with chats.serving(WebServer(turn)) as server:
        chat = chats.chat(server)
        replies = [await chat.ask_async("hello") for _ in range(3)]
        assert [(reply.text, reply.stop_reason) for reply in replies] == [("", "end_turn")] * 3
        assert chat.status == "ready"


async def test_a_silent_server_that_knows_the_session_is_waited_for(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        looks = server.requests.count(("/api/sessions/20251009_1", True))
        await eventually(lambda: server.requests.count(("/api/sessions/20251009_1", True)) > looks + 2)
        await turn.text("at last")

    async with chats.serving(WebServer(turn)) as server:
        assert (await chats.chat(server).ask_async("hello")).text == "at last"


@pytest.mark.parametrize("save_when", ["each", "end"])
async def test_a_silent_early_server_is_waited_for(chats: Chats, save_when: Any) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        looks = len(server.requests)
        await eventually(lambda: len(server.requests) > looks + 3)
        await turn.text("at last")

    async with chats.serving(WebServer(turn, generation="early", save_when=save_when)) as server:
        assert (await chats.chat(server).ask_async("hello")).text == "at last"


# Stop.


@both
@pytest.mark.parametrize("double", [(), ("cancelled",)])
async def test_stop_ends_the_turn_and_leaves_the_next_alone(chats: Chats, generation: Any, double: Any) -> None:
    async with chats.serving(WebServer(hold, generation=generation, double=double)) as server:
        chat = chats.chat(server)
        for _ in range(2):
            asking = asyncio.create_task(chat.ask_async("hold"))
            await eventually(lambda: outline(chat)[-1:] == [("agent", "about hold")])
            chat.stop()
            reply = await asking
            assert (reply.stop_reason, reply.text) == ("cancelled", "about hold")
            reply = await chat.ask_async("go on")
            assert (reply.stop_reason, reply.text) == ("end_turn", "about go on")
        assert server.connections == 1
        assert notices(chat) == ["Stopped."] * 2


@pytest.mark.parametrize("before", [True, False])
async def test_a_second_cancelled_that_comes_late_is_not_the_next_turns(chats: Chats, before: bool) -> None:
    late = json.dumps({"type": "cancelled", "message": "Operation was cancelled"})

    async def turn(server: WebServer, turn: WebTurn) -> None:
        if turn.prompt == "next" and before:
            await turn.raw(late)
        await hold(server, turn)
        if turn.prompt == "next" and not before:
            await turn.raw(late)
        await turn.text(", and on")

    async with chats.serving(WebServer(turn)) as server:
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async("hold"))
        await eventually(lambda: outline(chat)[-1:] == [("agent", "about hold")])
        chat.stop()
        await asking
        reply = await chat.ask_async("next")
        assert (reply.stop_reason, reply.text) == ("end_turn", "about next, and on")


async def test_somebody_elses_cancel_is_heard(chats: Chats) -> None:
    async def turn(server: WebServer, turn: WebTurn) -> None:
        await turn.text("a word")
        await turn.cancelled()

    async with chats.serving(WebServer(turn)) as server:
        chat = chats.chat(server)
        for _ in range(2):
            assert (await chat.ask_async("hello")).stop_reason == "cancelled"


async def test_a_server_that_does_not_stop_is_left(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goose_widget.client._STOP_PATIENCE", 0.1)

    class Deaf(WebServer):
        async def _cancel(self, *_: object) -> None:
            pass

    async with chats.serving(Deaf(hold)) as server:
        chat = chats.chat(server)
        asking = asyncio.create_task(chat.ask_async("hold"))
        await eventually(lambda: outline(chat)[-1:] == [("agent", "about hold")])
        chat.stop()
        assert (await asking).stop_reason == "cancelled"
        assert (await chat.ask_async("go on")).text == "about go on"


async def test_leaving_a_stream_stops_the_turn(chats: Chats) -> None:
    async with chats.serving(WebServer(hold)) as server:
        chat = chats.chat(server)
        stream = chat.stream("hold")
        async for event in stream:
            if isinstance(event, ev.Text):
                break
        await stream.aclose()
        await eventually(lambda: chat.status == "ready")
        assert [frame["type"] for frame in server.received] == ["message", "cancel"]
        events = [event async for event in chat.stream("go on")]
        assert isinstance(events[-1], ev.TurnEnded)


# What it can not do.


async def test_no_other_mode_than_auto_is_promised(chats: Chats) -> None:
    async with chats.serving(WebServer()) as server:
        with pytest.raises(errors.SettingRefused, match=r"approve.*no modes.*by itself"):
            await chats.chat(server, mode="approve").ask_async("hello")
        with pytest.raises(errors.SettingRefused, match="model"):
            await chats.chat(server, model="gpt").ask_async("hello")
        assert server.received == []
        chat = chats.chat(server, mode="auto")
        assert (await chat.ask_async("hello")).text == "You said: hello"
        with pytest.raises(errors.UsageError, match="offers: auto"):
            await asyncio.to_thread(chat.set_mode, "approve")
        with pytest.raises(errors.UsageError, match="set where it was started"):
            await asyncio.to_thread(chat.set_model, "gpt")
        await asyncio.to_thread(chat.set_mode, "auto")


# Sessions from before.


@both
async def test_resuming_shows_the_whole_history(chats: Chats, generation: Any) -> None:
    history = json.loads((FIXTURES / "history.json").read_text(encoding="utf-8"))
    picture = {"type": "image", "data": "AAAA", "mimeType": "image/png"}
    history["messages"][0]["content"].append(picture)
    async with chats.serving(WebServer(generation=generation, known={"20251009_7": history["messages"]})) as server:
        chat = chats.chat(server, "20251009_7")
        await eventually(lambda: chat.status == "ready")
        assert [kind for kind, _ in outline(chat)] == [
            *("user", "thought", "agent", "tool", "tool", "thought", "tool", "agent", "user", "agent", "user", "agent")
        ]
        items = told(shown(chat))
        assert items[0]["content"] == [{"type": "image", "mime": "image/png", "data": "AAAA"}]
        assert [item["status"] for item in items if item["kind"] == "tool"] == ["completed", "failed", "completed"]
        assert items[-1]["state"] == "done"
        assert notices(chat) == []
        await chat.ask_async("go on")
        before = outline(chat)
        chat.close()
        again = chats.chat(server, chat.session_id, store=chat._session.store.folder)
        await eventually(lambda: again.status == "ready")
        assert outline(again) == before


@both
async def test_a_session_without_a_file_is_told_when_the_server_does_not_know_it(chats: Chats, generation: Any) -> None:
    async with chats.serving(WebServer(generation=generation)) as server:
        chat = chats.chat(server, "20250101_120000")
        with pytest.raises(errors.UnknownSession):
            await chat.ask_async("hello")


async def test_a_message_for_an_unknown_session_never_hangs_and_goes_on_in_a_new_one(chats: Chats) -> None:
    async with chats.serving(WebServer()) as server:
        chat = chats.chat(server)
        await chat.ask_async("hello")
        old = chat.session_id
        ready: list[bool] = []
        chat.observe(lambda _: ready.append(chat._session.is_ready), "problem")
        server.sessions[f"{old}x"] = server.sessions.pop(old)
        with pytest.raises(errors.TurnInterrupted, match="does not know this session any more"):
            await chat.ask_async("are you there?")
        await eventually(lambda: chat.problem is not None)
        assert chat.problem["code"] == "unknown-session"
        assert ready == [False], "who asks as soon as Retry is pressed waits for the next connection"
        assert [offer["id"] for offer in chat.problem["offers"]] == ["new"]
        assert shown(chat)[2]["state"] == "failed"
        chat.new_session()
        assert (await chat.ask_async("and now?")).text == "You said: and now?"
        assert outline(chat) == [
            ("user", "hello"),
            ("agent", "You said: hello"),
            ("user", "are you there?"),
            ("user", "and now?"),
            ("agent", "You said: and now?"),
        ]
        new = Store(chat._session.store.folder).find(str(chat.session_id))
        assert new is not None
        assert (new.header.continues, chat.problem) == (old, None)
        assert saved(chat) == shown(chat)
        chat.close()
        again = chats.chat(server, chat.session_id, store=chat._session.store.folder)
        await eventually(lambda: again.status == "ready")
        assert told(shown(again)) == told(shown(chat))
