"""A plain ACP client for tests: hand-written frames out, and all that comes in is held against the SDK's schema."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acp import schema
from pydantic import BaseModel
from websockets.asyncio.client import ClientConnection, connect

from goose_widget.demo import DemoServer
from support.goose import PATIENCE

Json = dict[str, Any]

RESULTS: dict[str, type[BaseModel]] = {
    "initialize": schema.InitializeResponse,
    "authenticate": schema.AuthenticateResponse,
    "session/new": schema.NewSessionResponse,
    "session/load": schema.LoadSessionResponse,
    "session/fork": schema.ForkSessionResponse,
    "session/list": schema.ListSessionsResponse,
    "session/delete": schema.DeleteSessionResponse,
    "session/close": schema.CloseSessionResponse,
    "session/prompt": schema.PromptResponse,
    "session/set_mode": schema.SetSessionModeResponse,
    "session/set_config_option": schema.SetSessionConfigOptionResponse,
}
REQUESTS: dict[str, type[BaseModel]] = {
    "session/update": schema.SessionNotification,
    "session/request_permission": schema.RequestPermissionRequest,
}


def recorded(scenario: str) -> list[Json]:
    """What the real goose sent in a recorded conversation."""
    text = (Path(__file__).parents[1] / "fixtures" / "acp" / f"{scenario}.jsonl").read_text(encoding="utf-8")
    return [line["frame"] for line in map(json.loads, text.splitlines()) if line["dir"] == "in"]


def same(model: type[BaseModel], value: Json) -> None:
    """The model takes `value`, and nothing of it is left out or changed."""
    assert model.model_validate(value).model_dump(mode="json", by_alias=True, exclude_unset=True) == value


@dataclass
class Answer:
    """What a request brought: its answer, and what came before it."""

    frame: Json
    updates: list[Json] = field(default_factory=list)
    questions: list[Json] = field(default_factory=list)

    @property
    def result(self) -> Json:
        assert "result" in self.frame, self.frame
        return dict(self.frame["result"])

    @property
    def error(self) -> tuple[int, Any]:
        """Code and data."""
        assert "error" in self.frame, self.frame
        return self.frame["error"]["code"], self.frame["error"].get("data")

    def kinds(self) -> list[str]:
        """The kinds of the updates, each once where it comes many times in a row."""
        kinds = [update["sessionUpdate"] for update in self.updates]
        return [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind != before]

    def text(self, kind: str = "agent_message_chunk") -> str:
        return "".join(update["content"].get("text", "") for update in self.updates if update["sessionUpdate"] == kind)

    def of(self, kind: str) -> list[Json]:
        return [update for update in self.updates if update["sessionUpdate"] == kind]


class Wire:
    """One connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.session = ""
        self._asked: dict[int, str] = {}

    async def say(self, method: str, /, **params: Any) -> int:
        """Send a request; its id."""
        rpc_id = len(self._asked) + 1
        self._asked[rpc_id] = method
        await self.send(id=rpc_id, method=method, params=params)
        return rpc_id

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def next(self) -> Json:
        """The next frame, which fits the schema."""
        frame: Json = json.loads(await asyncio.wait_for(self.socket.recv(), 10 * PATIENCE))
        assert frame["jsonrpc"] == "2.0"
        if "method" in frame:
            assert frame.keys() <= {"jsonrpc", "id", "method", "params"}
            same(REQUESTS[frame["method"]], frame["params"])
        elif "error" in frame:
            assert frame.keys() == {"jsonrpc", "id", "error"}
            same(schema.Error, frame["error"])
        else:
            assert frame.keys() == {"jsonrpc", "id", "result"}
            if (model := RESULTS.get(self._asked[frame["id"]])) is not None:
                same(model, frame["result"])
        return frame

    async def until(self, rpc_id: int, option: str | None = "allow_once") -> Answer:
        """The answer to a request. Questions are answered with `option`, None for `cancelled`."""
        found = Answer({})
        while True:
            frame = await self.next()
            if frame.get("method") == "session/update":
                found.updates.append(frame["params"]["update"])
            elif "method" in frame:
                found.questions.append(frame)
                await self.answer(frame["id"], option)
            elif frame["id"] == rpc_id:
                found.frame = frame
                return found
            else:
                raise AssertionError(frame)

    async def until_update(self, wanted: Callable[[Json], bool]) -> Json:
        """The next update that is wanted; everything before it is dropped."""
        while True:
            frame = await self.next()
            if frame.get("method") == "session/update" and wanted(frame["params"]["update"]):
                return dict(frame["params"]["update"])

    async def answer(self, rpc_id: Any, option: str | None) -> None:
        selected = {"outcome": "selected", "optionId": option}
        await self.send(id=rpc_id, result={"outcome": {"outcome": "cancelled"} if option is None else selected})

    async def request(self, method: str, /, *, option: str | None = "allow_once", **params: Any) -> Answer:
        return await self.until(await self.say(method, **params), option)

    async def prompt(self, text: str, *, option: str | None = "allow_once") -> Answer:
        return await self.until(await self.say_prompt(text), option)

    async def say_prompt(self, text: str) -> int:
        return await self.say("session/prompt", sessionId=self.session, prompt=[{"type": "text", "text": text}])

    async def open(self, cwd: Path) -> str:
        """Make a session, and take what is said about it."""
        answer = await self.request("session/new", cwd=str(cwd), mcpServers=[])
        await self.until_update(lambda update: update["sessionUpdate"] == "available_commands_update")
        self.session = answer.result["sessionId"]
        return self.session

    async def load(self, session_id: str, cwd: Path, **meta: Any) -> Answer:
        given = {"_meta": meta} if meta else {}
        answer = await self.request("session/load", sessionId=session_id, cwd=str(cwd), mcpServers=[], **given)
        self.session = session_id
        if "result" in answer.frame:
            await self.until_update(lambda update: update["sessionUpdate"] == "available_commands_update")
        return answer


@asynccontextmanager
async def connected(server: DemoServer, *, greet: bool = True, **headers: str) -> AsyncIterator[Wire]:
    async with connect(server.acp_url, additional_headers=headers, proxy=None, max_size=None) as socket:
        wire = Wire(socket)
        if greet:
            await wire.request("initialize", protocolVersion=1, clientCapabilities={})
        yield wire
