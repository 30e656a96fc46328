"""A recorded chat, played again: the same prompts get the same events, and nothing else happens."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import traitlets
from hypothesis import given
from hypothesis import strategies as st

from goose_widget import Chat, GooseChat, actions, errors
from goose_widget import events as ev
from goose_widget.recording import Recording, Turn
from goose_widget.replay import Player, difference, pauses
from goose_widget.reply import to_public
from goose_widget.session import Session
from goose_widget.store import Entry, Header, Store
from support.acp_server import AcpServer, running
from support.poll import eventually
from support.strategies import EVENTS, patient

Item = dict[str, Any]


async def play_a_part(server: AcpServer, prompt: str) -> str:
    """The turns of the server that is recorded."""
    match prompt.partition(":")[0]:
        case "think":
            await server.update("agent_thought_chunk", content={"type": "text", "text": "Hm."})
            for word in ("one ", "two ", "three"):
                await server.text(word)
                await asyncio.sleep(0.05)  # pauses are a part of what is recorded
            await server.update("session_info_update", title="Numbers")
        case "shell":
            outcome = await server.ask(prompt, "ls")
            status = "completed" if outcome.get("optionId") == "allow_once" else "failed"
            await server.update("tool_call_update", toolCallId=prompt, status=status, rawOutput="a.txt")
            await server.text("Done.")
        case "drop":
            await server.text("the first half")
            await asyncio.sleep(0.1)
            server.drop()
        case "wait":
            await server.text("I wait.")
            await server.cancelled.wait()
            return "cancelled"
        case _:
            await server.text(f"You said: {prompt}", message_id=prompt)
    return "end_turn"


@pytest.fixture
async def server() -> AsyncIterator[AcpServer]:
    async with running(AcpServer(play_a_part)) as server:
        yield server


@pytest.fixture
def new_chat(tmp_path: Path) -> Iterator[Any]:
    chats: list[Chat] = []

    def new(session_id: str | None = None, kind: type[Chat] = Chat, **more: Any) -> Chat:
        chat = kind(session_id, **{"store": tmp_path / "s", **more})
        chats.append(chat)
        return chat

    yield new
    for chat in chats:
        chat.close()


@pytest.fixture
def live(server: AcpServer, new_chat: Any, tmp_path: Path) -> Any:
    return lambda **more: new_chat(server=server.url, token=server.key, cwd=tmp_path, **more)


@pytest.fixture
def replayed(new_chat: Any) -> Any:
    return lambda what, **more: new_chat(**{"replay": what, "speed": math.inf, **more})


class Watched(Chat):
    """Keeps its statuses, from the first one on."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self.statuses = [self.status]
        super().__init__(*arguments, **more)

    @traitlets.observe("status")
    def _keep(self, change: Any) -> None:
        self.statuses.append(change["new"])


def plain(items: list[Item]) -> list[Item]:
    """Items without what differs from run to run: their ids and times."""
    return [{key: item[key] for key in item.keys() - {"id", "time", "started", "ended", "turn"}} for item in items]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def said(chat: Chat, prompt: str, **more: Any) -> tuple[str, str, list[Item]]:
    """What comes of a prompt: the name of the error or the stop reason, the text, the tools."""
    try:
        reply: Any = await chat.ask_async(prompt, **more)
        outcome = ""
    except errors.TurnError as error:
        reply, outcome = error.reply, type(error).__name__
    return f"{outcome} {reply.stop_reason}", reply.text, plain(reply.items)


async def test_a_whole_chat_is_played_again(live: Any, replayed: Any, tmp_path: Path) -> None:
    prompts = ["think", "shell:1", "drop", "shell:2", "hello"]
    first = live(on_permission=lambda question: True)
    before = [await said(first, prompt) for prompt in prompts]
    items, session_id, cwd = plain(first.items), first.session_id, first.cwd
    first.close()
    files = content(tmp_path)

    asked: list[object] = []
    again = replayed(session_id, on_permission=asked.append, kind=Watched)
    assert [await said(again, prompt) for prompt in prompts] == before
    assert plain(again.items) == items
    assert again.status == "ready"
    assert (again.session_id, again.title, again.mode, again.cwd) == (session_id, "Numbers", "auto", cwd)
    assert again.server == f"a recording of goose 0-test, {first.server.partition(', ')[2]}"
    assert not again.read_only
    again.close()
    assert again.statuses[:4] == ["connecting", "ready", "running", "ready"]
    assert asked == []
    assert content(tmp_path) == files


