from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from goose_widget.protocol import jsonrpc
from goose_widget.protocol.jsonrpc import Call, Error, Malformed, Result, decode
from support import strategies


def depth(value: Any) -> int:
    levels = 0
    level = [value]
    while level := [child for each in level if isinstance(each, dict | list) for child in children(each)]:
        levels += 1
    return levels


def children(value: Any) -> list[Any]:
    return list(value.values() if isinstance(value, dict) else value)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ('{"method":"m","params":{"a":1}}', Call("m", {"a": 1})),
        ('{"method":"m"}', Call("m", {})),
        ('{"method":"m","params":null}', Call("m", {})),
        ('{"method":"m","params":[1]}', Call("m", {"params": [1]})),
        ('{"method":"m","params":{},"id":7}', Call("m", {}, 7)),
        ('{"method":"m","params":{},"id":"seven"}', Call("m", {}, "seven")),
        ('{"method":"m","params":{},"id":0}', Call("m", {}, 0)),
        ('{"id":7,"result":{"a":1}}', Result(7, {"a": 1})),
        ('{"id":7,"result":null}', Result(7, None)),
        ('{"id":7,"result":{},"error":null}', Result(7, {})),
        ('{"id":7,"error":{"code":-32602,"message":"No"}}', Error(7, -32602, "No")),
        ('{"id":7,"error":{"code":1,"message":"No"},"result":null}', Error(7, 1, "No")),
        ('{"id":null,"error":{"code":-32700,"message":"What?"}}', Error(None, -32700, "What?")),
        ('{"error":{"code":-32700,"message":"What?"}}', Error(None, -32700, "What?")),
    ],
)
def test_a_message_is_decoded(frame: str, message: jsonrpc.Message) -> None:
    assert decode(frame) == message
    assert decode(frame.encode()) == message


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"message": "Invalid params", "data": "Invalid mode: x"}, "Invalid params: Invalid mode: x"),
        ({"message": "Internal error", "data": {"details": "it broke"}}, "Internal error: it broke"),
        ({"message": "Internal error", "data": {"message": "it broke"}}, "Internal error: it broke"),
        ({"message": "Internal error", "data": {"other": 1}}, 'Internal error: {"other": 1}'),
        ({"message": "Internal error", "data": {}}, "Internal error"),
        ({"message": None, "data": "it broke"}, "it broke"),
        ({"data": "it broke"}, "it broke"),
        ({"message": "Internal error", "data": None}, "Internal error"),
        ({}, ""),
    ],
)
def test_an_error_says_what_is_of_use_in_it(error: dict[str, Any], text: str) -> None:
    assert decode(json.dumps({"id": 1, "error": error})) == Error(1, jsonrpc.INTERNAL_ERROR, text)


@pytest.mark.parametrize("answer", [{}, {"error": None}, {"error": "it broke"}, {"error": ["it", "broke"]}])
def test_an_answer_of_the_wrong_shape_is_an_error_to_whoever_waits_for_it(answer: dict[str, Any]) -> None:
    message = decode(json.dumps({"jsonrpc": "2.0", "id": 3, **answer}))
    assert isinstance(message, Error)
    assert (message.id, message.code) == (3, jsonrpc.INTERNAL_ERROR)
    assert "neither" in message.message or "it" in message.message


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("hello", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('[{"method":"m"}]', "not a JSON object"),
        ("{}", "neither a call nor an answer"),
        ('{"method":5}', "neither a call nor an answer"),
        ('{"method":"m","id":true}', "neither a call nor an answer"),
        ('{"method":"m","id":null}', "neither a call nor an answer"),
        ('{"id":true,"result":{}}', "neither a call nor an answer"),
        ('{"id":[1],"result":{}}', "neither a call nor an answer"),
        ('{"result":{}}', "neither a call nor an answer"),
    ],
)
def test_what_is_no_message_is_malformed_and_keeps_its_frame(frame: str | bytes, reason: str) -> None:
    message = decode(frame)
    assert isinstance(message, Malformed)
    assert reason in message.reason
    assert message.frame == (frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))


