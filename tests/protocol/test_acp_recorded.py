"""The codec on what the real goose said (`support.record`): everything is understood, and ends where it should."""

from __future__ import annotations

import json
from typing import Any

import pytest

from goose_widget import events as ev
from goose_widget.protocol import Opened
from support import golden, replay
from support.replica import apply, problems

Json = dict[str, Any]


@pytest.mark.parametrize("scenario", replay.SCENARIOS)
def test_nothing_that_goose_says_is_a_riddle(scenario: str) -> None:
    raw = [event for event in replay.replay(scenario).log if isinstance(event, ev.Raw)]
    assert raw == []


@pytest.mark.parametrize("scenario", replay.SCENARIOS)
def test_what_we_send_is_what_the_recorder_sent(scenario: str) -> None:
    recorded = [line["frame"] for line in replay.record(scenario) if line["dir"] == "out"]
    assert replay.replay(scenario).sent == recorded


@pytest.mark.parametrize("scenario", replay.SCENARIOS)
def test_a_scenario_ends_as_in_its_golden_file(scenario: str) -> None:
    golden.check(replay.FOLDER / f"{scenario}.txt", replay.render(replay.replay(scenario)))


@pytest.mark.parametrize("scenario", replay.SCENARIOS)
def test_the_page_accepts_every_item_and_ends_with_the_same(scenario: str) -> None:
    done = replay.replay(scenario)
    items = done.items()
    assert [(item["id"], problems(item)) for item in items] == [(item["id"], []) for item in items]
    shown: list[Json] = []
    for changes in replay.changes_of([event] for event in ev.coalesce(done.log)):
        shown = apply(shown, changes)
    assert shown == items


@pytest.mark.parametrize("scenario", replay.SCENARIOS)
def test_every_turn_ends_once_and_last(scenario: str) -> None:
    log = replay.replay(scenario).log
    started = [event.prompt_id for event in log if isinstance(event, ev.TurnStarted)]
    ended = [event.prompt_id for event in log if isinstance(event, ev.TurnEnded) and event.prompt_id]
    assert sorted(started) == sorted(ended)
    if started and scenario != "busy":
        assert isinstance(log[-1], ev.TurnEnded)


# In "busy" a second prompt stands in the middle of a reply, which no session does.
@pytest.mark.parametrize("scenario", [each for each in replay.SCENARIOS if each != "busy"])
def test_every_text_that_goose_sends_is_in_an_item(scenario: str) -> None:
    items = json.dumps(replay.replay(scenario).items(), ensure_ascii=False)
    for message_id, text in texts_of(replay.heard(scenario)).items():
        assert json.dumps(text, ensure_ascii=False)[1:-1] in items, message_id


def texts_of(frames: list[Json]) -> dict[tuple[str, str], str]:
    """What goose streamed, joined by the identity of its stream."""
    texts: dict[tuple[str, str], str] = {}
    for frame in frames:
        update = frame.get("params", {}).get("update", {})
        kind, content = update.get("sessionUpdate", ""), update.get("content")
        if kind.endswith("_chunk"):
            key = (kind, update["messageId"])
            texts[key] = texts.get(key, "") + content["text"]
        elif kind == "tool_call_update":
            blocks = [each["content"] for each in content or []]
            texts |= {(update["toolCallId"], str(index)): block.get("text", "") for index, block in enumerate(blocks)}
            notification = update.get("_meta", {}).get("toolNotification")
            for chunk in notification["params"]["chunks"] if notification else ():
                key = (update["toolCallId"], "live")
                texts[key] = texts.get(key, "") + chunk["output"]
    return texts


def test_the_fixtures_hold_every_kind_of_update_that_goose_is_known_to_send() -> None:
    seen = {
        frame["params"]["update"]["sessionUpdate"]
        for scenario in replay.SCENARIOS
        for frame in replay.heard(scenario)
        if frame.get("method") == "session/update"
    }
    # `plan` and `current_mode_update` come from agents that goose wraps, which no offline test has.
    assert seen == {
        "agent_message_chunk",
        "agent_thought_chunk",
        "available_commands_update",
        "config_option_update",
        "session_info_update",
        "tool_call",
        "tool_call_update",
        "usage_update",
        "user_message_chunk",
    }


def test_a_load_replays_the_history_before_the_session_is_open() -> None:
    player = replay.Replay()
    for line in replay.record("loaded"):
        if line["dir"] == "out":
            player.act(line["frame"])
        elif any(isinstance(said, Opened) for said in player.hear(json.dumps(line["frame"]))):
            break
    users = [item["text"] for item in player.done.items() if item["kind"] == "user"]
    assert users[0] == "remember: the colour green"
    assert len(users) == 6


def test_no_fixture_names_a_machine_or_holds_a_key() -> None:
    for path in replay.FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "/tmp/" not in text.replace("/tmp/goose", "")
        assert "X-Secret-Key" not in text
        assert path.stat().st_size < 64_000, path.name
