"""Who answers the agent's questions, and which option an answer means."""

from __future__ import annotations

from typing import Any

import pytest

from goose_widget.errors import UsageError
from goose_widget.permission import Question, check, choose

OPTIONS = [
    {"id": "a*", "name": "Always", "kind": "allow_always"},
    {"id": "a1", "name": "Once", "kind": "allow_once"},
    {"id": "r1", "name": "No", "kind": "reject_once"},
    {"id": "r*", "name": "Never", "kind": "reject_always"},
]


@pytest.mark.parametrize(
    ("answer", "option"),
    [
        ("allow", "a1"),
        (True, "a1"),
        ("reject", "r1"),
        (False, "r1"),
        ("allow_always", "a*"),
        ("reject_always", "r*"),
        ("r*", "r*"),
        (None, None),
    ],
)
def test_an_answer_takes_the_narrowest_option_it_means(answer: Any, option: str | None) -> None:
    assert choose(answer, OPTIONS) == option


def test_always_is_taken_where_there_is_no_once() -> None:
    assert choose("reject", OPTIONS[3:]) == "r*"


@pytest.mark.parametrize("answer", ["yes", "", 1, 0, [], {"allow": True}])
def test_what_means_nothing_is_an_error_and_never_an_approval(answer: Any) -> None:
    with pytest.raises(UsageError, match="'a1'"):
        choose(answer, OPTIONS)


def test_an_approval_that_was_not_offered_is_an_error() -> None:
    with pytest.raises(UsageError):
        choose("allow", OPTIONS[2:])


@pytest.mark.parametrize("value", ["allow", "reject", None, print])
def test_valid_arguments_pass(value: Any) -> None:
    assert check(value) is value


@pytest.mark.parametrize("value", ["maybe", 1, True])
def test_other_arguments_are_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="on_permission"):
        check(value)


def test_a_question_has_the_complete_arguments_and_the_folder() -> None:
    item = {
        "title": "shell · ls",
        "name": "shell",
        "input": {"command": "ls"},
        "permission": {"options": OPTIONS, "cwd": "/n"},
    }
    assert Question.of(item) == Question("shell · ls", "shell", {"command": "ls"}, "/n", ("a*", "a1", "r1", "r*"))