async def test_what_was_heard_is_heard_again(live: Any, replayed: Any) -> None:
    first = live()
    before = [event async for event in first.stream("think")]
    first.close()
    after = [event async for event in replayed(first.session_id).stream("think")]
    assert sum(isinstance(event, ev.Text) for event in before) > 1

    def named(events: list[ev.Event]) -> list[ev.Event]:
        return [e for e in events if not isinstance(e, ev.TurnStarted | ev.TurnEnded)]

    assert named(after) == named(before)
    assert isinstance(after[-1], ev.TurnEnded)


async def test_a_turn_that_was_stopped_is_stopped_again(live: Any, replayed: Any) -> None:
    first = live()
    task = asyncio.create_task(said(first, "wait"))
    await eventually(lambda: first.items[-1:] and first.items[-1]["text"] == "I wait.")
    first.stop()
    before = await task
    assert before[0] == " cancelled"
    first.close()
    assert await said(replayed(first.session_id), "wait") == before


async def test_a_question_that_nobody_could_answer_is_raised_again(live: Any, replayed: Any) -> None:
    first = live()
    before = await said(first, "shell:1")
    assert before[0].startswith("PermissionUnanswered")
    items = plain(first.items)
    first.close()
    again = replayed(first.session_id, on_permission="allow")
    assert await said(again, "shell:1") == before
    assert plain(again.items) == items


async def test_prompts_are_replayed_from_code_without_a_loop(live: Any, replayed: Any) -> None:
    first = live()
    await first.ask_async("hello")
    first.close()
    reply = await asyncio.to_thread(replayed(first.session_id).ask, "hello", timeout=10)
    assert reply.text == "You said: hello"


# Recordings that are written by hand.


def turn(prompt: str, *said: ev.Event | float) -> list[ev.Event | float]:
    prompt_id = f"id of {prompt}"
    return [ev.UserMessage(prompt, prompt_id), ev.TurnStarted(prompt_id), *said, ev.TurnEnded(prompt_id, "end_turn")]


def record(folder: Path, *said: ev.Event | float, **header: Any) -> Path:
    """A file with these events; a number is the seconds that pass before the next."""
    file = Store(folder).create(Header(**{"session_id": "20261122_7", **header}))
    now = 1e9
    for number, each in enumerate(said, 1):
        if isinstance(each, float):
            now += each
        else:
            file.append([Entry(number, now, each)])
    file.close()
    return file.path


QUESTION = ev.PermissionAsked("q", "c", ({"id": "yes", "name": "Yes", "kind": "allow_once"},), "/n")


async def test_a_prompt_that_differs_fails_with_both_texts_and_the_recorded_one_can_still_be_sent(
    tmp_path: Path, replayed: Any
) -> None:
    chat = replayed(record(tmp_path / "s", *turn("hello", ev.Text("hi")), *turn("bye", ev.Text("see you"))))
    await chat.ask_async("hello")
    with pytest.raises(errors.ReplayMismatch) as caught:
        await chat.ask_async("bye ")
    assert "prompt 2 of 2 in the recording 20261122_7" in str(caught.value)
    assert "Recorded was 'bye', sent was 'bye '." in str(caught.value)
    assert [(item["kind"], item.get("state")) for item in chat.items[-2:]] == [("user", "failed"), ("notice", None)]
    assert chat.items[-1]["text"] == caught.value.title
    assert caught.value.reply.stop_reason == "failed"
    assert chat.status == "ready"
    assert (await chat.ask_async("bye")).text == "see you"


async def test_a_prompt_after_the_last_says_how_many_there_are(tmp_path: Path, replayed: Any) -> None:
    chat = replayed(record(tmp_path / "s", *turn("hello", ev.Text("hi"))))
    await chat.ask_async("hello")
    for prompt in ("hello", "long " * 100):
        with pytest.raises(errors.ReplayMismatch, match="has 1 prompt, and this is one more") as caught:
            await chat.ask_async(prompt)
        assert prompt in str(caught.value)


