"""Records what the real goose and a plain WebSocket client say to each other, as fixtures for the tests of the codec.

    cd tests && python -m support.record                  # every scenario; needs the goose that `goose_binary` finds
    cd tests && python -m support.record text edit        # these only
    cd tests && python -m support.record --list

The client knows nothing of goose_widget: it sends hand-written frames, and the codec's own must equal them. A fixture
is `tests/fixtures/acp/SCENARIO.jsonl`, a frame per line: `{"dir": "in" | "out", "frame": {...}}`, "in" being what goose
sent. What differs from run to run or between machines is put right: ids, times, token counts, paths; long lists of
options are cut. Where goose's title comes among the other frames, and how live output is cut, stay as they came.

Afterwards renew what follows from the fixtures, and look at the difference:

    UPDATE_GOLDEN=1 pytest tests/protocol tests/test_wire_fixtures.py && git diff tests/fixtures
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from support.goose import PATIENCE, GooseServe, goose_environment, goose_serve
from support.model import ScriptedModel

Json = dict[str, Any]

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "acp"
CLIENT_VERSION = "1.0"
CWD = "/home/ada/analysis"
ROOT = "/home/ada/goose"

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")


# -- a connection that remembers -------------------------------------------------------------------------------------


@dataclass
class Wire:
    """One connection to goose. `record` holds every frame, both ways."""

    socket: ClientConnection
    cwd: Path
    record: list[Json] = field(default_factory=list)
    session_id: str = ""
    last_id: int = 0

    async def say(self, frame: Json) -> None:
        frame = {"jsonrpc": "2.0", **frame}
        self.record.append({"dir": "out", "frame": frame})
        await self.socket.send(json.dumps(frame))

    async def hear(self) -> Json:
        frame: Json = json.loads(await asyncio.wait_for(self.socket.recv(), 60 * PATIENCE))
        self.record.append({"dir": "in", "frame": frame})
        return frame

    async def hear_until(self, wanted: Callable[[Json], Any]) -> Json:
        while not wanted(frame := await self.hear()):
            pass
        return frame

    async def request(self, method: str, params: Json) -> int:
        self.last_id += 1
        await self.say({"id": self.last_id, "method": method, "params": params})
        return self.last_id

    async def call(self, method: str, params: Json) -> Json:
        """Ask, and hear everything up to the answer."""
        return await self.answer_to(await self.request(method, params))

    async def answer_to(self, request_id: int) -> Json:
        return await self.hear_until(lambda frame: frame.get("id") == request_id and "method" not in frame)

    async def greet(self) -> None:
        await self.call(
            "initialize",
            {
                "protocolVersion": 1,
                "clientCapabilities": {"fs": {"readTextFile": False, "writeTextFile": False}, "terminal": False},
                "clientInfo": {"name": "goose-widget", "title": "goose-widget", "version": CLIENT_VERSION},
            },
        )

    async def new(self) -> None:
        await self.greet()
        answer = await self.call("session/new", {"cwd": str(self.cwd), "mcpServers": []})
        self.session_id = answer.get("result", {}).get("sessionId", "")

    async def load(self, session_id: str) -> None:
        await self.greet()
        self.session_id = session_id
        await self.call("session/load", {"sessionId": session_id, "cwd": str(self.cwd), "mcpServers": []})

    async def begin(self, text: str) -> int:
        prompt = [{"type": "text", "text": text}]
        return await self.request("session/prompt", {"sessionId": self.session_id, "prompt": prompt})

    async def prompt(self, text: str) -> Json:
        return await self.answer_to(await self.begin(text))

    async def cancel(self) -> None:
        await self.say({"method": "session/cancel", "params": {"sessionId": self.session_id}})

    async def question(self) -> Json:
        return await self.hear_until(lambda frame: frame.get("method") == "session/request_permission")

    async def answer(self, question: Json, option_id: str | None) -> None:
        selected = {"outcome": "selected", "optionId": option_id}
        outcome = {"outcome": "cancelled"} if option_id is None else selected
        await self.say({"id": question["id"], "result": {"outcome": outcome}})

    async def set(self, option: str, value: str) -> None:
        params = {"sessionId": self.session_id, "configId": option, "value": value}
        await self.call("session/set_config_option", params)


@dataclass(frozen=True)
class Server:
    """A goose of its own for one scenario, with the folder it works in."""

    goose: GooseServe
    cwd: Path

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Wire]:
        headers = {"X-Secret-Key": self.goose.key}
        async with connect(self.goose.url, additional_headers=headers, max_size=None, proxy=None) as socket:
            yield Wire(socket, self.cwd)


@contextmanager
def server(folder: Path, *, mode: str, provider: bool = True) -> Iterator[Server]:
    root, cwd = folder / "root", folder / "cwd"
    cwd.mkdir()
    (cwd / "dot.png").write_bytes(PNG)
    (cwd / "notes.txt").write_text("one\ntwo\nthree\n")
    with ScriptedModel() as model:
        environment = goose_environment(root, model.url, mode=mode)
        if not provider:
            environment = {
                name: value for name, value in environment.items() if name not in ("GOOSE_PROVIDER", "GOOSE_MODEL")
            }
        todo = {"enabled": True, "type": "platform", "name": "todo", "description": "Lists of things to do"}
        (root / "config").mkdir(exist_ok=True)
        (root / "config" / "config.yaml").write_text(json.dumps({"extensions": {"todo": todo}}))
        with goose_serve(environment) as goose:
            yield Server(goose, cwd)


# -- scenarios -------------------------------------------------------------------------------------------------------

Act = Callable[[Server], Awaitable[list[Json]]]


def turns(*prompts: str) -> Act:
    """A new session and these prompts, with no question on the way."""

    async def act(server: Server) -> list[Json]:
        async with server.connection() as wire:
            await wire.new()
            for prompt in prompts:
                await wire.prompt(prompt)
        return wire.record

    return act


def asked(prompt: str, option_id: str | None) -> Act:
    """A prompt whose tool needs permission, and the answer; None stops the turn in place of an answer."""

    async def act(server: Server) -> list[Json]:
        async with server.connection() as wire:
            await wire.new()
            prompt_id = await wire.begin(prompt)
            question = await wire.question()
            if option_id is None:
                await wire.cancel()
            await wire.answer(question, option_id)
            await wire.answer_to(prompt_id)
        return wire.record

    return act


async def cancelled(server: Server) -> list[Json]:
    async with server.connection() as wire:
        await wire.new()
        prompt_id = await wire.begin("slow: 1000 20")
        await wire.hear_until(lambda frame: "word3 " in json.dumps(frame))
        await wire.cancel()
        await wire.answer_to(prompt_id)
        await wire.prompt("say: still here")
    return wire.record


async def busy(server: Server) -> list[Json]:
    """A second prompt while the first one runs is refused, and the first goes on."""
    async with server.connection() as wire:
        await wire.new()
        prompt_id = await wire.begin("slow: 8 50")
        await wire.hear_until(lambda frame: "word1 " in json.dumps(frame))
        await wire.request(
            "session/prompt", {"sessionId": wire.session_id, "prompt": [{"type": "text", "text": "say: me too"}]}
        )
        await wire.answer_to(prompt_id)
    return wire.record


async def settings(server: Server) -> list[Json]:
    async with server.connection() as wire:
        await wire.new()
        await wire.set("mode", "approve")
        await wire.set("mode", "nonsense")
        await wire.set("model", "another model")
        await wire.prompt("say: in another mode")
    return wire.record


async def loaded(server: Server) -> list[Json]:
    """A conversation with one of everything, seen from a second connection. What was cut is not in it."""
    async with server.connection() as first:
        await first.new()
        for prompt in (
            "remember: the colour green",
            "think: hm, hm | yes",
            "shell: echo out; echo err >&2",
            "image: dot.png",
            "todo: - [ ] a",
        ):
            await first.prompt(prompt)
        await first.begin("slow: 1000 20")
        await first.hear_until(lambda frame: "word3 " in json.dumps(frame))
        await first.cancel()
        await first.answer_to(first.last_id)
    async with server.connection() as wire:
        await wire.load(first.session_id)
        await wire.prompt("recall")
    return wire.record


async def unknown_session(server: Server) -> list[Json]:
    async with server.connection() as wire:
        await wire.load("20260101_99")
    return wire.record


@dataclass(frozen=True)
class Scenario:
    """What to record, and the server to do it on."""

    act: Act
    mode: str = "auto"
    provider: bool = True


SCENARIOS: dict[str, Scenario] = {
    "text": Scenario(turns("say: Hello, I am goose.")),
    "two_turns": Scenario(turns("remember: the number 7", "recall")),
    "command": Scenario(turns("/status")),
    "thinking": Scenario(turns("think: Let me see, what is asked? | It is this.")),
    "markdown": Scenario(turns("markdown")),
    "shell": Scenario(turns("shell: for n in 1 2 3; do echo line $n; sleep 0.3; done; echo oops >&2")),
    "two_tools": Scenario(turns("two-shells: echo first; sleep 0.2 | echo second; sleep 0.2")),
    "steps": Scenario(turns("steps: echo one | echo two")),
    "write": Scenario(turns("write: new.txt | Hello\nfile\n")),
    "edit": Scenario(turns("edit: notes.txt | two | TWO")),
    "image": Scenario(turns("image: dot.png")),
    "todo": Scenario(turns("todo: - [x] look\n- [ ] leap")),
    "failing_tool": Scenario(turns("fail-tool")),
    "failing_shell": Scenario(turns("shell: echo so far so good; exit 3")),
    "unknown_tool": Scenario(turns("unknown-tool")),
    "permission_allowed": Scenario(asked("shell: echo allowed", "allow_once"), mode="approve"),
    "permission_rejected": Scenario(asked("shell: echo rejected", "reject_once"), mode="approve"),
    "permission_cancelled": Scenario(asked("shell: echo never", None), mode="approve"),
    "cancelled": Scenario(cancelled),
    "busy": Scenario(busy),
    "settings": Scenario(settings),
    "loaded": Scenario(loaded),
    "unknown_session": Scenario(unknown_session),
    "no_provider": Scenario(turns(), provider=False),
    "model_error": Scenario(turns("error")),
    "model_cut": Scenario(turns("cut: This is where it")),
}


# -- putting right what differs from run to run ----------------------------------------------------------------------

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SESSION = re.compile(r"\b20\d{6}_\d+\b")
_TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_MESSAGE = re.compile(r"\bscripted-\d+\b")
_CALL = re.compile(r"\bcall_\d+_")
_PORT = re.compile(r"127\.0\.0\.1:\d+")
_TOKENS = ("used", "totalTokens", "inputTokens")
_LISTS = ("options", "availableCommands")
_LONGEST_LIST = 6


class Normaliser:
    """Replaces ids by the order of their appearance in one record."""

    def __init__(self, paths: dict[str, str]) -> None:
        self._paths = paths
        self._names: dict[str, dict[str, str]] = {}
        self._counts: dict[int, int] = {}

    def record(self, record: list[Json]) -> list[Json]:
        return [{"dir": each["dir"], "frame": self._value(each["frame"])} for each in record]

    def _value(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._value(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [self._value(each) for each in self._cut(value, key)]
        if isinstance(value, str):
            return self._text(value)
        if key == "created":
            return 1767225600
        if key in _TOKENS and value:
            return self._counts.setdefault(value, 1000 + 100 * len(self._counts))
        return value

    @staticmethod
    def _cut(values: list[Any], key: str) -> list[Any]:
        return values[:3] if key in _LISTS and len(values) > _LONGEST_LIST else values

    def _text(self, text: str) -> str:
        for path, name in self._paths.items():
            text = text.replace(path, name)
        text = _UUID.sub(lambda found: self._name("uuid", found[0], "00000000-0000-4000-8000-{:012d}"), text)
        text = _SESSION.sub(lambda found: self._name("session", found[0], "20260101_{}"), text)
        text = _MESSAGE.sub(lambda found: self._name("message", found[0], "scripted-{}"), text)
        text = _CALL.sub(lambda found: self._name("call", found[0], "call_{}_"), text)
        text = _PORT.sub("127.0.0.1:8000", text)
        return _TIME.sub("2026-01-01T00:00:00Z", text)

    def _name(self, kind: str, value: str, form: str) -> str:
        names = self._names.setdefault(kind, {})
        return names.setdefault(value, form.format(len(names) + 1))


# -- the program -----------------------------------------------------------------------------------------------------


def record(name: str) -> list[Json]:
    """The frames of a scenario, put right."""
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        with server(folder, mode=scenario.mode, provider=scenario.provider) as running:
            frames = asyncio.run(scenario.act(running))  # type: ignore[arg-type]
        paths = {str(folder / "cwd"): CWD, str(folder / "root"): ROOT, str(folder): "/tmp/goose"}
        return Normaliser(paths).record(frames)


def main() -> None:
    parser = argparse.ArgumentParser(description="Record frames of the real goose into tests/fixtures/acp.")
    parser.add_argument("names", nargs="*", help="scenarios; every one if none is named")
    parser.add_argument("--list", action="store_true", help="list the scenarios and do nothing")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - SCENARIOS.keys()
    if arguments.list or unknown:
        print(*SCENARIOS, sep="\n")
        sys.exit(f"No such scenario: {', '.join(sorted(unknown))}" if unknown else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or SCENARIOS:
        lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in record(name)]
        (FOLDER / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(lines)} frames")


if __name__ == "__main__":
    main()