def test_half_a_surrogate_pair_becomes_a_replacement_character_and_a_whole_one_stays() -> None:
    frame = r'{"method":"m","params":{"a\ud83d":["\ude00!", "\ud83d\ude00"]}}'
    assert decode(frame) == Call("m", {"a\ufffd": ["\ufffd!", "😀"]})
    assert decode(frame.replace("ud83d", "uD83D")) == Call("m", {"a\ufffd": ["\ufffd!", "😀"]})


def test_invalid_utf8_becomes_replacement_characters() -> None:
    assert decode(b'{"method":"m","params":{"a":"\xff"}}') == Call("m", {"a": "\ufffd"})


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_know_as_a_number_is_null(number: str) -> None:
    assert decode(f'{{"method":"m","params":{{"a":{number}}}}}') == Call("m", {"a": None})


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 5000, "-" + "9" * 5000, "1" + "0" * 400])
def test_a_number_that_no_browser_holds_is_kept_as_text(number: str) -> None:
    assert decode(f'{{"id":1,"result":{{"a":{number},"b":2}}}}') == Result(1, {"a": number, "b": 2})


@pytest.mark.parametrize("levels", [50, 400, 900])
@pytest.mark.parametrize("kind", ["list", "object"])
def test_what_is_nested_too_deeply_is_cut_there_and_the_rest_is_good(levels: int, kind: str) -> None:
    deep = "[" * levels + r'"\ud800"' + "]" * levels if kind == "list" else '{"a":' * levels + "1" + "}" * levels
    message = decode(f'{{"id":1,"result":{{"deep":{deep},"stopReason":"end_turn"}}}}')
    assert isinstance(message, Result)
    assert message.result["stopReason"] == "end_turn"
    assert depth(message.result) <= 102
    assert ("nested too deeply" in str(message.result)) == (levels > 100)


def test_nesting_without_end_is_malformed() -> None:
    assert isinstance(decode("[" * 100_000), Malformed)
    assert isinstance(decode('{"a":' * 100_000), Malformed)


def test_many_flat_brackets_are_no_depth() -> None:
    entries = [{"a": [n]} for n in range(1000)]
    assert decode(json.dumps({"id": 1, "result": entries})) == Result(1, entries)


@strategies.patient
@given(strategies.frames)
def test_decode_never_raises_and_what_it_gives_is_json(frame: str | bytes) -> None:
    message = decode(frame)
    match message:
        case Call(_, value) | Result(_, value):
            json.dumps(value, allow_nan=False).encode()
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        case Malformed(reason, _):
            assert reason


def test_frames_are_ascii_json_rpc_on_one_line() -> None:
    frames = [
        jsonrpc.request(1, "m", {"text": "a\nb \ud800 é"}),
        jsonrpc.notification("m", {}),
        jsonrpc.result("x", {"a": None}),
        jsonrpc.error(2, -32601, "no such method"),
    ]
    assert [json.loads(frame) for frame in frames] == [
        {"jsonrpc": "2.0", "id": 1, "method": "m", "params": {"text": "a\nb \ud800 é"}},
        {"jsonrpc": "2.0", "method": "m", "params": {}},
        {"jsonrpc": "2.0", "id": "x", "result": {"a": None}},
        {"jsonrpc": "2.0", "id": 2, "error": {"code": -32601, "message": "no such method"}},
    ]
    assert all(frame.isascii() and "\n" not in frame for frame in frames)


def test_what_we_encode_we_decode() -> None:
    assert decode(jsonrpc.request(1, "m", {"a": 1})) == Call("m", {"a": 1}, 1)
    assert decode(jsonrpc.notification("m", {})) == Call("m", {})
    assert decode(jsonrpc.result(1, [])) == Result(1, [])
    assert decode(jsonrpc.error(1, 5, "no")) == Error(1, 5, "no")
