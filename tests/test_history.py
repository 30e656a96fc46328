"""Reconciling what a server replays with what we have."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goose_widget import events as ev
from goose_widget.events import Event
from goose_widget.history import OtherConversation, TooShort, is_lost, missing
from goose_widget.transcript import Transcript, reduce
from support import replay, strategies

Log = list[Event]

LOST = ev.TurnEnded("", "interrupted", {}, "The connection dropped.")
END = ev.TurnEnded("", "end_turn")


def user(text: str) -> ev.UserMessage:
    return ev.UserMessage(text)


def tool(call_id: str, status: str | None = "completed", title: str = "shell · ls") -> Log:
    """A tool call as a server replays it."""
    call: Log = [ev.ToolCall(call_id, starts=True, title=title, input={"command": "ls"})]
    return call if status is None else [*call, ev.ToolCall(call_id, status=status, result={"exit_code": 0})]


def transcript_of(log: Iterable[Event]) -> Transcript:
    transcript = Transcript()
    for seq, event in enumerate(log, 1):
        reduce(transcript, event, seq=seq, time=1.0)
    return transcript


def reconcile(ours: Log, theirs: Log) -> Log:
    """What is missing. Having it, nothing is missing any more."""
    new = missing(transcript_of(ours), theirs)
    together = [*ours, *new, END] if new else ours
    assert missing(transcript_of(together), theirs) == []
    return new


def said(log: Iterable[Event]) -> list[tuple[str, str]]:
    """Who said what, pieces of the same kind joined; what the connection did to it left out."""
    result: list[tuple[str, str]] = []
    for item in transcript_of(log):
        text = item["title"] if item["kind"] == "tool" else item.get("text", "")
        if item["kind"] == "notice":
            continue
        if result and result[-1][0] == item["kind"] != "tool":
            text = result.pop()[1] + text
        result.append((item["kind"], text))
    return result


A = [user("a"), ev.Text("Reply to a.", "m1")]
B = [user("b"), ev.Thought("Hm.", "m2"), *tool("c1"), ev.Text("Reply to b.", "m3")]
C = [user("c"), ev.Text("Reply to c.", "m4")]


# -- the same conversation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log", [[], A, A + B, A + B + C], ids=["nothing", "a", "ab", "abc"])
def test_nothing_is_missing_from_an_equal_history(log: Log) -> None:
    assert reconcile([*log, END] if log else [], log) == []


def test_everything_is_missing_from_an_empty_transcript() -> None:
    assert reconcile([], A + B) == A + B


def test_turns_from_elsewhere_are_added() -> None:
    assert reconcile([*A, END], A + B + C) == B + C


def test_a_reply_that_goose_forgot_stays_and_nothing_is_added() -> None:
    ours = [*A, user("b"), ev.Text("Half a rep", "m9"), LOST]
    assert reconcile(ours, [*A, user("b")]) == []


def test_turns_from_elsewhere_after_a_forgotten_reply_are_added() -> None:
    ours = [*A, user("b"), ev.Text("Half a rep", "m9"), LOST]
    assert reconcile(ours, [*A, user("b"), *C]) == C


@pytest.mark.parametrize("message_id", ["m3", None])
@pytest.mark.parametrize("cut", range(len("Reply to b.") + 1))
def test_the_rest_of_a_reply_that_was_lost_on_the_way_is_added(message_id: str | None, cut: int) -> None:
    whole = "Reply to b."
    theirs = [*A, user("b"), ev.Text(whole, message_id)]
    ours = [*A, user("b"), *([ev.Text(whole[:cut], message_id)] if cut else []), LOST]
    new = reconcile(ours, theirs)
    assert new == ([ev.Text(whole[cut:], message_id)] if cut < len(whole) else [])
    assert said([*ours, *new]) == said(theirs)


@pytest.mark.parametrize("seen", range(len(B) + 1))
def test_the_rest_of_a_turn_is_added_wherever_it_was_cut(seen: int) -> None:
    ours = [*A, *B[:seen], LOST]
    new = reconcile(ours, A + B + C)
    assert said([*ours, *new]) == said(A + B + C)


def test_the_result_of_a_tool_that_was_cut_off_completes_its_card() -> None:
    ours = [user("b"), ev.ToolCall("c1", starts=True, title="shell · ls", status="in_progress"), LOST]
    new = reconcile(ours, [user("b"), *tool("c1", "failed")])
    (card,) = [item for item in transcript_of([*ours, *new]) if item["kind"] == "tool"]
    assert (card["status"], card["result"]) == ("failed", {"exit_code": 0})


def test_a_tool_that_never_ended_stays_as_it_was_seen() -> None:
    ours = [user("b"), *tool("c1", None), ev.TurnEnded("", "cancelled")]
    theirs = [user("b"), *tool("c1", None)]
    assert reconcile(ours, theirs) == []
    pending = [*theirs, ev.ToolCall("c1", status="pending")]
    assert reconcile(ours, pending) == []


def test_a_tool_that_was_seen_is_not_added_again() -> None:
    live = [*tool("c1"), ev.LiveOutput("c1", "out")]
    assert reconcile([user("b"), *live, END], [user("b"), *tool("c1"), ev.LiveOutput("c1", "out")]) == []


def test_a_tool_of_an_earlier_turn_with_the_same_id_is_another() -> None:
    ours = [user("a"), *tool("call_0", title="first"), END]
    later = [user("b"), *tool("call_0", title="second")]
    new = reconcile(ours, [user("a"), *tool("call_0", title="first"), *later])
    assert new == later
    titles = [item["title"] for item in transcript_of([*ours, *new]) if item["kind"] == "tool"]
    assert titles == ["first", "second"]


def test_an_image_and_a_plan_are_added_once() -> None:
    image = ev.Content({"type": "image", "mime": "image/png", "data": "AA"}, "m1")
    plan = ev.Plan(({"content": "x", "status": "pending", "priority": "low"},))
    theirs = [user("a"), plan, image]
    assert reconcile([user("a"), LOST], theirs) == [plan, image]
    assert reconcile([*theirs, END], theirs) == []


def test_a_prompt_of_several_blocks_is_one_prompt() -> None:
    block = {"type": "image", "mime": "image/png", "data": "AA"}
    theirs = [user("look"), ev.UserMessage("", None, (block,), more=True), ev.Text("I see.", "m1")]
    assert reconcile([], theirs) == [ev.UserMessage("look", None, (block,)), ev.Text("I see.", "m1")]
    assert reconcile([ev.UserMessage("look", "p", (block,)), ev.Text("I see.", "m1"), END], theirs) == []


def test_a_reply_before_any_prompt_is_added_once() -> None:
    assert reconcile([], [ev.Text("Welcome.", "m0"), *A]) == [ev.Text("Welcome.", "m0"), *A]
    assert reconcile([ev.Text("Welcome.", "m0"), END], [ev.Text("Welcome.", "m0"), *A]) == A


def test_facts_of_a_replay_do_no_harm() -> None:
    assert reconcile([*A, END], [ev.Mode("auto"), *A]) == []


# -- prompts that only one side has ------------------------------------------------------------------------------------


def unsure(text: str, prompt_id: str) -> Log:
    """A prompt of ours that was being sent when the connection dropped."""
    return [ev.UserMessage(text, prompt_id), ev.TurnStarted(prompt_id), ev.TurnEnded(prompt_id, "unsure", {}, "Gone.")]


def refused(text: str, prompt_id: str) -> Log:
    return [ev.UserMessage(text, prompt_id), ev.TurnStarted(prompt_id), ev.TurnEnded(prompt_id, "failed", {}, "No.")]


def test_a_prompt_that_never_arrived_does_not_repeat_the_reply_before_it() -> None:
    ours = [*A, END, *unsure("b", "p2")]
    assert reconcile(ours, A) == []
    assert reconcile(ours, A + C) == C


def test_a_prompt_that_did_arrive_gets_its_reply() -> None:
    ours = [*A, END, *unsure("b", "p2")]
    assert reconcile(ours, A + B) == B[1:]


def test_a_first_prompt_that_never_arrived_is_no_other_conversation() -> None:
    assert reconcile(unsure("a", "p1"), []) == []


def test_a_prompt_that_the_server_refused_is_not_looked_for() -> None:
    ours = [*A, END, *refused("b", "p2")]
    assert reconcile(ours, A) == []
    assert reconcile(ours, A + C) == C
    assert reconcile(refused("b", "p2"), A) == A
    # The same text again, this time accepted.
    assert reconcile([*ours, *B, END], A + B) == []


def test_a_prompt_in_the_middle_that_never_arrived_is_passed_over() -> None:
    assert reconcile([*A, END, *unsure("lost", "p2"), *C, END], A + C + B) == B


def test_the_same_prompt_again_is_another_turn() -> None:
    again = [user("a"), ev.Text("Reply to a, again.", "m5")]
    assert reconcile([*A, END], [*A, *again]) == again
    assert reconcile([*A, END, *again, END], [*A, *again]) == []
    assert reconcile([*A, END, user("a"), LOST], [*A, *again]) == again[1:]


def test_a_repeated_prompt_that_never_arrived_does_not_repeat_the_reply() -> None:
    assert reconcile([*A, END, *unsure("a", "p2")], A) == []


@pytest.mark.parametrize("count", [1, 2, 5])
def test_equal_turns_are_counted(count: int) -> None:
    turn = [user("go on"), ev.Text("Done.")]
    assert reconcile([*turn, END], turn * count) == turn * (count - 1)


def test_a_retry_of_a_forgotten_reply_is_recognised_by_its_reply() -> None:
    ours = [user("a"), ev.Text("Half", "m1"), LOST, user("a"), ev.Text("Whole", "m2"), END]
    assert reconcile(ours, [user("a"), user("a"), ev.Text("Whole", "m2")]) == []
    assert reconcile(ours, [user("a"), ev.Text("Whole", "m2"), *B]) == B


# -- a history that is not what it was ---------------------------------------------------------------------------------


def test_a_compacted_history_adds_nothing_old() -> None:
    summary = ev.Text("Summary: they spoke of a and b.", "m8")
    assert reconcile([*A, *B, END], [summary]) == []
    assert reconcile([*A, *B, *C, END], [summary, *C]) == []
    assert reconcile([*A, *B, *C, END], [summary, *C, user("d"), ev.Text("d!")]) == [user("d"), ev.Text("d!")]


def test_a_cleared_history_goes_on_after_the_command() -> None:
    clear = [user("/clear"), ev.Text("Conversation cleared", "m7")]
    assert reconcile([*A, *B, *clear, END], clear + C) == C


def test_a_truncated_history_adds_nothing() -> None:
    assert reconcile([*A, *B, *C, END], A) == []


def test_a_message_of_goose_itself_that_it_does_not_store_is_no_difference() -> None:
    ours = [user("a"), ev.Text("Ran into this error: 500", "m1"), END]
    assert reconcile(ours, [user("a")]) == []
    assert reconcile(ours, [user("a"), *B]) == B


def test_a_reply_that_reads_otherwise_in_the_history_is_not_added_to_a_known_conversation() -> None:
    theirs = [*A, user("b"), ev.Text("Worded in another way.", "m9")]
    assert reconcile([*A, *B, END], theirs) == []
    assert reconcile([*A, *B, END], theirs + C) == C


@pytest.mark.parametrize(
    "theirs",
    [
        [],
        C,
        [user("a"), ev.Text("An altogether different reply.", "x1")],
        [user("a"), ev.Text("An altogether different reply.", "x1"), *C],
    ],
    ids=["empty", "another prompt", "another reply", "another reply and more"],
)
def test_another_conversation_under_the_same_id_is_refused(theirs: Log) -> None:
    with pytest.raises(OtherConversation):
        missing(transcript_of([*A, END]), theirs)


def test_conversations_that_begin_alike_and_go_on_differently_are_refused() -> None:
    with pytest.raises(OtherConversation):
        missing(transcript_of([*A, *B, END]), A + C)


# -- the real goose ----------------------------------------------------------------------------------------------------


def recorded() -> Log:
    player = replay.Replay()
    player.run(replay.record("loaded"))
    return [
        event for event in player.done.log if isinstance(event, ev.UserMessage | ev.Text | ev.Thought | ev.ToolCall)
    ]


@pytest.mark.parametrize("count", range(0, 20, 3))
def test_a_recorded_history_completes_any_beginning_of_it(count: int) -> None:
    theirs = recorded()
    ours = [*theirs[:count], LOST] if count else []
    new = reconcile(ours, theirs)
    assert said([*ours, *new]) == said(theirs)


# -- anything at all ---------------------------------------------------------------------------------------------------

TEXTS = st.sampled_from(["Done.", "Done. Really.", "No.", "x"])


@st.composite
def conversations(draw: st.DrawFn, *, has_ids: bool, unlike: bool = False) -> Log:
    """A history as a server has it: whole messages, prompts that repeat, replies that repeat or are all `unlike`."""
    log: Log = []
    for turn in range(draw(st.integers(0, 5))):
        log.append(user(draw(st.sampled_from(["a", "b", "go on"]))))
        for number in range(draw(st.integers(0, 3))):
            kind: Any = draw(st.sampled_from([ev.Text, ev.Thought, None]))
            text = f"{turn} {draw(TEXTS)}" if unlike else draw(TEXTS)
            if kind is None:
                log += tool(f"c{number}", title=text)
            else:
                log.append(kind(text, f"m{turn}.{number}" if has_ids else None))
    return ev.coalesce(log)


@strategies.patient
@given(st.booleans().flatmap(lambda has_ids: conversations(has_ids=has_ids)), st.data())
def test_a_history_that_was_cut_anywhere_is_completed(theirs: Log, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(theirs)))
    ours: Log = list(theirs[:cut])
    if ours and isinstance(ours[-1], ev.Text | ev.Thought):
        text = ours[-1].text[: data.draw(st.integers(1, len(ours[-1].text)))]
        ours[-1] = type(ours[-1])(text, ours[-1].message_id)
    ours = [*ours, LOST] if ours else ours
    new = reconcile(ours, theirs)
    assert said([*ours, *new]) == said(theirs)


@st.composite
def replicas(draw: st.DrawFn) -> tuple[Log, Log]:
    """What two ends have of one conversation: each lacks some turns, and some replies or their last part."""
    log = draw(conversations(has_ids=draw(st.booleans()), unlike=True))
    starts = [index for index, event in enumerate(log) if isinstance(event, ev.UserMessage)]
    turns = [log[start:end] for start, end in pairwise([*starts, len(log)])]
    both: list[Log] = []
    for _ in range(2):
        kept = [turn[: draw(st.integers(1, len(turn)))] for turn in turns if draw(st.integers(0, 3))]
        both.append([event for turn in kept for event in turn])
    return both[0], both[1]


@strategies.patient
@given(replicas())
def test_adding_what_is_missing_twice_adds_nothing(both: tuple[Log, Log]) -> None:
    ours, theirs = both
    try:
        new = missing(transcript_of([*ours, END]), theirs)
    except OtherConversation:
        assume(False)
    assert missing(transcript_of([*ours, END, *new, END]), theirs) == []


def test_a_long_history_takes_no_long_time() -> None:
    theirs: Log = []
    for number in range(3000):
        theirs += [user("go on"), ev.Text(f"Step {number}.", f"m{number}")]
    assert reconcile([*theirs[:-2], END], theirs) == theirs[-2:]
    forgotten = [*theirs[:2], user("go on"), ev.Text("Half", "x"), LOST, *theirs[4:]]
    assert reconcile(forgotten, [*theirs[:3], *theirs[4:]]) == []


# -- only the end of a history -----------------------------------------------------------------------------------------


def of_tail(ours: Log, tail: Log) -> Log:
    return missing(transcript_of(ours), tail, is_tail=True)


@pytest.mark.parametrize("kept", [1, 2])
def test_the_end_of_an_equal_history_says_that_nothing_is_missing(kept: int) -> None:
    turns = [A, B, C]
    assert of_tail([*A, END, *B, END, *C, END], [event for turn in turns[-kept:] for event in turn]) == []


def test_what_follows_our_newest_turn_is_missing() -> None:
    assert of_tail([*A, END, *B, END], [*B, *C]) == C


def test_the_rest_of_our_newest_turn_is_missing() -> None:
    assert of_tail([*A, END, user("b"), *tool("c1"), LOST], B) == [
        ev.Thought("Hm.", "m2"),
        ev.Text("Reply to b.", "m3"),
    ]


def test_half_a_turn_at_the_beginning_of_the_end_says_nothing() -> None:
    assert of_tail([*A, END, *B, END], [ev.Text("of a long turn", "m9"), *B]) == []


@pytest.mark.parametrize(
    ("ours", "tail"),
    [
        pytest.param([*A, END], [*B, *C], id="what is between is not known"),
        pytest.param([*A, END, *B, END], A, id="a whole turn of ours is not there"),
        pytest.param([*A, END, *B, END], [*A, *C], id="both went on differently"),
        pytest.param([*A, END], [user("a"), ev.Text("Another reply.", "m8")], id="another reply"),
        pytest.param([*A, END], [*A, *A], id="a prompt twice: which of them is ours?"),
        pytest.param([*A, END], [ev.Text("the end of one long turn", "m9")], id="no prompt"),
        pytest.param([*A, END], [], id="nothing"),
    ],
)
def test_an_end_that_does_not_tell_for_certain_is_too_short(ours: Log, tail: Log) -> None:
    with pytest.raises(TooShort):
        of_tail(ours, tail)


def test_turns_that_were_cut_off_may_be_missing_at_the_end() -> None:
    cut = [user("c"), ev.Text("Half a re", "m4"), LOST]
    assert of_tail([*A, END, *B, END, *cut], B) == []


# -- a server that does not remember -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param([*A, END, *B, END], A, id="the newest turn"),
        pytest.param([*A, END], [], id="everything"),
        pytest.param([*A, END], [ev.Text("a greeting", "m9")], id="everything but a greeting"),
    ],
)
def test_a_server_that_lacks_a_whole_turn_has_another_conversation(ours: Log, theirs: Log) -> None:
    with pytest.raises(OtherConversation):
        missing(transcript_of(ours), theirs, must_remember=True)


def test_a_server_need_not_remember_what_was_cut_off() -> None:
    ours = [*A, END, user("b"), ev.Text("Half a re", "m3"), LOST]
    assert missing(transcript_of(ours), A, must_remember=True) == []
    assert missing(transcript_of(ours), [*A, user("b")], must_remember=True) == []


def test_a_session_that_was_ours_stays_ours_when_a_reply_was_damaged_on_its_way() -> None:
    ours = [user("a"), ev.Text("Rep to a.", "m1"), END]
    with pytest.raises(OtherConversation):
        missing(transcript_of(ours), A)
    told, *rest = missing(transcript_of(ours), [*A, *B], is_ours=True)
    assert isinstance(told, ev.Notice)
    assert "damaged" in told.text
    assert rest == B


# -- what was redacted -------------------------------------------------------------------------------------------------

SECRET = [user("my key is sk-1, you know"), ev.Text("I saw sk-1 there.", "m1")]
REDACTED = [user("my key is [redacted], you know"), ev.Text("I saw [redacted] there.", "m1"), END]


@pytest.mark.parametrize("is_tail", [False, True])
def test_what_was_redacted_is_the_same_turn_and_does_not_come_back(is_tail: bool) -> None:
    assert missing(transcript_of(REDACTED), SECRET, is_tail=is_tail, must_remember=True) == []
    assert missing(transcript_of(REDACTED), [*SECRET, *B], is_tail=is_tail, must_remember=True) == B
    assert missing(transcript_of([*REDACTED, *A, END]), [*SECRET, *A, *B], is_tail=is_tail) == B


def test_a_redacted_prompt_is_no_other_prompt() -> None:
    with pytest.raises(OtherConversation):
        missing(transcript_of(REDACTED), [user("my dog is brown, you know"), ev.Text("So?", "m1")])


# -- a prompt that never arrived ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "lost"),
    [
        ([*A, END, user("b"), LOST], A, True),
        ([*A, END, user("b"), LOST], [*A, user("b")], False),
        ([user("b"), LOST], [], True),
        ([], A, False),
    ],
)
def test_a_prompt_that_the_server_lacks_at_the_end_is_lost(ours: Log, theirs: Log, lost: bool) -> None:
    assert is_lost(transcript_of(ours), theirs) is lost
