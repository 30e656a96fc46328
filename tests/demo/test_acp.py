"""Both ends of a real socket, frame by frame. `Wire` holds every frame that the demo sends against the SDK's schema."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from demo.wire import Wire, connected, recorded, same
from goose_widget.demo import DemoServer
from goose_widget.demo.agent import MODES
from goose_widget.demo.commands import COMMANDS
from goose_widget.demo.requests import skipped
from support.poll import eventually

DEEP = "[" * 100_000
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"


@pytest.fixture
async def wire(server: DemoServer, tmp_path: Path) -> AsyncIterator[Wire]:
    """A connection with a session."""
    async with connected(server) as wire:
        await wire.open(tmp_path)
        yield wire


@pytest.fixture
async def slow(slow_server: DemoServer, tmp_path: Path) -> AsyncIterator[Wire]:
    """A connection with a session, to a server that takes its time."""
    async with connected(slow_server) as wire:
        await wire.open(tmp_path)
        yield wire


def is_text(update: dict[str, Any]) -> bool:
    return bool(update["sessionUpdate"] == "agent_message_chunk")


# Opening.


async def test_it_greets_as_goose_does(server: DemoServer) -> None:
    async with connected(server, greet=False) as wire:
        result = (await wire.request("initialize", protocolVersion=1, clientCapabilities={})).result
    goose = next(frame["result"] for frame in recorded("text") if "result" in frame)
    assert result["protocolVersion"] == 1
    assert result["agentInfo"]["name"] == "goose"
    assert "demo" in result["agentInfo"]["version"]
    mine, real = result["agentCapabilities"], goose["agentCapabilities"]
    assert {**mine, "_meta": None} == {**real, "_meta": None}


async def test_it_speaks_version_1_whatever_is_asked_for(server: DemoServer) -> None:
    async with connected(server, greet=False) as wire:
        assert (await wire.request("initialize", protocolVersion=7)).result["protocolVersion"] == 1


@pytest.mark.parametrize("method", ["session/new", "session/load", "session/list", "session/prompt", "nonsense"])
async def test_nothing_comes_before_initialize(server: DemoServer, tmp_path: Path, method: str) -> None:
    async with connected(server, greet=False) as wire:
        answer = await wire.request(method, cwd=str(tmp_path), mcpServers=[])
        assert answer.error == (-32600, "initialize must be the first request")
        await wire.request("initialize", protocolVersion=1)
        assert (await wire.request("session/list")).result == {"sessions": []}


async def test_a_new_session_has_modes_and_options(wire: Wire, tmp_path: Path) -> None:
    result = (await wire.request("session/new", cwd=str(tmp_path), mcpServers=[])).result
    assert re.fullmatch(r"20\d{6}_2", result["sessionId"])
    assert result["modes"]["currentModeId"] == "smart_approve"
    assert [mode["id"] for mode in result["modes"]["availableModes"]] == list(MODES)
    options = {option["id"]: option for option in result["configOptions"]}
    assert list(options) == ["provider", "mode", "model", "thinking_effort"]
    assert options["model"]["currentValue"] == "demo"
    for option in options.values():
        assert option["currentValue"] in [choice["value"] for choice in option["options"]]


async def test_commands_and_usage_follow_a_new_session(wire: Wire, tmp_path: Path) -> None:
    answer = await wire.request("session/new", cwd=str(tmp_path), mcpServers=[])
    first, second = await wire.next(), await wire.next()
    assert {first["params"]["sessionId"], second["params"]["sessionId"]} == {answer.result["sessionId"]}
    assert first["params"]["update"] == {"sessionUpdate": "usage_update", "used": 0, "size": 128000}
    assert [each["name"] for each in second["params"]["update"]["availableCommands"]] == list(COMMANDS)


@pytest.mark.parametrize("method", ["session/new", "session/load", "session/fork"])
@pytest.mark.parametrize(
    ("params", "data"),
    [
        ({"cwd": "relative", "mcpServers": []}, "cwd must be an absolute path"),
        ({"cwd": "/no/such/folder", "mcpServers": []}, "invalid directory path"),
        ({"cwd": "/"}, "missing field `mcpServers`"),
        ({"mcpServers": []}, "missing field `cwd`"),
        ({"cwd": 7, "mcpServers": []}, "`cwd` must be a string"),
        ({"cwd": "/", "mcpServers": {}}, "`mcpServers` must be a sequence"),
    ],
)
async def test_a_session_needs_a_folder(wire: Wire, method: str, params: dict[str, Any], data: str) -> None:
    given = params if method == "session/new" else {"sessionId": wire.session, **params}
    assert (await wire.request(method, **given)).error == (-32602, data)


# Refusals.


@pytest.mark.parametrize(
    "method", ["nope", "session/resume", "session/set_model", "fs/read_text_file", "_goose/unstable/session/nope"]
)
async def test_a_method_that_goose_has_not_is_not_found(wire: Wire, method: str) -> None:
    assert (await wire.request(method, sessionId=wire.session)).error == (-32601, None)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("session/load", {"cwd": "/", "mcpServers": []}),
        ("session/fork", {"cwd": "/", "mcpServers": []}),
        ("session/prompt", {"prompt": []}),
        ("session/set_mode", {"modeId": "auto"}),
        ("session/set_config_option", {"configId": "mode", "value": "auto"}),
        ("_goose/unstable/session/rename", {"title": "x"}),
        ("_goose/unstable/session/export", {}),
        ("_goose/unstable/session/steer", {"expectedRunId": "x", "prompt": []}),
    ],
)
async def test_an_unknown_session_is_not_found(wire: Wire, method: str, params: dict[str, Any]) -> None:
    answer = await wire.request(method, sessionId="20200101_1", **params)
    assert answer.error == (-32002, "Session not found: 20200101_1")


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ("nonsense", {"code": -32700, "message": "Parse error", "data": {"line": "nonsense"}}),
        (b"\xff", {"code": -32700, "message": "Parse error", "data": {"line": "\ufffd"}}),
        (DEEP, {"code": -32700, "message": "Parse error", "data": {"line": DEEP}}),
        ("[1]", {"code": -32600, "message": "Invalid request"}),
        ('{"jsonrpc":"2.0","id":5}', {"code": -32600, "message": "Invalid request"}),
        ('{"id":5,"method":"session/list"}', {"code": -32600, "message": "Invalid request"}),
        ('{"jsonrpc":"2.0","id":null,"method":"session/list"}', {"code": -32600, "message": "Invalid request"}),
    ],
)
async def test_what_is_no_json_rpc_is_refused_and_the_connection_stays(
    wire: Wire, frame: str | bytes, error: dict[str, Any]
) -> None:
    await wire.socket.send(frame)
    assert json.loads(await wire.socket.recv()) == {"jsonrpc": "2.0", "id": None, "error": error}
    assert (await wire.request("session/list")).result == {"sessions": []}


async def test_what_asks_for_no_answer_gets_none(wire: Wire) -> None:
    for frame in (
        '{"jsonrpc":"2.0","method":"nope/x","params":{}}',
        '{"jsonrpc":"2.0","method":"session/cancel","params":[]}',
        '{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":["x"]}}',
        '{"jsonrpc":"2.0","id":"permission_9","result":{}}',
        '{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"x"}}',
    ):
        await wire.socket.send(frame)
    assert (await wire.request("session/list")).result == {"sessions": []}


@pytest.mark.parametrize("params", [[], "x", 7])
async def test_parameters_are_an_object(wire: Wire, params: Any) -> None:
    await wire.send(id=50, method="session/list", params=params)
    assert (await wire.next())["error"]["data"] == "params must be an object"


@pytest.mark.parametrize(
    "prompt", ["x", None, [7], [{"type": "audio", "data": "QUJD", "mimeType": "audio/wav"}], [{"type": "text"}]]
)
async def test_a_prompt_is_a_list_of_content(wire: Wire, prompt: Any) -> None:
    answer = await wire.request("session/prompt", sessionId=wire.session, prompt=prompt)
    assert answer.error[0] == -32602
    assert (await wire.prompt("hello")).result["stopReason"] == "end_turn"


# Turns.


async def test_a_turn_is_framed_as_goose_does_it(wire: Wire) -> None:
    answer = await wire.prompt("How many rows are in sales.csv?")
    assert answer.kinds() == [
        "session_info_update",
        "agent_thought_chunk",
        "tool_call",
        "tool_call_update",
        "agent_message_chunk",
        "session_info_update",
        "usage_update",
    ]
    begun, titled, over = answer.of("session_info_update")
    assert begun["_meta"]["goose"]["activeRunId"] == f"run_{wire.session}_1"
    assert titled["title"] == "How many rows are"
    assert over["_meta"]["goose"] == {"activeRunId": None}
    assert answer.result["stopReason"] == "end_turn"
    usage = answer.result["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"]
    assert usage["outputTokens"] > 50
    assert answer.of("usage_update")[-1]["used"] == usage["totalTokens"]


async def test_text_and_thought_come_in_many_pieces_of_one_message(wire: Wire) -> None:
    answer = await wire.prompt("/think")
    for kind in ("agent_thought_chunk", "agent_message_chunk"):
        pieces = answer.of(kind)
        assert len(pieces) > 10
        assert {piece["messageId"] for piece in pieces} == {f"msg_{wire.session}_1_1"}


async def test_a_second_turn_has_other_ids_and_the_same_title(wire: Wire) -> None:
    first, second = await wire.prompt("/tool"), await wire.prompt("/tool")
    ids = [
        {update["toolCallId"] for update in answer.updates if "toolCallId" in update}
        | {update["messageId"] for update in answer.updates if "messageId" in update}
        for answer in (first, second)
    ]
    assert len(ids[0]) == len(ids[1]) == 3
    assert ids[0] & ids[1] == set()
    assert [update for update in second.of("session_info_update") if "title" in update] == []


async def test_a_tool_has_live_output_and_a_result(wire: Wire) -> None:
    answer = await wire.prompt("/tool")
    (call,) = answer.of("tool_call")
    assert (call["title"], call["kind"], call["rawInput"]) == ("shell · pytest -v", "execute", {"command": "pytest -v"})
    assert call["_meta"]["goose"]["toolCall"] == {"toolName": "shell", "extensionName": "developer"}
    *live, done = answer.of("tool_call_update")
    notes = [update["_meta"]["toolNotification"] for update in live]
    assert {note["type"] for note in notes} == {"live_output"}
    assert [note["params"]["sequence"] for note in notes] == [1, 2, 3, 4, 5, 6]
    output = "".join(chunk["output"] for note in notes for chunk in note["params"]["chunks"])
    assert done["rawOutput"] == {"stdout": output.rstrip(), "stderr": "", "exit_code": 0}
    assert (done["status"], done["content"][0]["content"]["text"]) == ("completed", output.rstrip())
    assert {update["toolCallId"] for update in [*live, done]} == {call["toolCallId"]}


async def test_a_failing_tool_fails_and_the_turn_goes_on(wire: Wire) -> None:
    answer = await wire.prompt("/fail tool")
    done = answer.of("tool_call_update")[-1]
    assert (done["status"], done["rawOutput"]["exit_code"]) == ("failed", 2)
    assert "the turn went on" in answer.text()


async def test_a_failing_turn_ends_with_goose_s_words(wire: Wire) -> None:
    answer = await wire.prompt("/fail")
    assert re.search(r"Ran into this error: Server error: .*\.\n\nPlease retry if", answer.text())
    assert answer.result == {"stopReason": "end_turn"}


async def test_a_picture_comes_in_a_message_and_in_a_result(wire: Wire) -> None:
    answer = await wire.prompt("/markdown")
    picture = answer.of("agent_message_chunk")[-1]["content"]
    assert (picture["type"], picture["mimeType"]) == ("image", "image/png")
    answer = await wire.prompt("/image")
    assert answer.of("tool_call_update")[-1]["content"][1]["content"] == picture


async def test_a_plan_moves_on(wire: Wire) -> None:
    plans = (await wire.prompt("/plan")).of("plan")
    assert [sum(entry["status"] == "completed" for entry in plan["entries"]) for plan in plans] == [0, 1, 2, 3, 4]


async def test_everything_that_the_tour_sends_fits_the_schema(wire: Wire) -> None:
    answer = await wire.prompt("/tour")
    assert set(answer.kinds()) == {
        "session_info_update",
        "agent_message_chunk",
        "agent_thought_chunk",
        "plan",
        "tool_call",
        "tool_call_update",
        "usage_update",
    }
    assert len(answer.questions) == 1


async def test_pictures_and_files_are_taken_with_a_prompt(wire: Wire, tmp_path: Path) -> None:
    prompt = [
        {"type": "text", "text": "Look at these"},
        {"type": "image", "data": PNG, "mimeType": "image/png"},
        {"type": "resource_link", "uri": "file:///a/b.csv", "name": "b.csv"},
        {"type": "resource", "resource": {"uri": "file:///a/c.txt", "text": "inside", "mimeType": "text/plain"}},
    ]
    answer = await wire.request("session/prompt", sessionId=wire.session, prompt=prompt)
    assert "a picture (image/png) and the file b.csv and the file c.txt" in answer.text()
    loaded = await wire.load(wire.session, tmp_path)
    contents = [update["content"] for update in loaded.of("user_message_chunk")]
    assert contents == [
        *prompt[:3],
        {"type": "text", "text": "--- Resource: file:///a/c.txt ---\ninside\n---\n"},
    ]


async def test_an_empty_prompt_is_greeted(wire: Wire) -> None:
    answer = await wire.request("session/prompt", sessionId=wire.session, prompt=[])
    assert "Hello!" in answer.text()


async def test_it_remembers_this_session_and_no_other(wire: Wire, tmp_path: Path) -> None:
    await wire.prompt("My name is Ada.")
    assert "My name is Ada." in (await wire.prompt("/remember")).text()
    await wire.open(tmp_path)
    assert "first message" in (await wire.prompt("/remember")).text()


# Permission.


async def test_it_asks_as_goose_does(wire: Wire) -> None:
    answer = await wire.prompt("/ask")
    (question,) = answer.questions
    asked = next(
        frame for frame in recorded("permission_allowed") if frame.get("method") == "session/request_permission"
    )
    assert question["params"]["options"] == asked["params"]["options"]
    mine, real = question["params"]["toolCall"], asked["params"]["toolCall"]
    assert mine.keys() == real.keys()
    assert mine["toolCallId"] == answer.of("tool_call")[0]["toolCallId"]
    assert mine["rawInput"] == {"command": "pip install seaborn"}


@pytest.mark.parametrize(
    ("option", "status", "said"),
    [
        ("allow_once", "completed", "You allowed it once"),
        ("allow_always", "completed", "You allowed it always"),
        ("reject_once", "failed", "You said no"),
        ("reject_always", "failed", "You never want it"),
        (None, "failed", "You said no"),
    ],
)
async def test_it_does_what_was_answered(wire: Wire, option: str | None, status: str, said: str) -> None:
    answer = await wire.prompt("/ask", option=option)
    assert answer.of("tool_call_update")[-1]["status"] == status
    assert said in answer.text()


async def test_a_client_that_can_t_be_asked_says_no(wire: Wire) -> None:
    prompt = await wire.say_prompt("/ask")
    while "id" not in (question := await wire.next()):
        pass
    await wire.send(id=question["id"], error={"code": -32601, "message": "Method not found"})
    assert "You said no" in (await wire.until(prompt)).text()


async def test_always_holds_for_the_session_until_the_mode_is_chosen(wire: Wire, tmp_path: Path) -> None:
    first = wire.session
    assert len((await wire.prompt("/ask", option="allow_always")).questions) == 1
    assert len((await wire.prompt("/ask")).questions) == 0
    assert len((await wire.prompt("/edit")).questions) == 1
    await wire.open(tmp_path)
    assert len((await wire.prompt("/ask")).questions) == 1
    await wire.request("session/set_mode", sessionId=first, modeId="smart_approve")
    wire.session = first
    assert len((await wire.prompt("/ask")).questions) == 1


async def test_an_edit_shows_the_change_in_the_session_s_folder(wire: Wire, tmp_path: Path) -> None:
    done = (await wire.prompt("/edit")).of("tool_call_update")[-1]
    assert done["content"][-1]["type"] == "diff"
    assert done["content"][-1]["path"] == str(tmp_path / "analysis.py")
    assert done["locations"] == [{"path": str(tmp_path / "analysis.py"), "line": 3}]
    assert not (tmp_path / "analysis.py").exists()


# Settings.


async def test_the_mode_is_chosen_and_kept(wire: Wire, tmp_path: Path) -> None:
    answer = await wire.request("session/set_mode", sessionId=wire.session, modeId="auto")
    assert answer.result == {}
    assert answer.updates == [{"sessionUpdate": "current_mode_update", "currentModeId": "auto"}]
    assert (await wire.prompt("/ask")).questions == []
    assert (await wire.load(wire.session, tmp_path)).result["modes"]["currentModeId"] == "auto"


@pytest.mark.parametrize(
    ("option", "value"), [("mode", "chat"), ("model", "demo-instant"), ("model", "another model"), ("provider", "demo")]
)
async def test_an_option_is_chosen(wire: Wire, tmp_path: Path, option: str, value: str) -> None:
    answer = await wire.request("session/set_config_option", sessionId=wire.session, configId=option, value=value)
    assert answer.updates == [{"sessionUpdate": "config_option_update", **answer.result}]
    loaded = await wire.load(wire.session, tmp_path)
    for options in (answer.result["configOptions"], loaded.result["configOptions"]):
        (found,) = (each for each in options if each["id"] == option)
        assert found["currentValue"] == value
        assert value in [choice["value"] for choice in found["options"]]


@pytest.mark.parametrize(
    ("option", "value", "data"),
    [
        ("mode", "nonsense", "Invalid mode: nonsense"),
        ("provider", "openai", "Invalid provider: openai"),
        ("thinking_effort", "demo", "Invalid thinking_effort: demo"),
        ("nope", "x", "Unsupported config option: nope"),
        ("model", "", "Unsupported config option: model"),
    ],
)
async def test_an_option_that_is_none_is_refused(wire: Wire, option: str, value: str, data: str) -> None:
    answer = await wire.request("session/set_config_option", sessionId=wire.session, configId=option, value=value)
    assert answer.error == (-32602, data)


async def test_a_mode_that_is_none_is_refused(wire: Wire) -> None:
    answer = await wire.request("session/set_mode", sessionId=wire.session, modeId="nonsense")
    assert answer.error == (-32602, "Invalid mode: nonsense")


async def test_the_instant_model_takes_no_time(slow: Wire) -> None:
    await slow.request("session/set_config_option", sessionId=slow.session, configId="model", value="demo-instant")
    assert "you did not stop me" in (await slow.prompt("/slow 3000")).text()


# Stopping.


async def test_a_cancelled_turn_answers_and_keeps_the_prompt_only(slow: Wire, tmp_path: Path) -> None:
    prompt = await slow.say_prompt("/slow 600")
    await slow.until_update(is_text)
    await slow.send(method="session/cancel", params={"sessionId": slow.session})
    assert (await slow.until(prompt)).result == {"stopReason": "cancelled"}
    loaded = await slow.load(slow.session, tmp_path)
    assert loaded.kinds() == ["user_message_chunk"]
    assert (await slow.prompt("/say on")).text() == "on"


async def test_a_turn_can_be_cancelled_before_it_began(slow: Wire) -> None:
    prompt = await slow.say_prompt("/slow 600")
    await slow.send(method="session/cancel", params={"sessionId": slow.session})
    assert (await slow.until(prompt)).result == {"stopReason": "cancelled"}


async def test_a_turn_that_waits_for_an_answer_can_be_cancelled(slow: Wire) -> None:
    await slow.request("session/set_config_option", sessionId=slow.session, configId="model", value="demo-instant")
    prompt = await slow.say_prompt("/ask")
    while "id" not in (question := await slow.next()):
        pass
    await slow.send(method="session/cancel", params={"sessionId": slow.session})
    await slow.answer(question["id"], None)
    assert (await slow.until(prompt)).result == {"stopReason": "cancelled"}
    assert (await slow.prompt("/say on")).text() == "on"


async def test_to_cancel_nothing_does_nothing(wire: Wire) -> None:
    await wire.send(method="session/cancel", params={"sessionId": wire.session})
    await wire.send(method="session/cancel", params={"sessionId": "20200101_1"})
    assert (await wire.prompt("/say on")).text() == "on"


async def test_a_second_prompt_is_refused_while_one_runs(slow: Wire) -> None:
    prompt = await slow.say_prompt("/slow 600")
    await slow.until_update(is_text)
    second = await slow.say_prompt("me too")
    while (frame := await slow.next()).get("id") != second:
        pass
    assert frame["error"] == {
        "code": -32602,
        "message": "Invalid params",
        "data": f"session already has active run `run_{slow.session}_1`; use _goose/unstable/session/steer",
    }
    await slow.send(method="session/cancel", params={"sessionId": slow.session})
    assert (await slow.until(prompt)).result == {"stopReason": "cancelled"}


async def test_two_sessions_of_a_connection_run_at_once(slow: Wire, tmp_path: Path) -> None:
    first, running = slow.session, await slow.say_prompt("/slow 600")
    await slow.until_update(is_text)
    await slow.request("session/new", cwd=str(tmp_path), mcpServers=[])
    await slow.send(method="session/cancel", params={"sessionId": first})
    assert (await slow.until(running)).result == {"stopReason": "cancelled"}


async def test_a_connection_that_breaks_ends_its_turn_and_keeps_the_prompt_only(
    slow_server: DemoServer, slow: Wire, tmp_path: Path
) -> None:
    await slow.say_prompt("/slow 600")
    await slow.until_update(is_text)
    slow.socket.transport.abort()
    await slow.socket.wait_closed()
    async with connected(slow_server) as again:
        loaded = await again.load(slow.session, tmp_path)
        assert [update["content"]["text"] for update in loaded.updates] == ["/slow 600"]
        answers: list[Any] = []

        async def is_free() -> bool:
            answers.append(await again.prompt("/say on"))
            return "result" in answers[-1].frame

        while not await is_free():  # the server may hear of the end a little later
            pass
        assert answers[-1].text() == "on"


async def test_a_client_that_leaves_in_the_middle_of_a_load_is_no_error(
    server: DemoServer, wire: Wire, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    picture = {"type": "image", "data": "A" * 2**20, "mimeType": "image/png"}
    await wire.request("session/prompt", sessionId=wire.session, prompt=[picture] * 30)
    async with connected(server) as leaving:
        await leaving.say("session/load", sessionId=wire.session, cwd=str(tmp_path), mcpServers=[])
        await leaving.next()
        leaving.socket.transport.abort()
    await server.stop()
    assert [record.message for record in caplog.records if record.levelname in ("ERROR", "WARNING")] == []


async def test_crash_breaks_the_connection(server: DemoServer, wire: Wire, tmp_path: Path) -> None:
    await wire.say_prompt("/crash")
    with pytest.raises(ConnectionClosed) as closed:
        await wire.until_update(lambda _: False)
    assert closed.value.rcvd is None  # no goodbye
    async with connected(server) as again:
        loaded = await again.load(wire.session, tmp_path)
        assert [update["content"]["text"] for update in loaded.updates] == ["/crash"]
        assert (await again.prompt("hello")).result["stopReason"] == "end_turn"


async def test_a_server_that_stops_closes_its_connections(slow_server: DemoServer, slow: Wire) -> None:
    await slow.say_prompt("/slow 600")
    await slow.until_update(is_text)
    await slow_server.stop()
    with pytest.raises(ConnectionClosed):
        await slow.until_update(lambda _: False)
    assert slow_server.port == 0


# Histories.


async def test_a_loaded_session_tells_what_was_said(server: DemoServer, wire: Wire, tmp_path: Path) -> None:
    live = await wire.prompt("/tour")
    async with connected(server) as other:
        loaded = await other.load(wire.session, tmp_path)
    assert loaded.text("user_message_chunk") == "/tour"
    assert loaded.text() == live.text()
    assert loaded.text("agent_thought_chunk") == live.text("agent_thought_chunk")
    for kind in ("plan", "tool_call"):
        assert [_timeless(update) for update in loaded.of(kind)] == [_timeless(update) for update in live.of(kind)]
    results = [update for update in live.of("tool_call_update") if update["status"] != "in_progress"]
    assert [_timeless(update) for update in loaded.of("tool_call_update")] == [_timeless(each) for each in results]
    said = {update["messageId"] for update in live.updates if "messageId" in update}
    assert {update["messageId"] for update in loaded.updates if "messageId" in update} >= said


def _timeless(update: dict[str, Any]) -> dict[str, Any]:
    return json.loads(re.sub(r'"created": \d+', '"created": 0', json.dumps(update)))  # type: ignore[no-any-return]


async def test_a_message_is_replayed_in_one_piece(wire: Wire, tmp_path: Path) -> None:
    await wire.prompt("/table")
    loaded = await wire.load(wire.session, tmp_path)
    assert [update["sessionUpdate"] for update in loaded.updates] == ["user_message_chunk", "agent_message_chunk"]


async def test_sessions_outlive_the_server(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        first = DemoServer(tmp_path / "sessions", pace=0)
        await first.start()
        async with connected(first) as wire:
            session_id = await wire.open(tmp_path)
            await wire.prompt("My name is Ada.")
        await first.stop()
        second = DemoServer(tmp_path / "sessions", pace=0)
        await second.start()
        stack.push_async_callback(second.stop)
        wire = await stack.enter_async_context(connected(second))
        assert (await wire.load(session_id, tmp_path)).text("user_message_chunk") == "My name is Ada."
        assert "My name is Ada." in (await wire.prompt("/remember")).text()
        assert await wire.open(tmp_path) != session_id


@pytest.mark.parametrize(
    ("tail", "left_out"),
    [(None, 0), (0, 0), (1, 4), (2, 4), (3, 0), (6, 0), (99, 0), (-1, 0), (True, 0), ("2", 0)],
)
def test_a_tail_begins_with_a_prompt(tail: Any, left_out: int) -> None:
    assert skipped(["user", "agent", "tool", "agent", "user", "agent"], tail) == left_out


async def test_a_tail_is_all_that_is_replayed(wire: Wire, tmp_path: Path) -> None:
    await wire.prompt("/say one")
    await wire.prompt("/say two")
    loaded = await wire.load(wire.session, tmp_path, replayTail=1)
    assert (loaded.text("user_message_chunk"), loaded.text()) == ("/say two", "two")
    assert loaded.result["_meta"] == {"workingDir": str(tmp_path), "replaySkipped": 2}
    loaded = await wire.load(wire.session, tmp_path, replayTail=100)
    assert loaded.text() == "onetwo"
    assert "replaySkipped" not in loaded.result["_meta"]


async def test_a_connection_knows_no_session_that_it_has_not_loaded(
    server: DemoServer, wire: Wire, tmp_path: Path
) -> None:
    await wire.prompt("hello")
    async with connected(server) as other:
        other.session = wire.session
        assert (await other.prompt("hello")).error == (-32002, f"Session not found: {wire.session}")
        await other.load(wire.session, tmp_path)
        assert (await other.prompt("hello")).result["stopReason"] == "end_turn"


async def test_the_list_has_the_sessions_that_hold_something(wire: Wire, tmp_path: Path) -> None:
    await wire.prompt("What is in here?")
    full = wire.session
    await wire.open(tmp_path)
    (listed,) = (await wire.request("session/list")).result["sessions"]
    assert (listed["sessionId"], listed["cwd"], listed["title"]) == (full, str(tmp_path), "What is in here?")
    assert listed["_meta"]["messageCount"] == 2
    assert (await wire.request("session/list", cwd="/elsewhere")).result == {"sessions": []}
    assert len((await wire.request("session/list", cwd=str(tmp_path))).result["sessions"]) == 1


async def test_a_deleted_session_is_gone_and_its_id_comes_back(wire: Wire, tmp_path: Path) -> None:
    await wire.prompt("hello")
    assert (await wire.request("session/delete", sessionId=wire.session)).result == {}
    assert (await wire.prompt("hello")).error[0] == -32002
    assert (await wire.load(wire.session, tmp_path)).error[0] == -32002
    assert (await wire.request("session/delete", sessionId=wire.session)).error == (-32603, "Session not found")
    deleted = wire.session
    assert await wire.open(tmp_path) == deleted
    assert "first message" in (await wire.prompt("/remember")).text()


async def test_a_closed_session_has_to_be_loaded_again(wire: Wire, tmp_path: Path) -> None:
    assert (await wire.request("session/close", sessionId=wire.session)).result == {}
    assert (await wire.prompt("hello")).error[0] == -32002
    await wire.load(wire.session, tmp_path)
    assert (await wire.prompt("hello")).result["stopReason"] == "end_turn"
    assert (await wire.request("session/close", sessionId="20200101_1")).result == {}


async def test_to_close_a_session_ends_its_turn(slow: Wire) -> None:
    prompt = await slow.say_prompt("/slow 600")
    await slow.until_update(is_text)
    closed = await slow.say("session/close", sessionId=slow.session)
    ends = {}
    while len(ends) < 2:
        frame = await slow.next()
        if "result" in frame:
            ends[frame["id"]] = frame["result"]
    assert ends == {prompt: {"stopReason": "cancelled"}, closed: {}}


async def test_a_fork_goes_its_own_way(wire: Wire, tmp_path: Path) -> None:
    await wire.prompt("My name is Ada.")
    original = wire.session
    answer = await wire.request("session/fork", sessionId=original, cwd=str(tmp_path), mcpServers=[])
    await wire.until_update(lambda update: update["sessionUpdate"] == "available_commands_update")
    wire.session = answer.result["sessionId"]
    assert wire.session != original
    assert "My name is Ada." in (await wire.prompt("/remember")).text()
    titles = {each["sessionId"]: each["title"] for each in (await wire.request("session/list")).result["sessions"]}
    assert titles == {original: "My name is Ada.", wire.session: "My name is Ada. (copy)"}
    assert (await wire.load(original, tmp_path)).text("user_message_chunk") == "My name is Ada."


async def test_a_session_is_renamed(wire: Wire) -> None:
    await wire.prompt("hello")
    assert (await wire.request("_goose/unstable/session/rename", sessionId=wire.session, title="Mine")).result == {}
    (listed,) = (await wire.request("session/list")).result["sessions"]
    assert (listed["title"], listed["_meta"]["userSetName"]) == ("Mine", True)


async def test_an_exported_session_is_imported_with_its_memory(wire: Wire, tmp_path: Path) -> None:
    await wire.prompt("My name is Ada.")
    await wire.prompt("/tool")
    data = (await wire.request("_goose/unstable/session/export", sessionId=wire.session)).result["data"]
    original = await wire.load(wire.session, tmp_path)
    result = (await wire.request("_goose/unstable/session/import", input=data, source="json")).result
    assert result["sessionId"] != wire.session
    assert result["title"] == "My name is Ada."
    loaded = await wire.load(result["sessionId"], tmp_path)
    for kind in ("user_message_chunk", "agent_message_chunk"):
        assert loaded.text(kind) == original.text(kind)
    assert "My name is Ada." in (await wire.prompt("/remember")).text()


async def test_what_the_protocol_s_page_gives_as_an_import_is_imported(wire: Wire, tmp_path: Path) -> None:
    def message(role: str, text: str) -> dict[str, Any]:
        metadata = {"userVisible": True, "agentVisible": True}
        return {"role": role, "created": 5, "content": [{"type": "text", "text": text}], "metadata": metadata}

    session = {
        "id": "20250101_1",
        "working_dir": str(tmp_path),
        "name": "Old",
        "created_at": "2025-01-01T00:00:00Z",
        "updated_at": "2025-01-01T00:00:00Z",
        "extension_data": {},
        "message_count": 2,
        "conversation": [message("user", "Hello?"), message("assistant", "Hello!")],
    }
    result = (await wire.request("_goose/unstable/session/import", input=json.dumps(session), source="json")).result
    loaded = await wire.load(result["sessionId"], tmp_path)
    assert (loaded.text("user_message_chunk"), loaded.text()) == ("Hello?", "Hello!")


@pytest.mark.parametrize("given", ["", "[]", "{}", '{"conversation": [{}], "working_dir": "/"}', '{"conversation": 7}'])
async def test_an_import_that_is_none_is_refused(wire: Wire, given: str) -> None:
    answer = await wire.request("_goose/unstable/session/import", input=given, source="json")
    assert answer.error[0] == -32602
    assert (await wire.request("session/list")).result == {"sessions": []}


STEER = "_goose/unstable/session/steer"


async def test_a_turn_that_runs_can_be_steered_and_takes_it_up_once(slow: Wire, tmp_path: Path) -> None:
    prompt = await slow.say_prompt("/slow 2")
    run = (await slow.until_update(lambda update: "_meta" in update))["_meta"]["goose"]["activeRunId"]
    block = {"type": "text", "text": "more"}
    params = {"sessionId": slow.session, "prompt": [block]}
    wrong = await slow.say(STEER, expectedRunId="x", **params)
    right = await slow.say(STEER, expectedRunId=run, **params)
    answers: dict[int, Any] = {}
    told: list[dict[str, Any]] = []
    while prompt not in answers:
        frame = await slow.next()
        if "method" not in frame:
            answers[frame["id"]] = frame.get("result", frame.get("error"))
        elif frame["params"]["update"]["sessionUpdate"] == "user_message_chunk":
            told.append(frame["params"]["update"])
    assert answers[wrong]["data"] == f"expected active run id `x` but found `{run}`"
    assert [(each["content"], each["messageId"]) for each in told] == [(block, answers[right]["messageId"])]
    assert told[0]["_meta"]["goose"]["steer"] is True
    loaded = await slow.load(slow.session, tmp_path)
    assert loaded.text("user_message_chunk") == "/slow 2more"


async def test_nothing_can_be_steered_while_no_turn_runs(slow: Wire) -> None:
    params = {"sessionId": slow.session, "expectedRunId": "x", "prompt": []}
    assert (await slow.request(STEER, **params)).error == (-32602, "no active run to steer")


async def test_a_folder_that_can_t_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server = DemoServer(tmp_path / "file" / "sessions")
    await server.start()
    try:
        async with connected(server) as wire:
            code, data = (await wire.request("session/new", cwd=str(tmp_path), mcpServers=[])).error
            assert code == -32603
            assert "can't save sessions" in data
            assert "Not a directory" in data
    finally:
        await server.stop()


async def test_a_turn_is_saved_before_it_is_answered(server: DemoServer, wire: Wire, tmp_path: Path) -> None:
    prompt = await wire.say_prompt("/say one")
    await eventually(lambda: any("one" in path.read_text() for path in (tmp_path / "sessions").glob("*.json")))
    assert (await wire.until(prompt)).text() == "one"


def test_the_check_of_the_schema_would_fail() -> None:
    from acp import schema

    with pytest.raises(ValueError, match="stopReason"):
        same(schema.PromptResponse, {})
    with pytest.raises(AssertionError):
        same(schema.PromptResponse, {"stopReason": "end_turn", "invented": 1})
