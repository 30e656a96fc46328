"""The widget's side of the conversation with the page, over a comm that records."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm
from IPython.core.formatters import DisplayFormatter

from goose_widget import GooseChat, errors, printout, widget
from support.acp_server import AcpServer, running
from support.poll import eventually
from support.replica import apply


class RecordingComm(BaseComm):
    """A comm whose other end is a list; like ipykernel 7.4's it has a route to mend."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.opened: dict[str, Any] = {}
        self._reply_subshell_for: Callable[..., Any] | None = lambda data, default: "another shell"
        super().__init__(*args, **kwargs)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        if msg_type == "comm_open":
            self.opened = data["state"]
        elif msg_type == "comm_msg":
            self.sent.append(data if buffers is None else {**data, "buffers": buffers})

    @property
    def custom(self) -> list[dict[str, Any]]:
        return [data["content"] for data in self.sent if data["method"] == "custom"]

    @property
    def updates(self) -> list[dict[str, Any]]:
        return [data["state"] for data in self.sent if data["method"] == "update"]


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture
async def server() -> AsyncIterator[AcpServer]:
    async with running(AcpServer(key="topsecret")) as server:
        yield server


@pytest.fixture
def new_chat(comms: None, tmp_path: Path) -> Iterator[Any]:
    chats: list[GooseChat] = []

    def new(server: AcpServer, /, **more: Any) -> GooseChat:
        chat = GooseChat(
            **{"server": server.url, "token": server.key, "cwd": tmp_path, "store": tmp_path / "s", **more}
        )
        chats.append(chat)
        return chat

    yield new
    for chat in chats:
        chat.close()


class Page:
    """What a page does: keep a replica, send actions, wait for their acks."""

    def __init__(self, chat: GooseChat) -> None:
        self.chat, self.comm, self._count = chat, chat.comm, 0

    def send(self, action: dict[str, Any], aid: str | None = None) -> str:
        self._count += 1
        aid = aid or f"a{self._count}"
        self.chat._handle_custom_msg({"aid": aid, **action}, [])
        return aid

    async def do(self, action: dict[str, Any], aid: str | None = None) -> str | None:
        """Send an action; its refusal."""
        before = len(self.comm.custom)
        sent = self.send(action, aid)

        def acks() -> list[dict[str, Any]]:
            return [m for m in self.comm.custom[before:] if m["type"] == "ack" and m["aid"] == sent]

        await eventually(acks)
        return acks()[0]["error"]

    def items(self) -> list[dict[str, Any]]:
        return apply([], (c for m in self.comm.custom if m["type"] == "changes" for c in m["changes"]))


