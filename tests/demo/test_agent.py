from __future__ import annotations

import dataclasses

import pytest

from goose_widget.demo.agent import MODES, Turn, reply
from goose_widget.demo.commands import COMMANDS
from goose_widget.demo.steps import Call, Done, Drop, Fail, Output, Pause, Plan, Say, Show, Step, Think


def play(prompt: str, answer: str = "allow_once", **more: object) -> list[Step]:
    """All steps of a turn; what asks is answered with `answer`."""
    script = reply(dataclasses.replace(Turn(prompt, cwd="/home/ada"), **more))  # type: ignore[arg-type]
    steps, step = [], next(script, None)
    while step is not None:
        steps.append(step)
        try:
            step = script.send(answer if isinstance(step, Call) and step.asks else None)
        except StopIteration:
            break
    return steps


def text(steps: list[Step]) -> str:
    return "".join(step.text for step in steps if isinstance(step, Say))


def of(steps: list[Step], kind: type) -> list[Step]:
    return [step for step in steps if isinstance(step, kind)]


@pytest.mark.parametrize("prompt", ["hello", "Hi!", "", "  ", "How do I bake bread?", "/help", "/tour"])
def test_it_says_that_it_is_a_demo_and_no_model(prompt: str) -> None:
    said = text(play(prompt))
    assert "demo" in said
    assert "no model" in said


@pytest.mark.parametrize("prompt", [*(f"/{name}" for name in COMMANDS), "hello", "sales", "plot", "/nope"])
@pytest.mark.parametrize("mode", MODES)
def test_the_same_turn_gives_the_same_steps(prompt: str, mode: str) -> None:
    assert play(prompt, mode=mode) == play(prompt, mode=mode)