def test_long_texts_are_compared_line_by_line() -> None:
    recorded = "\n".join(f"line {number}" for number in range(100))
    text = difference(recorded.replace("line 50", "line fifty"), recorded)
    assert "-line 50\n+line fifty" in text
    assert "line 40" not in text
    assert "+\n" in difference("a\nb\n", "a\nb") + "\n"
    long = "x" * 300
    assert difference(long + "y", long).count(long) == 2


async def test_the_opening_is_there_at_once_and_the_tail_right_after_its_turn(tmp_path: Path, replayed: Any) -> None:
    opening = [ev.Mode("approve"), ev.UserMessage("earlier"), ev.Text("indeed"), ev.TurnEnded("", "end_turn")]
    tail = [ev.Notice("info", "later"), ev.Mode("chat"), ev.TurnEnded("", "end_turn")]
    path = record(tmp_path / "s", *opening, *turn("hello", ev.Text("hi")), *tail, *turn("bye"))
    chat = replayed(path)
    await eventually(lambda: chat.status == "ready")
    assert [item["text"] for item in chat.items] == ["earlier", "indeed"]
    assert chat.mode == "approve"
    reply = await chat.ask_async("hello")
    assert [item["text"] for item in reply.items] == ["hello", "hi"]
    await eventually(lambda: chat.mode == "chat")
    assert [item["text"] for item in chat.items] == ["earlier", "indeed", "hello", "hi", "later"]
    assert (await chat.ask_async("bye")).stop_reason == "end_turn"


async def test_modes_and_models_are_taken_as_they_are_asked_for(tmp_path: Path, replayed: Any) -> None:
    path = record(tmp_path / "s", ev.Mode("auto"), *turn("hello"))
    chat = replayed(path, mode="approve", model="large")
    await chat.ask_async("hello")
    assert (chat.mode, chat.model) == ("approve", "large")
    await asyncio.to_thread(chat.set_mode, "chat")
    await asyncio.to_thread(chat.set_model, "small")
    assert (chat.mode, chat.model) == ("chat", "small")


async def test_stop_ends_a_turn_that_is_played(tmp_path: Path, replayed: Any) -> None:
    said = [ev.Text("one"), QUESTION, 1.0, ev.PermissionAnswered("q", "yes"), ev.Text("two")]
    path = record(tmp_path / "s", *turn("hello", *said), ev.Title("A title"), *turn("bye", ev.Text("see you")))
    chat = replayed(path, speed=0.001)
    task = asyncio.create_task(chat.ask_async("hello"))
    await eventually(lambda: chat.status == "waiting")
    chat.stop()
    chat.stop()
    reply = await task
    assert reply.stop_reason == "cancelled"
    assert reply.text == "one"
    assert reply.tools[0]["permission"]["state"] == "void"
    await eventually(lambda: chat.title == "A title")
    assert (await chat.ask_async("bye")).text == "see you"


async def test_cancelling_the_task_stops_the_turn(tmp_path: Path, replayed: Any) -> None:
    chat = replayed(record(tmp_path / "s", *turn("hello", 1000.0, ev.Text("one"))), speed=1.0)
    task = asyncio.create_task(chat.ask_async("hello"))
    await eventually(lambda: chat.status == "running")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: chat.status == "ready")
    assert chat.items[-1]["text"] == "Stopped."


async def test_a_setting_is_changed_while_a_turn_waits(tmp_path: Path, replayed: Any) -> None:
    chat = replayed(record(tmp_path / "s", *turn("hello", 1000.0, ev.Text("one"))), speed=1.0)
    task = asyncio.create_task(chat.ask_async("hello"))
    await eventually(lambda: chat.status == "running")
    await asyncio.to_thread(chat.set_mode, "chat")
    assert (chat.mode, chat.status) == ("chat", "running")
    chat.stop()
    assert (await task).stop_reason == "cancelled"


async def test_the_buttons_of_a_recorded_question_say_that_it_is_answered(tmp_path: Path, replayed: Any) -> None:
    path = record(tmp_path / "s", *turn("hello", QUESTION, 1.0, ev.PermissionAnswered("q", "yes")))
    chat = replayed(path, speed=0.001, kind=GooseChat)
    task = asyncio.create_task(chat.ask_async("hello"))
    await eventually(lambda: chat.status == "waiting")
    refusal = chat._page._refusal(actions.Answer("q", "yes"))
    assert refusal == "This is a recording: the question was answered with 'yes' when it was made."
    assert chat.status == "waiting"
    chat.stop()
    await task


