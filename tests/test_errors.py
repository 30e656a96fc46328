"""The tree of errors: complete in its docstring, and each with what the widget's banner needs."""

from __future__ import annotations

import inspect
import json
import re
from datetime import datetime, timezone

import pytest

from goose_widget import errors
from goose_widget.errors import GooseError
from goose_widget.sessions import SessionInfo

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, GooseError)]

EXAMPLES = [
    errors.UsageError("The prompt is empty."),
    errors.GooseNotFound(),
    errors.GooseNotFound("/nowhere/goose"),
    errors.ProviderNotConfigured("Configuration value not found"),
    errors.ConnectionRefused("ws://h/acp", "Connection refused."),
    errors.ConnectionRefused("ws://h/acp", "Connection refused.", proxy="http://p:80"),
    errors.CertificateRefused("wss://h/acp", "it has expired", "certificate has expired"),
    errors.BadProxy("http://p:80", "refuses to connect to h (HTTP 403)"),
    errors.WrongKey("ws://h/acp", given=True),
    errors.WrongKey("ws://h/acp", given=False),
    errors.AccessDenied("ws://h/acp", 403, "no"),
    errors.ServerTooOld("ws://h/acp", "It is a `goose web`."),
    errors.GooseTooOld("/usr/bin/goose", "error: unrecognized subcommand"),
    errors.ServerCrashed("it ended with exit code 1", "last line"),
    errors.ServerCrashed("it ended with exit code 1"),
    errors.RequestRefused("new", "no"),
    errors.SettingRefused("mode", "fast", ["auto", "chat"], "no such mode"),
    errors.UnknownSession("20261122_7"),
    errors.OtherConversation("20261122_7"),
    errors.SessionInUse("20261122_7"),
    errors.AmbiguousSession("20261122_7", [SessionInfo("20261122_7", "hi", datetime.now(timezone.utc), 2)] * 2),
    errors.SessionFileError("The conversation can't be saved."),
    errors.TurnTimeout(3.0),
    errors.TurnInterrupted("The connection dropped."),
    errors.ReplayMismatch("This is not prompt 1 of 2 in the recording."),
    errors.PermissionUnanswered("Nobody could answer."),
]


def test_the_docstring_is_the_tree() -> None:
    lines = re.findall(r"^    ([│├└─ ]*)(\w+)  +\S", errors.__doc__ or "", re.MULTILINE)
    stack: list[str] = []
    documented = {}
    for branches, name in lines:
        depth = len(branches) // 4
        documented[name] = stack[depth - 1] if depth else "Exception"
        stack[depth:] = [name]
    assert documented == {kind.__name__: kind.__bases__[0].__name__ for kind in CLASSES}


def test_every_error_that_is_raised_has_a_code_of_its_own() -> None:
    raised = {type(example) for example in EXAMPLES} - {errors.GooseTooOld}
    codes = [kind.code for kind in raised]
    assert len(set(codes)) == len(codes)
    assert "error" not in codes
    # To a user it is the same, wherever the old goose is.
    assert errors.GooseTooOld.code == errors.ServerTooOld.code


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.code)
def test_an_error_says_what_happened_and_goes_to_the_browser(example: GooseError) -> None:
    wire = json.loads(json.dumps(example.to_wire()))
    assert set(wire) == {"code", "title", "text", "detail", "retry", "offers"}
    assert wire["title"].endswith(".")
    assert all(part in str(example) for part in (wire["title"], wire["text"], wire["detail"]))


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if isinstance(each, errors.SetupError | errors.ServerCrashed)], ids=str
)
def test_what_the_user_can_mend_says_how_and_leads_to_retry(example: GooseError) -> None:
    assert "press Retry" in example.text or "Retry" in example.text
    assert example.retry


def test_misuse_is_a_value_error_and_can_not_be_retried() -> None:
    assert issubclass(errors.UsageError, ValueError)
    assert not errors.UsageError.retry


def test_a_timeout_is_pythons_own_too() -> None:
    with pytest.raises(TimeoutError, match="within 3 s"):
        raise errors.TurnTimeout(3.0)


def test_a_missing_provider_is_told_from_other_refusals() -> None:
    message = "Failed to resolve provider: Configuration value not found: GOOSE_PROVIDER"
    assert isinstance(errors.from_refusal("new", message), errors.ProviderNotConfigured)
    assert isinstance(errors.from_refusal("new", "disk full"), errors.RequestRefused)