@pytest.mark.parametrize("prompt", [*(f"/{name}" for name in COMMANDS), "sales"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("answer", ["allow_once", "reject_once", "nonsense"])
def test_every_call_has_one_result_and_an_id_of_its_own(prompt: str, mode: str, answer: str) -> None:
    steps = play(prompt, answer, mode=mode)
    calls = [step.id for step in steps if isinstance(step, Call)]
    plans = [step.id for step in steps if isinstance(step, Plan)]
    assert [step.id for step in steps if isinstance(step, Done)] == calls
    assert len({*calls, *plans}) == len(calls) + len(plans)
    assert all(each.startswith("call_20260101_1_1_") for each in calls)


def test_help_lists_every_command() -> None:
    said = text(play("/help"))
    assert [name for name in COMMANDS if f"`/{name}`" not in said] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_works_as_a_plain_word(name: str) -> None:
    assert play(name.title() + ".") == play(f"/{name}")


def test_a_word_among_others_is_no_command() -> None:
    assert "I can't answer it" in text(play("plan a trip to Rome"))


def test_an_unknown_command_is_said_to_be_unknown() -> None:
    said = text(play("/nope"))
    assert "no command `/nope`" in said
    assert "`/help`" in said


def test_what_was_written_is_quoted_as_plain_text() -> None:
    assert "> What is \\*\\*this\\*\\* \\<b\\>?" in text(play("What is **this** <b>?"))
    assert len(text(play("word " * 10_000))) < 2000


def test_what_came_with_the_prompt_is_named() -> None:
    assert "a picture (image/png)" in text(play("Look", attached=("a picture (image/png)",)))


def test_the_tour_shows_one_of_everything() -> None:
    steps = play("/tour")
    assert {type(step) for step in steps} == {Say, Think, Show, Call, Output, Done, Plan, Pause}
    plans = [[entry["status"] for entry in step.entries] for step in steps if isinstance(step, Plan)]
    assert plans == [
        ["in_progress", "pending", "pending", "pending"],
        ["completed", "in_progress", "pending", "pending"],
        ["completed", "completed", "in_progress", "pending"],
        ["completed", "completed", "completed", "in_progress"],
        ["completed"] * 4,
    ]
    said = text(steps)
    assert all(part in said for part in ("```python", "|:---", "$\\bar{x}", "$$\n", "1. one thing"))


def test_a_reply_takes_one_to_three_seconds() -> None:
    for prompt in ("hello", "/markdown", "/table", "sales"):
        assert 1 <= sum(step.seconds for step in play(prompt) if isinstance(step, Pause)) <= 5


@pytest.mark.parametrize(
    ("mode", "asking"),
    [
        ("auto", set()),
        ("smart_approve", {"/ask", "/edit", "/tour"}),
        ("approve", {"/ask", "/edit", "/tour", "/tool", "/image", "/fail tool", "sales"}),
        ("chat", set()),
    ],
)
def test_the_mode_says_what_is_asked(mode: str, asking: set[str]) -> None:
    prompts = [*(f"/{name}" for name in COMMANDS), "/fail tool", "sales"]
    asked = {
        prompt for prompt in prompts if any(isinstance(step, Call) and step.asks for step in play(prompt, mode=mode))
    }
    assert asked == asking


@pytest.mark.parametrize("prompt", ["/tool", "/edit", "/ask", "/image", "/tour", "sales", "/fail tool"])
def test_the_mode_chat_has_no_tools_and_says_so(prompt: str) -> None:
    steps = play(prompt, mode="chat")
    assert of(steps, Call) == []
    assert "In the mode `chat` I call no tools" in text(steps)


@pytest.mark.parametrize(
    ("answer", "said", "runs"),
    [
        ("allow_once", "You allowed it once", True),
        ("allow_always", "You allowed it always", True),
        ("reject_once", "You said no", False),
        ("reject_always", "You never want it", False),
        ("no such option", "You said no", False),
    ],
)
@pytest.mark.parametrize("prompt", ["/ask", "/edit"])
def test_it_does_what_the_answer_says(prompt: str, answer: str, said: str, runs: bool) -> None:
    steps = play(prompt, answer)
    assert said in text(steps)
    (done,) = of(steps, Done)
    assert isinstance(done, Done)
    assert done.failed is not runs
    assert ("declined" in done.text) is not runs


def test_a_rule_is_kept_to_without_asking() -> None:
    allowed = play("/edit", rules={"edit": "allow_always"})
    assert [step.asks for step in allowed if isinstance(step, Call)] == [False]
    assert [step.failed for step in allowed if isinstance(step, Done)] == [False]
    rejected = play("/ask", rules={"shell": "reject_always"})
    assert "I do not ask again" in text(rejected)
    assert [step.failed for step in rejected if isinstance(step, Done)] == [True]


def test_in_auto_ask_says_why_nothing_is_asked() -> None:
    assert "In the mode `auto` nothing is asked" in text(play("/ask", mode="auto"))


def test_an_edit_shows_the_change() -> None:
    (done,) = of(play("/edit"), Done)
    assert isinstance(done, Done)
    assert done.diff is not None
    assert done.diff["path"] == "/home/ada/analysis.py"
    assert done.diff["old"] != done.diff["new"]


def test_sales_thinks_counts_and_answers() -> None:
    steps = play("How many rows are in sales.csv?")
    kinds = [type(step) for step in steps if not isinstance(step, Pause)]
    order = [kind for kind, before in zip(kinds, [None, *kinds], strict=False) if kind is not before]
    assert order == [Think, Call, Output, Done, Say]
    (call,) = of(steps, Call)
    assert isinstance(call, Call)
    assert call.input == {"command": "wc -l sales.csv"}
    assert "**365 rows**" in text(steps)
    assert "```python" in text(steps)


def test_a_plot_of_the_sales_has_a_picture() -> None:
    pictures = [step.picture for step in play("Plot the sales by month") if isinstance(step, Done)]
    assert [picture is not None for picture in pictures] == [False, True]


@pytest.mark.parametrize(
    ("prompt", "pieces"), [("/slow 3", 3), ("slow 3", 3), ("/slow", 20), ("/slow 0", 1), ("/slow ten", 20)]
)
def test_slow_takes_the_seconds_it_is_told(prompt: str, pieces: int) -> None:
    assert sum(step.seconds == 0.5 for step in play(prompt) if isinstance(step, Pause)) == 2 * pieces


@pytest.mark.parametrize(
    ("prompt", "lines"), [("/long 3", 3), ("/long", 200), ("/long 1001", 1001), ("/long 9999999", 5000)]
)
def test_long_has_the_lines_it_is_told(prompt: str, lines: int) -> None:
    said = text(play(prompt)).splitlines()
    assert len(said) == lines
    assert said[-1] == f"{lines}. This is line {lines} of {lines}."


def test_it_fails_on_request() -> None:
    assert isinstance(play("/fail")[-1], Fail)
    steps = play("/fail tool")
    assert [(step.failed, (step.raw or {})["exit_code"]) for step in steps if isinstance(step, Done)] == [(True, 2)]
    assert [step.stream for step in steps if isinstance(step, Output)] == ["stderr"]


def test_crash_drops_and_then_goes_on() -> None:
    steps = play("/crash")
    assert len(of(steps, Drop)) == 1
    assert "the server went on without you" in text(steps[steps.index(Drop()) :])


def test_it_remembers_what_was_written() -> None:
    assert "first message" in text(play("/remember"))
    said = text(play("/remember", earlier=("one", "two *stars*")))
    assert "You wrote 2 messages" in said
    assert "- one\n- two \\*stars\\*\n" in said
    assert "the last 10" in text(play("/remember", earlier=("word",) * 12))


def test_say_streams_what_it_is_told() -> None:
    assert text(play("/say # Title\n\n    code  two\n")) == "# Title\n\n    code  two"