async def test_a_page_that_saw_every_message_has_the_transcript(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await chat.ask_async("hello")
    batches = [m for m in chat.comm.custom if m["type"] == "changes"]
    assert [m["from"] for m in batches] == [0, *(m["seq"] for m in batches[:-1])]
    assert Page(chat).items() == chat._keyframe()["items"]


async def test_the_transcript_is_a_keyframe_and_never_sent_again(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    assert chat.comm.opened["transcript"] == {"log": chat._session.log.id, "seq": 0, "items": [], "earlier": 0}
    await chat.ask_async("hello")
    assert not [state for state in chat.comm.updates if "transcript" in state or "items" in state]
    state = chat.get_state()["transcript"]  # what a page that loads now gets
    assert [item["text"] for item in state["items"]] == ["hello", "You said: hello"]


async def test_the_key_never_reaches_the_page_or_the_file(server: AcpServer, new_chat: Any, tmp_path: Path) -> None:
    chat = new_chat(server)
    await chat.ask_async("hello")
    assert "topsecret" not in str([chat.comm.opened, chat.comm.sent, chat.get_state(), repr(chat)])
    assert all(b"topsecret" not in path.read_bytes() for path in (tmp_path / "s").iterdir())


async def test_a_prompt_from_the_page_runs_and_is_acknowledged(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await eventually(lambda: chat.status == "ready")
    assert await Page(chat).do({"type": "prompt", "text": "hello", "attachments": []}) is None
    await eventually(lambda: chat.status == "ready" and chat.items and chat.items[-1]["text"] == "You said: hello")


async def test_an_action_that_arrives_on_both_lanes_is_done_once(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await eventually(lambda: chat.status == "ready")
    page = Page(chat)
    action = {"type": "prompt", "text": "once", "attachments": []}
    content = {"uid": chat.uid, "data": {"aid": "same", **action}}
    await widget._on_control(None, None, {"content": content})
    assert await page.do(action, "same") is None
    await eventually(lambda: chat.status == "ready")
    assert [m["method"] for m in server.received].count("session/prompt") == 1


async def test_nobody_is_reached_with_a_wrong_name_on_the_control_lane() -> None:
    for parent in ({}, {"content": None}, {"content": {"uid": "nobody", "data": {}}}, None):
        await widget._on_control(None, None, parent)


async def test_what_is_refused_says_why(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await eventually(lambda: chat.status == "ready")
    page = Page(chat)
    assert "empty" in str(await page.do({"type": "prompt", "text": " ", "attachments": []}))
    assert "does not offer" in str(await page.do({"type": "set_mode", "value": "sloppy"}))
    assert "no longer open" in str(await page.do({"type": "answer", "request": "r", "option": "o"}))
    assert "unknown action" in str(await page.do({"type": "explode"}))
    assert chat.items == []


async def told_part(page: Page, name: str) -> dict[str, Any]:
    def told() -> list[dict[str, Any]]:
        return [data for data in page.comm.sent if data.get("content") == {"type": "part", "name": name}]

    await eventually(told)
    return told()[0]


async def test_a_part_of_the_page_is_sent_when_it_is_asked_for(server: AcpServer, new_chat: Any) -> None:
    page = Page(new_chat(server))
    sizes = {}
    for name in ("highlight", "maths", "diagrams", "panels"):
        assert await page.do({"type": "part", "name": name}) is None
        (source,) = (await told_part(page, name))["buffers"]
        assert b"export{" in source
        sizes[name] = len(source)
    assert max(sizes, key=lambda name: sizes[name]) == "diagrams"
    assert "not in this version" in str(await page.do({"type": "part", "name": "../widget"}))


async def test_a_part_that_is_not_there_is_told(
    server: AcpServer, new_chat: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(new_chat(server))
    monkeypatch.setattr("goose_widget.page._STATIC", tmp_path)
    assert await page.do({"type": "part", "name": "maths"}) is None
    assert not (await told_part(page, "maths")).get("buffers")


async def test_hello_brings_what_is_missing(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await chat.ask_async("hello")
    page, seq = Page(chat), chat._keyframe()["seq"]
    for have, kind in ((seq, None), (1, "changes"), (seq + 100, "snapshot")):
        before = len(chat.comm.custom)
        assert await page.do({"type": "hello", "have": have, "log": chat._session.log.id}) is None
        answer = [m for m in chat.comm.custom[before:] if m["type"] != "ack"]
        assert [m["type"] for m in answer] == ([kind] if kind else [])
        assert all(m["seq"] == seq for m in answer)


async def test_every_message_is_free_of_the_busy_shell(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await eventually(lambda: chat.status == "ready")
    assert await Page(chat).do({"type": "hello", "have": 0, "log": ""}) is None
    assert chat.comm._reply_subshell_for is None


async def ask_to_list(server: AcpServer, prompt: str) -> str:
    outcome = await server.ask("c1", "ls -la")
    await server.text(str(outcome))
    return "end_turn"


async def test_a_question_waits_for_a_page_that_said_hello(new_chat: Any) -> None:
    async with running(AcpServer(ask_to_list)) as server:
        chat = new_chat(server)
        page = Page(chat)
        await page.do({"type": "hello", "have": 0, "log": ""})
        asking = asyncio.create_task(chat.ask_async("list"))
        await eventually(lambda: chat.status == "waiting")
        permission = chat.items[-1]["permission"]
        assert await page.do({"type": "answer", "request": permission["request"], "option": "allow_once"}) is None
        assert "allow_once" in (await asking).text


async def test_a_question_waits_a_moment_for_a_page_that_is_loading(
    new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widget, "_HELLO_PATIENCE", 0.3)
    async with running(AcpServer(ask_to_list)) as server:
        chat = new_chat(server)
        chat._repr_mimebundle_()
        before = time.monotonic()
        with pytest.raises(errors.PermissionUnanswered):
            await chat.ask_async("list")
        assert time.monotonic() - before >= 0.3

        asking = asyncio.create_task(chat.ask_async("list"))
        await eventually(lambda: chat.status == "waiting")
        await Page(chat).do({"type": "hello", "have": 0, "log": ""})
        await asyncio.sleep(0.5)  # longer than the patience
        assert chat.status == "waiting"
        chat.stop()
        chat.close()
        assert (await asking).stop_reason == "cancelled"


async def test_its_plain_text_is_the_same_on_every_run(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    bundle = chat._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/plain"] == "GooseChat"
    await eventually(lambda: chat.status == "ready")
    assert repr(chat) == f"<GooseChat {chat.session_id}, ready>"


class Notebook:
    """What a kernel displays with; it has what a notebook would show and save."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.updates = 0
        self._of: dict[str, int] = {}

    def publish(self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False) -> None:
        if update:
            self.updates += 1
            self.outputs[self._of[transient["display_id"]]] = data
            return
        if transient:
            self._of[transient["display_id"]] = len(self.outputs)
        self.outputs.append(data)

    @property
    def printout(self) -> str:
        """The last output's text."""
        return str(self.outputs[-1]["text/plain"])


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    notebook = Notebook()
    monkeypatch.setattr(widget, "publisher", lambda: notebook)
    return notebook


async def test_it_is_displayed_with_a_printout_that_follows_each_turn(
    server: AcpServer, new_chat: Any, notebook: Notebook
) -> None:
    chat = new_chat(server)
    chat._ipython_display_()
    assert [set(output) for output in notebook.outputs] == [
        {"application/vnd.jupyter.widget-view+json", "text/plain"},
        {"text/plain"},
    ]
    assert notebook.printout == ""  # while the page draws the chat
    page = Page(chat)
    await page.do({"type": "hello", "have": 0, "log": ""})
    await eventually(lambda: notebook.printout == "A chat with goose: nothing said yet.")
    assert "text/html" in notebook.outputs[1]
    await chat.ask_async("hello")
    assert notebook.printout == "You:\n> hello\n\ngoose:\nYou said: hello"
    assert "<p>You said: hello</p>" in notebook.outputs[-1]["text/html"]
    await eventually(lambda: chat.status == "ready")
    await page.do({"type": "prompt", "text": "from the page", "attachments": []})
    await eventually(lambda: notebook.printout.endswith("You said: from the page"))
    assert notebook.updates == 3


async def test_a_reply_does_not_wait_for_a_printout_that_takes_long(
    server: AcpServer, new_chat: Any, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(widget, "_PRINT_PATIENCE", 0.05)
    chat = new_chat(server)
    chat._ipython_display_()
    go_on = threading.Event()
    monkeypatch.setattr(printout, "to_html", lambda *_, **__: str(go_on.wait(20)))
    try:
        assert (await asyncio.wait_for(chat.ask_async("hello"), 10)).text == "You said: hello"
        assert notebook.updates == 0
    finally:
        go_on.set()
    await eventually(lambda: notebook.updates == 1)


async def test_the_printout_of_a_resumed_chat_begins_with_what_was_said(
    server: AcpServer, new_chat: Any, notebook: Notebook
) -> None:
    first = new_chat(server)
    await first.ask_async("hello")
    new_chat(server, session_id=first.session_id)._ipython_display_()
    assert "You said: hello" in notebook.printout


async def test_a_page_that_loads_gets_the_printout_again(server: AcpServer, new_chat: Any, notebook: Notebook) -> None:
    chat = new_chat(server)
    chat._ipython_display_()
    page = Page(chat)
    await page.do({"type": "hello", "have": 0, "log": ""})
    await eventually(lambda: notebook.updates == 1)
    await chat.ask_async("hello")
    await page.do({"type": "hello", "have": 0, "log": ""})
    assert notebook.updates == 2
    have = chat.get_state()["transcript"]["seq"]  # as a page that was reloaded asks
    await page.do({"type": "hello", "have": have, "log": chat._session.log.id})
    await page.do({"type": "hello", "have": have, "log": chat._session.log.id})
    await eventually(lambda: notebook.updates == 3)


async def test_a_chat_that_is_not_displayed_prints_nothing(
    server: AcpServer, new_chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = new_chat(server)
    monkeypatch.setattr(printout, "to_html", lambda *_, **__: pytest.fail("printed"))
    assert (await chat.ask_async("hello")).text == "You said: hello"


async def test_without_a_kernel_it_is_displayed_as_the_widget_alone(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await eventually(lambda: chat.status == "ready")
    with pytest.raises(NotImplementedError):
        chat._ipython_display_()
    shown, _ = DisplayFormatter().format(chat)
    assert shown.keys() == {"application/vnd.jupyter.widget-view+json", "text/plain"}


@pytest.mark.parametrize(("height", "css"), [(None, ""), (600, "600px"), ("70vh", "70vh")])
async def test_the_height_is_a_css_length(server: AcpServer, new_chat: Any, height: Any, css: str) -> None:
    chat = new_chat(server, height=height)
    await eventually(lambda: chat.status == "ready")  # the server else ends with a connection that is being made
    assert chat.height == css


async def test_unknown_arguments_are_refused_by_name(server: AcpServer, new_chat: Any) -> None:
    with pytest.raises(errors.UsageError, match="no argument sever"):
        new_chat(server, sever="x")


async def test_the_second_chat_of_a_session_shows_all_of_it_and_the_first_says_so(
    server: AcpServer, new_chat: Any
) -> None:
    first = new_chat(server)
    await first.ask_async("hello")
    second = new_chat(server, session_id=first.session_id)
    assert [item["text"] for item in second.items] == ["hello", "You said: hello"]
    assert second.comm.custom[0]["type"] == "snapshot"
    assert first.problem["code"] == "continued-elsewhere"


async def test_a_page_finds_what_it_does_not_hold(server: AcpServer, new_chat: Any) -> None:
    chat = new_chat(server)
    await chat.ask_async("a heron")
    page = Page(chat)

    def answers(kind: str) -> list[dict[str, Any]]:
        return [m for m in chat.comm.custom if m["type"] == kind]

    assert await page.do({"type": "find", "query": "HERON"}) is None
    await eventually(lambda: answers("found"))
    [found] = answers("found")
    assert (found["log"], found["query"], found["whole"]) == (chat._session.log.id, "HERON", True)
    assert [hit["snippet"] for hit in found["hits"]] == ["a heron", "You said: a heron"]
    item = found["hits"][0]["id"]
    assert await page.do({"type": "around", "item": item}) is None
    assert answers("around") == [
        {"type": "around", "log": found["log"], "item": item, "items": chat.items, "earlier": 0, "later": 0}
    ]


# -- the composer -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def demo_page(comms: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Page]:
    monkeypatch.setenv("GOOSE_WIDGET_DEMO_PACE", "1")
    (tmp_path / "notes.md").write_text("")
    chat = GooseChat(server="demo", cwd=tmp_path, store=tmp_path / "s")
    await eventually(lambda: chat.status == "ready" and chat.commands)
    yield Page(chat)
    chat.close()


def queued(page: Page) -> list[str]:
    return [waiting["text"] for waiting in page.chat.queue]


async def test_a_page_queues_edits_removes_and_sends(demo_page: Page) -> None:
    page, chat = demo_page, demo_page.chat
    for text in ("/slow 60", "/say two", "/say three", "/say four"):
        assert await page.do({"type": "prompt", "text": text, "attachments": []}) is None
    two, three, four = (waiting["id"] for waiting in chat.queue)
    assert await page.do({"type": "edit_queued", "id": two, "text": "/say 2"}) is None
    assert await page.do({"type": "remove_queued", "id": three}) is None
    assert await page.do({"type": "send_queued", "id": four}) is None
    assert queued(page) == ["/say four", "/say 2"]
    assert await page.do({"type": "stop"}) is None
    await eventually(lambda: chat.queue_paused)
    assert await page.do({"type": "send_queued", "id": four}) is None
    await eventually(lambda: chat.status == "ready" and not chat.queue)
    assert [item["text"] for item in page.items() if item["kind"] == "user"] == ["/slow 60", "/say four", "/say 2"]
    assert "does not wait any more" in str(await page.do({"type": "edit_queued", "id": two, "text": "late"}))
    states = [state["queue"] for state in chat.comm.updates if "queue" in state]
    assert states[0][0] == {"id": two, "text": "/say two", "attachments": [], "steers": False}


async def test_a_page_attaches_what_the_server_takes(demo_page: Page) -> None:
    page, chat = demo_page, demo_page.chat
    assert chat.accepts == ["image", "file"]
    attachment = {"name": "a.csv", "mime": "text/csv", "data": "YSxi"}
    assert await page.do({"type": "prompt", "text": "Look", "attachments": [attachment]}) is None
    await eventually(lambda: chat.status == "ready" and len(chat.items) == 2)
    block = {"type": "resource", "uri": "attachment:a.csv", "mime": "text/csv", "text": "a,b"}
    assert page.items()[0]["content"] == [block]
    assert "the file a.csv" in chat.items[1]["text"]
    broken = {"type": "prompt", "text": "Look", "attachments": [{**attachment, "data": "?"}]}
    assert "did not arrive whole" in str(await page.do(broken))
    assert len(chat.items) == 2


async def test_a_page_steers_the_turn_that_runs(demo_page: Page) -> None:
    page, chat = demo_page, demo_page.chat
    assert "not at work" in str(await page.do({"type": "steer", "text": "more"}))
    assert await page.do({"type": "prompt", "text": "/slow 2", "attachments": []}) is None
    await eventually(lambda: chat.can_steer)
    assert await page.do({"type": "steer", "text": "more"}) is None
    await eventually(lambda: chat.status == "ready")
    assert [item["text"] for item in page.items() if item["kind"] == "user"] == ["/slow 2", "more"]


async def test_a_page_gets_the_commands_and_the_files(demo_page: Page) -> None:
    page, chat = demo_page, demo_page.chat
    assert {command["name"]: command["hint"] for command in chat.commands}["fail"] == "tool"
    assert await page.do({"type": "files", "query": "no"}) is None
    found = {"type": "files", "query": "no", "files": ["notes.md"]}
    await eventually(lambda: found in page.comm.custom)


@pytest.mark.parametrize(("host", "found"), [("127.0.0.1", ["notes.md"]), ("goose.invalid", [])])
async def test_files_are_those_of_this_computer_where_the_server_is_on_it(
    server: AcpServer, new_chat: Any, tmp_path: Path, host: str, found: list[str]
) -> None:
    (tmp_path / "notes.md").write_text("")
    url = server.url.replace("127.0.0.1", host)
    page = Page(new_chat(server, server=url))
    assert await page.do({"type": "files", "query": "no"}) is None
    await eventually(lambda: {"type": "files", "query": "no", "files": found} in page.comm.custom)
