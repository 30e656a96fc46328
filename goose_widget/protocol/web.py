"""The protocol of `goose web`, the older server: JSON objects with a `type`, and the saved sessions by HTTP. No I/O.

Rules of this module:

- One `Web` is one connection. Frames name neither session nor message: all of them belong to the one turn that runs,
  and pieces join until another kind comes.
- A turn ends once. What may follow its end (`complete` after `error`, a second `cancelled`) is waited for a moment.
- Several versions never send `tool_response`: what is missing at the end is completed from the saved session.
- The server goes on with a turn when the connection drops: the saved session is then followed until the turn is over.
- The server says nothing at all to a message for a session it does not know: silence is looked into.
- Nothing vanishes: what can't be read becomes a visible event.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from .. import events as ev
from ..events import Event
from . import (
    SESSION_NOT_FOUND,
    Choice,
    Choices,
    Configured,
    Get,
    Got,
    Greeted,
    Incoming,
    Opened,
    OpenTurn,
    Outgoing,
    Refused,
    Saved,
    Signal,
    WorksIn,
    web_saved,
)
from .content import as_object, malformed, text_of
from .frames import as_text, parse
from .requests import Answered, Declined, Export, Kept, ListSessions, Request

APPROVES_ITSELF: Final = (
    "This server approves every tool by itself: goose web runs them without asking you. A `goose serve` asks."
)
"""Said once in a conversation."""

AFTER_END: Final = 0.5
"""Seconds in which what belongs to an ended turn may still come."""

SILENCE: Final = 5.0
"""Seconds without any answer to a prompt after which the server is asked whether it knows the session."""

_FRESH_LOOKS: Final = 9  # … where it knows a session that we made only when the first reply is whole: two minutes
_COMPLETIONS: Final = (0.0, 0.3, 1.0)  # seconds before each look for missing tool results
_LOOKS: Final = (0.5, 1.0, 2.0, 5.0)  # seconds between two looks at a turn that goes on without us; then the last one
_AFTERWARDS: Final = (5.0, 15.0, 40.0)  # later looks: a reply that seemed whole may have gone on after a tool
_TRIES: Final = 5

_PLAIN: Final = re.compile(r"[\w.~-]+", re.ASCII)
_SESSION_PAGE: Final = re.compile(r"/session/([^/?#]+)")

_made_ids: set[str] = set()


def make_id(now: datetime, taken: Callable[[str], bool]) -> str:
    """A session id as early versions want it from the client: local time, `20250115_143022`; the first that is free."""
    while taken(made := now.strftime("%Y%m%d_%H%M%S")):
        now += timedelta(seconds=1)
    return made


class Web:
    """The client's side of one connection to a `goose web`.

    Args:
        now: the local time.
    """

    finishes_alone = True
    decides_itself = False  # the server asks nobody

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._outbox: list[Outgoing] = []
        self._session_id = ""
        self._is_fresh = False  # made by us, so that the server learns of it with its first message
        self._tries = 0
        self._has_title = False
        # The turn. Its number says whether an answer that was asked for is still wanted.
        self._number = 0
        self._turn: str | None = None
        self._prompt, self._nth = "", 1
        self._prompts: Counter[str] = Counter()  # how often each was said
        self._heard = False
        self._cancelling = False
        self._cancels = 0  # how often the turn was said to be cancelled
        self._may_repeat = False  # … the turn before, which we cancelled and heard of once
        self._calls: dict[str, None] = {}  # tool calls without a result
        self._ending: tuple[str, str] | None = None  # stop reason and error
        # A turn that goes on without us.
        self._arrived = False
        self._saved: str | None = None
        self._unchanged = 0.0

    # What we say.

    def take_outbox(self) -> list[Outgoing]:
        """The frames to send and what to fetch now, oldest first."""
        said, self._outbox = self._outbox, []
        return said

    def greet(self) -> None:
        """Begin; answered by `Greeted`."""
        self._ask("greet", path="/api/health")

    def new_session(self, cwd: str) -> None:
        """Make a session; answered by `Opened`. It works where the server was started, whatever `cwd`."""
        self._ask("new", path="/")

    def load_session(self, session_id: str, cwd: str, turn: OpenTurn | None = None, *, tail: int = 0) -> None:
        """Load a session; its history comes first, then `Opened`; then, if a turn is open, `Saved` until it is over."""
        self._session_id = session_id
        self._is_fresh = session_id in _made_ids  # before the end of the first reply to be saved, it still is
        if turn is not None:
            self._begin(turn.prompt_id, turn.text, turn.nth)
            self._arrived = turn.heard
        self._ask("load")

    def prompt(self, prompt_id: str, text: str, content: tuple[ev.Block, ...] = ()) -> None:
        """Start a turn; it ends with `TurnEnded(prompt_id)`. This server takes no attachments."""
        self._prompts[text.strip()] += 1
        self._begin(prompt_id, text, self._prompts[text.strip()])
        now = round(self._now().timestamp() * 1000)
        self._frame(type="message", content=text, session_id=self._session_id, timestamp=now)
        self._ask("silence", "1", after=SILENCE)

    def steer(self, prompt_id: str, text: str) -> None:
        """Nothing: this server takes nothing into a running turn, and never says that it does."""

    def cancel(self) -> list[str]:
        """Stop the running turn. There never is an open question."""
        self._cancelling = True
        self._frame(type="cancel", session_id=self._session_id)
        return []

    def answer(self, request_id: str, option_id: str | None) -> bool:
        """False: this server asks nothing."""
        return False

    def set(self, setting: str, value: str) -> None:
        """Refused, but for the mode that this server is in, `auto`."""
        self._ask("set", setting, value, path="/api/health")

    def request(self, ticket: str, request: Request) -> None:
        """List sessions or export one; this server offers no more."""
        match request:
            case ListSessions():
                self._ask("list", ticket, path="/api/sessions")
            case Export(session_id):
                self._ask("export", ticket, path=f"/api/sessions/{_quoted(session_id)}")
            case _:
                self._ask("decline", ticket, path="/api/health")

    def _frame(self, **message: str | int) -> None:
        self._outbox.append(json.dumps(message))

    def _ask(self, *why: str, path: str | None = None, after: float = 0.0) -> None:
        """Fetch something; an answer of an earlier turn will not be wanted any more."""
        path = f"/api/sessions/{_quoted(self._session_id)}" if path is None else path
        self._outbox.append(Get(path, after, "\n".join([str(self._number), *why])))

    def _begin(self, prompt_id: str, text: str, nth: int = 1) -> None:
        self._number += 1
        self._turn, self._prompt, self._nth = prompt_id, text.strip(), nth
        self._heard = self._cancelling = False
        self._cancels = 0
        self._calls.clear()
        self._ending = None
        self._saved, self._unchanged = None, 0.0

    # What we hear.

    def receive(self, said: Incoming) -> list[Event | Signal]:
        """What a frame or a fetched answer says. Never raises for what a server sent."""
        result: list[Event | Signal] = []
        text = said.body if isinstance(said, Got) else as_text(said)
        try:
            for each in self._fetched(said) if isinstance(said, Got) else self._heard_frame(parse(text)):
                result.append(each)  # noqa: PERF402 - what came before an error counts
        except ValueError as error:
            result.append(malformed(str(error), text))
        except (KeyError, TypeError, AttributeError) as error:
            result.append(malformed(f"a field is missing or of the wrong kind: {error!r}", text))
        return result

    def _heard_frame(self, frame: dict[str, Any]) -> Iterator[Event | Signal]:
        kind = frame.get("type")
        if kind not in ("cancelled", "complete"):
            self._heard = True
        match kind:
            case "response":
                if content := text_of(frame["content"]):
                    yield ev.Text(content)
            case "thinking":
                if message := text_of(frame["message"]):
                    yield ev.Thought(message)
            case "tool_request" | "tool_confirmation":
                call_id = text_of(frame["id"])
                yield web_saved.tool_call(call_id, frame.get("tool_name"), frame.get("arguments"))
                if self._turn is not None:
                    self._calls[call_id] = None
                if kind == "tool_confirmation":
                    yield ev.Notice("warning", APPROVES_ITSELF, once=True)
            case "tool_response":
                call_id = text_of(frame["id"])
                self._calls.pop(call_id, None)
                status = "failed" if frame.get("is_error") is True else "completed"
                yield ev.ToolCall(call_id, status=status, content=web_saved.blocks(frame.get("result")))
            case "context_exceeded":
                yield ev.Notice("info", text_of(frame["message"]))
            case "error":
                message = text_of(frame["message"])
                if self._turn is None or self._ending not in (None, ("error", message)):
                    yield ev.Notice("error", message)
                yield from self._ends("error", message)
            case "cancelled" if self._turn is None or (self._may_repeat and not self._cancelling):
                self._may_repeat = False
            case "cancelled":
                self._cancels += 1
                yield from self._ends("cancelled")
            case "complete":
                yield from self._ends("end_turn")
            case _:
                yield ev.Raw(f"a message of the type {kind!r}", frame)

    # The end of a turn.

    def _ends(self, stop_reason: str, error: str = "") -> Iterator[Event]:
        """The server said how the turn ended, maybe not for the last time."""
        if self._turn is None:
            return
        first, self._ending = self._ending is None, self._ending or (stop_reason, error)
        if stop_reason == "end_turn" and not self._calls:
            yield from self._end()
        elif first:
            self._ask("end", "0", after=_COMPLETIONS[0] if stop_reason == "end_turn" else AFTER_END)

    def _complete_and_end(self, got: Got, tries: int) -> Iterator[Event]:
        for event in web_saved.events(self._tail(self._messages(got) or []) or ()):
            if isinstance(event, ev.ToolCall) and event.call_id in self._calls and event.status != "in_progress":
                del self._calls[event.call_id]
                yield event
        if self._calls and tries + 1 < len(_COMPLETIONS) and self._ending == ("end_turn", ""):
            self._ask("end", str(tries + 1), after=_COMPLETIONS[tries + 1])
        else:
            yield from self._end()

    def _end(self) -> Iterator[Event]:
        assert self._turn is not None
        stop_reason, error = self._ending or ("end_turn", "")
        yield ev.TurnEnded(self._turn, stop_reason, {}, error)
        self._turn = None
        self._may_repeat = self._cancelling and self._cancels == 1
        if not self._has_title:
            self._ask("title")

    def hang_up(self) -> list[Event]:
        """The end of a turn that was said, and waited for more to come."""
        has_ended = self._turn is not None and self._ending is not None and self._ending[0] != "end_turn"
        return list(self._end()) if has_ended else []

    # What was fetched.

    def _fetched(self, got: Got) -> Iterator[Event | Signal]:
        number, why, *more = got.asked.why.split("\n")
        is_wanted = int(number) == self._number
        match why:
            case "greet":
                yield Greeted("goose web", "", can_load=True)
                yield WorksIn("")  # where it was started, which it tells with a session's history
            case "new":
                made = _SESSION_PAGE.search(got.location) if 300 <= got.status < 400 else None
                if made is not None:
                    yield from self._opens(made[1])
                elif got.status in (200, 404):  # an early version: the client makes the id
                    self._try_id()
                elif not self._again("new", path="/"):
                    yield Refused("new", 0, f"its page can't be fetched ({_reason(got)})")
            case "free":
                if self._messages(got):
                    self._try_id()
                else:
                    self._is_fresh = True
                    yield from self._opens(self._session_id)
            case "load":
                yield from self._loaded(got)
            case "set" if more == ["mode", "auto"]:
                yield Configured("mode", "auto")
            case "set":
                refusal = "goose web has no modes, it runs every tool by itself" if more[0] == "mode" else ""
                yield Refused(more[0], 0, refusal or f"the {more[0]} of a goose web is set where it was started")
            case "title":
                yield from self._metadata(got)
            case "list" | "export" | "decline":
                yield _answer(why, more[0], got)
            case "end" if is_wanted and self._turn is not None:
                yield from self._complete_and_end(got, int(more[0]))
            case "silence" if is_wanted and self._turn is not None and not self._heard:
                yield from self._look_into_silence(got, int(more[0]))
            case "follow" if is_wanted and self._turn is not None:
                yield from self._follow(got)
            case "afterwards" if is_wanted and self._turn is None:
                messages = self._messages(got)
                if messages:
                    yield Saved(tuple(web_saved.events(messages)), over=True)

    def _messages(self, got: Got) -> list[dict[str, Any]] | None:
        """The saved messages; None if there is no such answer."""
        try:
            messages = parse(got.body).get("messages") if got.status == 200 else None
        except ValueError:
            return None
        return [as_object(each) for each in messages] if isinstance(messages, list) else None

    def _is_unknown(self, got: Got) -> bool:
        """Whether the server says that it does not know the session: with status 200, of all."""
        try:
            return got.status == 404 or (got.status == 200 and bool(parse(got.body).get("error")))
        except ValueError:
            return False

    def _metadata(self, got: Got) -> Iterator[Event | Signal]:
        metadata = as_object(parse(got.body).get("metadata")) if got.status == 200 else {}
        if isinstance(folder := metadata.get("working_dir"), str):
            yield WorksIn(folder)
        title = metadata.get("description")
        if isinstance(title, str) and title.strip():
            self._has_title = True
            yield ev.Title(title.strip())

    def _again(self, *why: str, path: str | None = None) -> bool:
        """Ask once more what could not be answered; False if that was done often enough."""
        self._tries += 1
        if self._tries < _TRIES:
            self._ask(*why, path=path, after=0.5 * self._tries)
        return self._tries < _TRIES

    def _try_id(self) -> None:
        self._session_id = make_id(self._now(), _made_ids.__contains__)
        _made_ids.add(self._session_id)
        self._ask("free")

    def _opens(self, session_id: str, *, loaded: bool = False) -> Iterator[Event | Signal]:
        self._session_id = session_id
        yield Choices(modes=(Choice("auto", "auto", "goose web runs every tool by itself."),))
        yield ev.Mode("auto")
        yield Opened(session_id, loaded)

    def _loaded(self, got: Got) -> Iterator[Event | Signal]:
        messages = self._messages(got)
        if messages is None and not self._is_unknown(got):
            if not self._again("load"):
                yield Refused("load", 0, f"its history can't be fetched ({_reason(got)})")
            return
        if messages is None and self._turn is None:
            yield Refused("load", SESSION_NOT_FOUND, "session not found")
            return
        self._prompts = Counter(
            text.strip() for message in messages or () if (text := web_saved.said(message)) is not None
        )
        has_prompt = self._turn is None or self._tail(messages or []) is not None
        if messages and has_prompt:
            yield from web_saved.events(messages)
            yield from self._metadata(got)
        yield from self._opens(self._session_id, loaded=bool(messages) and has_prompt)
        if self._turn is not None:
            yield from self._follow(got)

    def _look_into_silence(self, got: Got, looks: int) -> Iterator[Event | Signal]:
        """The prompt was answered by nothing yet: is goose at work, or does it not know the session?"""
        if self._is_unknown(got) and (not self._is_fresh or looks >= _FRESH_LOOKS):
            assert self._turn is not None
            why = "goose does not know this session any more, so it does not answer."
            yield ev.TurnEnded(self._turn, "failed", {}, why)
            self._turn = None
            yield Refused("prompt", SESSION_NOT_FOUND, "session not found")
        else:
            self._ask("silence", str(looks + 1), after=3 * SILENCE)

    # A turn that goes on without us.

    def _tail(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """What is saved after the prompt; None if that is not."""
        prompts = [index for index, message in enumerate(messages) if web_saved.said(message) is not None]
        same = [index for index in prompts if (web_saved.said(messages[index]) or "").strip() == self._prompt]
        return messages[same[-1] + 1 :] if len(same) >= self._nth and same[-1] == prompts[-1] else None

    def _follow(self, got: Got) -> Iterator[Event | Signal]:
        messages = self._messages(got)
        if messages is None and not self._is_unknown(got):
            self._ask("follow", after=_LOOKS[-1])  # no answer tells nothing
            return
        messages = messages or []
        tail = self._tail(messages)
        saved = json.dumps(tail)
        if saved != self._saved:
            self._saved, self._unchanged = saved, 0.0
        else:
            self._unchanged += got.asked.after
        over, error = web_saved.is_over(tail, self._unchanged, heard=self._arrived)
        history = tuple(web_saved.events(messages)) if tail is not None else ()
        if history or over:
            yield Saved(history, over, error)
        if not over:
            wait = next((look for look in _LOOKS if self._unchanged < 2 * look), _LOOKS[-1])
            self._ask("follow", after=wait)
            return
        self._turn = None
        for after in _AFTERWARDS:
            self._ask("afterwards", after=after)


def _reason(got: Got) -> str:
    return (f"HTTP {got.status}. {got.body[:300]}" if got.status else got.body).strip()


def _answer(why: str, ticket: str, got: Got) -> Answered | Declined:
    """The answer to a `Request`."""
    if why == "decline":
        return Declined(ticket, "goose web can't do that", offered=False)
    try:
        if got.status != 200:
            raise ValueError(_reason(got))
        answer = parse(got.body)
        if why == "export":
            if not isinstance(answer.get("messages"), list):
                raise ValueError(text_of(answer["error"]))
            return Answered(ticket, {**as_object(answer.get("metadata")), "conversation": answer["messages"]})
        return Answered(ticket, tuple(kept for each in answer["sessions"] if (kept := _kept(as_object(each)))))
    except (KeyError, TypeError, ValueError) as error:
        return Declined(ticket, f"its answer can't be read ({error})")


def _kept(session: dict[str, Any]) -> Kept | None:
    session_id, count = session.get("name"), session.get("message_count")
    if not isinstance(session_id, str):
        return None
    title, cwd = (each if isinstance(each := session.get(key), str) else "" for key in ("description", "working_dir"))
    return Kept(session_id, title, 0.0, count if isinstance(count, int) else 0, cwd)


def _quoted(segment: str) -> str:
    """An id as one segment of a path, whatever it holds."""
    return "".join(
        each if _PLAIN.fullmatch(each) else "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "replace"))
        for each in segment
    )
