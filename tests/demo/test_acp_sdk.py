"""Another's client: the official ACP SDK, with its own WebSocket transport, has a conversation with the demo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import acp
import pytest
from acp import helpers, schema
from acp.ws.client import create_websocket_stream

from goose_widget.demo import DemoServer
from support.goose import PATIENCE
from support.poll import eventually


class Client(acp.Client):
    """A client made with the SDK. It answers every question with `option`, or keeps it waiting."""

    def __init__(self, option: str = "allow_once") -> None:
        self.option = option
        self.updates: list[Any] = []
        self.questions: list[schema.ToolCallUpdate] = []

    async def session_update(self, session_id: str, update: Any, **params: Any) -> None:
        self.updates.append(update)

    async def request_permission(
        self, session_id: str, tool_call: schema.ToolCallUpdate, options: list[schema.PermissionOption], **params: Any
    ) -> schema.RequestPermissionResponse:
        self.questions.append(tool_call)
        if self.option == "wait":
            await asyncio.Event().wait()
        (chosen,) = (option for option in options if option.kind == self.option)
        outcome = schema.AllowedOutcome(outcome="selected", option_id=chosen.option_id)
        return schema.RequestPermissionResponse(outcome=outcome)

    def of(self, kind: type) -> list[Any]:
        return [update for update in self.updates if isinstance(update, kind)]

    def text(self, kind: type = schema.AgentMessageChunk) -> str:
        return "".join(getattr(update.content, "text", "") for update in self.of(kind))


@asynccontextmanager
async def joined(server: DemoServer, client: Client, key: str = "") -> AsyncIterator[Any]:
    """The SDK's connection, after `initialize`."""
    stream = await create_websocket_stream(server.acp_url, headers={"X-Secret-Key": key} if key else None)
    connection = acp.connect_to_agent(client, stream, use_unstable_protocol=True)
    try:
        answer = await connection.initialize(
            protocol_version=acp.PROTOCOL_VERSION,
            client_capabilities=schema.ClientCapabilities(),
            client_info=schema.Implementation(name="sdk", version="9"),
        )
        assert answer.agent_info.name == "goose"
        assert answer.agent_capabilities.load_session
        yield connection
    finally:
        await connection.close()
        await stream.close()


async def prompt(connection: Any, session_id: str, text: str) -> schema.PromptResponse:
    answer = await asyncio.wait_for(
        connection.prompt(session_id=session_id, prompt=[helpers.text_block(text)]), 20 * PATIENCE
    )
    assert isinstance(answer, schema.PromptResponse)
    return answer


async def test_a_conversation_with_tools_and_permission(server: DemoServer, tmp_path: Path) -> None:
    client = Client()
    async with joined(server, client) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        assert session.modes.current_mode_id == "smart_approve"
        await eventually(lambda: client.of(schema.AvailableCommandsUpdate))
        answer = await prompt(connection, session.session_id, "/tour")
    assert answer.stop_reason == "end_turn"
    assert answer.usage is not None
    assert answer.usage.output_tokens > 100
    assert "What a reply can hold" in client.text()
    assert "a thought" in client.text(schema.AgentThoughtChunk)
    assert [question.title for question in client.questions] == ["edit · analysis.py"]
    calls = {call.tool_call_id: call.kind for call in client.of(schema.ToolCallStart)}
    assert list(calls.values()) == ["execute", "edit"]
    ends = {end.tool_call_id: end.status for end in client.of(schema.ToolCallProgress)}
    assert ends == dict.fromkeys(calls, "completed")
    assert any(end.status == "in_progress" for end in client.of(schema.ToolCallProgress))
    assert {entry.status for entry in client.of(schema.AgentPlanUpdate)[-1].entries} == {"completed"}
    assert [update.title for update in client.of(schema.SessionInfoUpdate) if update.title] == ["/tour"]
    assert client.of(schema.UsageUpdate)[-1].size == 128_000