async def test_a_failure_of_ours_is_told_and_retry_goes_on(
    tmp_path: Path, replayed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "s", ev.Text("opening"), *turn("hello", ev.Text("hi")), *turn("bye", ev.Text("see you")))
    chat = replayed(path)
    await eventually(lambda: chat.status == "ready")
    monkeypatch.setattr(chat._session, "feed", lambda frame: 1 / 0)
    with pytest.raises(errors.TurnInterrupted):
        await chat.ask_async("hello")
    await eventually(lambda: chat.problem is not None)
    assert "ZeroDivisionError" in chat.problem["title"]
    monkeypatch.undo()
    chat.retry()
    assert (await chat.ask_async("bye")).text == "see you"
    assert [item["text"] for item in chat.items if item["kind"] == "agent"] == ["opening", "see you"]


async def test_nothing_is_kept_of_what_is_not_written(tmp_path: Path, replayed: Any) -> None:
    chat = replayed(record(tmp_path / "s", *turn("hello", ev.Text("hi"))))
    await chat.ask_async("hello")
    assert chat._session._journal._waiting == []


def test_a_saved_notebook_shows_all_of_the_recording_however_far_it_was_played(tmp_path: Path, replayed: Any) -> None:
    path = record(tmp_path / "s", *turn("hello", ev.Text("hi")), *turn("bye"))
    first, second = (replayed(path, kind=GooseChat) for _ in range(2))
    assert [item["text"] for item in first._printout_items()] == ["hello", "hi", "bye"]
    assert first._printout() == second._printout()


async def test_a_live_chat_takes_nothing_over_from_a_replay(
    tmp_path: Path, live: Any, replayed: Any, server: AcpServer
) -> None:
    first = live()
    await first.ask_async("hello")
    first.close()
    again = replayed(first.session_id)
    assert live(session_id=first.session_id).session_id == again.session_id
    assert (await again.ask_async("hello")).text == "You said: hello"


async def test_damaged_lines_are_told_in_the_chat(tmp_path: Path, replayed: Any) -> None:
    path = record(tmp_path / "s", *turn("hello", ev.Text("hi")))
    path.write_bytes(path.read_bytes() + b"garbage\n")
    chat = replayed(path)
    await chat.ask_async("hello")
    assert chat.items[0]["text"] == f"1 line of {path.name} could not be read and is left out."


# The environment.