async def test_a_rejected_tool_does_not_run(server: DemoServer, tmp_path: Path) -> None:
    client = Client("reject_once")
    async with joined(server, client) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        await prompt(connection, session.session_id, "/ask")
    assert client.of(schema.ToolCallProgress)[-1].status == "failed"
    assert "You said no" in client.text()


async def test_a_session_is_listed_and_loaded_with_its_history(server: DemoServer, tmp_path: Path) -> None:
    first, second = Client(), Client()
    async with joined(server, first) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        await prompt(connection, session.session_id, "How many rows are in sales.csv?")
    async with joined(server, second) as connection:
        listed = (await connection.list_sessions()).sessions
        assert [each.session_id for each in listed] == [session.session_id]
        answer = await connection.load_session(cwd=str(tmp_path), session_id=session.session_id, mcp_servers=[])
        assert answer.modes.current_mode_id == "smart_approve"
        await eventually(lambda: second.text() == first.text())
        assert second.text(schema.UserMessageChunk) == "How many rows are in sales.csv?"
        assert len(second.of(schema.ToolCallStart)) == 1
        await prompt(connection, session.session_id, "/remember")
    assert "How many rows are in sales.csv?" in second.text()


@pytest.mark.parametrize("option", ["allow_once", "wait"])
async def test_a_turn_is_cancelled(slow_server: DemoServer, tmp_path: Path, option: str) -> None:
    client = Client(option)
    async with joined(slow_server, client) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        text = "/slow 600" if option == "allow_once" else "/ask"
        turn = asyncio.create_task(prompt(connection, session.session_id, text))
        await eventually(lambda: client.questions if option == "wait" else client.text())
        await connection.cancel(session_id=session.session_id)
        assert (await turn).stop_reason == "cancelled"


async def test_settings_are_chosen(server: DemoServer, tmp_path: Path) -> None:
    client = Client()
    async with joined(server, client) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        await connection.set_session_mode(session_id=session.session_id, mode_id="auto")
        await eventually(lambda: client.of(schema.CurrentModeUpdate))
        answer = await connection.set_config_option("model", session.session_id, "demo-instant")
        assert {option.id: option.current_value for option in answer.config_options}["model"] == "demo-instant"
        await prompt(connection, session.session_id, "/ask")
    assert client.questions == []


async def test_a_session_is_forked_and_closed(server: DemoServer, tmp_path: Path) -> None:
    async with joined(server, Client()) as connection:
        session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
        await prompt(connection, session.session_id, "hello")
        fork = await connection.fork_session(session_id=session.session_id, cwd=str(tmp_path), mcp_servers=[])
        assert fork.session_id != session.session_id
        await connection.close_session(session_id=session.session_id)
        with pytest.raises(acp.RequestError) as refused:
            await prompt(connection, session.session_id, "hello")
        assert refused.value.code == -32002


async def test_refusals_have_their_codes(server: DemoServer, tmp_path: Path) -> None:
    async with joined(server, Client()) as connection:
        refused = {}
        for name, request in {
            "cwd": connection.new_session(cwd="relative", mcp_servers=[]),
            "session": connection.load_session(cwd=str(tmp_path), session_id="20200101_1", mcp_servers=[]),
            "method": connection.resume_session(session_id="20200101_1", cwd=str(tmp_path), mcp_servers=[]),
        }.items():
            with pytest.raises(acp.RequestError) as error:
                await request
            refused[name] = error.value.code
    assert refused == {"cwd": -32602, "session": -32002, "method": -32601}


async def test_a_key_is_shown(tmp_path: Path) -> None:
    server = DemoServer(tmp_path / "sessions", key="secret", pace=0)
    await server.start()
    try:
        async with joined(server, Client(), key="secret") as connection:
            session = await connection.new_session(cwd=str(tmp_path), mcp_servers=[])
            assert (await prompt(connection, session.session_id, "hello")).stop_reason == "end_turn"
    finally:
        await server.stop()