async def test_a_notebook_needs_no_change(tmp_path: Path, new_chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(tmp_path / "s", *turn("hello", ev.Text("hi")), cwd="/home/ada", server="this computer")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOOSE_WIDGET_REPLAY", f"s/{path.name}")
    as_written = [
        {},
        {"server": "ws://nowhere:1/acp", "token": "k", "cwd": "/no/such/folder", "mode": "auto", "model": "large"},
        {"session_id": "20261122_9", "on_permission": "allow"},
        {"speed": 5.0, "kind": GooseChat},
    ]
    for arguments in as_written:
        chat = new_chat(**arguments)
        assert (await chat.ask_async("hello")).text == "hi"
        assert (chat.session_id, chat.cwd, chat.server) == (
            "20261122_7",
            "/home/ada",
            "a recording of goose, this computer",
        )


async def test_a_notebook_with_two_chats_replays_a_folder(
    live: Any, new_chat: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for name in ("one", "two"):  # one after the other: the test's server talks to the newest connection
        chat = live()
        await chat.ask_async(name)
        ids.append(chat.session_id)
        chat.close()
    monkeypatch.setenv("GOOSE_WIDGET_REPLAY", str(tmp_path / "s"))
    chats = [new_chat(), new_chat()]
    assert [chat.session_id for chat in chats] == ids
    assert (await chats[1].ask_async("two")).text == "You said: two"
    assert (await chats[0].ask_async("one")).text == "You said: one"
    with pytest.raises(errors.UsageError, match="one more than the 2 recorded there"):
        new_chat()
    assert (await new_chat(ids[1]).ask_async("two")).text == "You said: two"


def test_a_replay_has_no_server(tmp_path: Path, new_chat: Any) -> None:
    path = record(tmp_path / "s", *turn("hello"))
    for arguments in ({"server": "demo"}, {"token": "k"}):
        with pytest.raises(errors.UsageError, match="without server= and token="):
            new_chat(replay=path, **arguments)
    with pytest.raises(errors.UsageError, match="speed must be"):
        new_chat(replay=path, speed=0)
    with pytest.raises(errors.UsageError, match="no such file"):
        new_chat(replay="nowhere", kind=GooseChat)


# Pauses, without waiting for any.


def paced(*gaps_and_events: tuple[float, ev.Event]) -> Turn:
    now = 100.0
    entries = [Entry(1, now, ev.UserMessage("hello", "p"))]
    for gap, event in gaps_and_events:
        now += gap
        entries.append(Entry(2, now, event))
    (turn,) = Recording.of(Header("x"), entries).turns
    return turn


END = ev.TurnEnded("p", "end_turn")


def test_the_agents_pauses_are_kept_and_scaled() -> None:
    turn = paced((0.0, ev.TurnStarted("p")), (30.0, ev.Text("a")), (0.5, ev.Text("b")), (2.0, END))
    assert pauses(turn, 1.0) == [0.0, 30.0, 0.5, 2.0]
    assert pauses(turn, 4.0) == [0.0, 7.5, 0.125, 0.5]
    assert pauses(turn, math.inf) == [0.0] * 4


def test_a_person_who_answers_is_not_waited_for() -> None:
    answer = ev.PermissionAnswered("q", "yes")
    assert pauses(paced((2.0, QUESTION), (600.0, answer), (3.0, END)), 1.0) == [2.0, 1.0, 3.0]
    assert pauses(paced((2.0, QUESTION), (0.25, answer), (3.0, END)), 1.0) == [2.0, 0.25, 3.0]
    shared = paced((2.0, QUESTION), (0.75, ev.Text("a")), (600.0, ev.Text("b")), (5.0, answer), (3.0, END))
    assert pauses(shared, 1.0) == [2.0, 0.75, 0.25, 0.0, 3.0]


def test_a_clock_that_was_set_makes_no_pause() -> None:
    odd = paced((-50.0, ev.Text("a")), (math.inf, ev.Text("b")), (1.0, ev.Text("c")), (math.nan, END))
    assert pauses(odd, 1.0) == [0.0] * 4


# Whatever was recorded.

_PLAYED = [kind for kind in EVENTS if kind not in (ev.UserMessage, ev.TurnStarted, ev.Commands)]
_said = st.lists(
    st.one_of(st.builds(ev.UserMessage, st.text(max_size=8)), *(EVENTS[kind] for kind in _PLAYED)), max_size=12
)


@st.composite
def logs(draw: st.DrawFn) -> list[ev.Event]:
    """What a session file can hold: an opening, and turns with whatever was said in them."""
    result = draw(_said)
    for number in range(draw(st.integers(1, 3))):
        result += [ev.UserMessage(f"prompt {number}", f"p{number}"), ev.TurnStarted(f"p{number}"), *draw(_said)]
    return result


@given(logs())
@patient
def test_whatever_was_recorded_comes_to_the_same_transcript(log: list[ev.Event]) -> None:
    wire = [json.loads(json.dumps({**ev.to_json(event), "seq": 1, "time": 1.0})) for event in log]
    recording = Recording.of(Header("x"), [Entry(1, 1.0, ev.from_json(record)) for record in wire])

    async def play() -> list[Item]:
        session = Session(cwd="/n", store=Store(Path("/nowhere")), saved=False)
        player = asyncio.create_task(Player(session, recording, math.inf).run())

        async def until_ready() -> None:
            for _ in range(1000):
                if session.facts.status == "ready":
                    return
                await asyncio.sleep(0)
            raise AssertionError(session.facts)

        await until_ready()
        for number, turn in enumerate(recording.turns):
            session.prompt(f"another {number}", turn.text)
            await until_ready()
        player.cancel()
        return session.log.snapshot()[1]

    assert plain(to_public(asyncio.run(play()))) == plain(recording.items())
