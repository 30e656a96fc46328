"""Prompts: sent at once, queued while a turn runs, or told to the running turn.

- What a user sends is in the file before anybody is told that it was taken.
- A prompt leaves the queue in the same write in which it becomes the user's message, so it is sent once.
- The queue goes on by itself after a turn that ended as it should. After any other end, and in a session that is opened
  again, it waits for a click: what comes next may not make sense any more.
- What steers a turn waits in the queue until the turn takes it up. If that never happens it is the next prompt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from . import errors
from . import events as ev
from .attachments import check_accepted
from .facts import WHY_NO_PROMPT
from .link import Link
from .queue import Waiting, why_paused
from .store import Entry

_NOT_WAITING: Final = "This message does not wait any more: it was sent or removed."
_HANDED_OVER: Final = "goose has this message already, and takes it up after the step at which it is."
_NOT_STEERED: Final = "goose did not take the message into the running turn ({why}). It is sent as the next prompt."


class Prompting(Link):
    """A conversation that takes prompts. Its arguments are those of `Link`.

    Attributes:
        gives_way: whether somebody else is to send before the queue's prompt with this id.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.gives_way: Callable[[str], bool] = lambda prompt_id: False
        self._unanswered: set[str] = set()  # what was to steer a turn, while the server did not say whether it does

    def prompt(self, prompt_id: str, text: str, content: tuple[ev.Block, ...] = ()) -> None:
        """Start a turn, before whatever waits. The prompt is in the file before it is sent.

        Args:
            prompt_id: the turn's.
            text: the prompt.
            content: its attachments.

        Raises:
            UsageError: there is nothing in it, or the chat can't take a prompt now; the message says why.
        """
        text = _checked(text, content)
        self._check_ready()
        check_accepted(content, self.facts.accepts)
        self._start(prompt_id, text, content)

    def submit(self, prompt_id: str, text: str, content: tuple[ev.Block, ...] = ()) -> None:
        """Start a turn, or put the prompt into the queue if a turn runs or others go on by themselves.

        A queue that waits for a click goes on waiting.

        Raises:
            UsageError: as for `prompt`.
        """
        text = _checked(text, content)
        if self.facts.status in ("running", "waiting") or (self.facts.status == "ready" and self.queued()):
            check_accepted(content, self.facts.accepts)
            self._say(ev.Queued(prompt_id, text, content))
            self.commit()
        else:
            self.prompt(prompt_id, text, content)

    def _start(self, prompt_id: str, text: str, content: tuple[ev.Block, ...]) -> None:
        leaves = [ev.Unqueued(prompt_id)] if self._queue.get(prompt_id) is not None else []
        self._say(ev.UserMessage(text, prompt_id, content), ev.TurnStarted(prompt_id), *leaves)
        self.commit()
        self._server.prompt(prompt_id, text, content)
        self._flush()

    def _check_ready(self) -> None:
        if self.facts.status != "ready":
            raise errors.UsageError(WHY_NO_PROMPT.get(self.facts.status, "The chat can't take a prompt now."))

    # The queue.

    def queued(self) -> frozenset[str]:
        """The ids of the prompts that wait and go on by themselves."""
        return frozenset() if self._paused else frozenset(each.id for each in self._queue)

    def edit_queued(self, prompt_id: str, text: str) -> None:
        """Give a waiting prompt another text.

        Raises:
            UsageError: it does not wait any more, the text is empty, or nothing can be changed here.
        """
        waiting = self._own(prompt_id)
        self._say(ev.QueueEdited(prompt_id, _checked(text, waiting.content)))
        self.commit()

    def remove_queued(self, prompt_id: str) -> None:
        """Do not send a waiting prompt.

        Raises:
            UsageError: it does not wait any more, or nothing can be changed here.
        """
        self._own(prompt_id)
        self._say(ev.Unqueued(prompt_id))
        self.commit()

    def send_queued(self, prompt_id: str) -> None:
        """Send a waiting prompt next, and then the others.

        Raises:
            UsageError: it does not wait any more, or nothing can be sent here.
        """
        self._own(prompt_id)
        self._queue.put_first(prompt_id)
        self._paused = ""
        self._refresh()
        self.go_on()

    def _own(self, prompt_id: str) -> Waiting:
        """A waiting prompt that can be changed."""
        waiting = self._queue.get(prompt_id)
        if waiting is None:
            raise errors.UsageError(_NOT_WAITING)
        if waiting.steers:
            raise errors.UsageError(_HANDED_OVER)
        if self.facts.status in ("failed", "closed"):
            raise errors.UsageError(WHY_NO_PROMPT[self.facts.status])
        return waiting

    def go_on(self) -> None:
        """Send the first of the queue, if it is its time."""
        if self._goes_on() and (first := self._queue.first) is not None:
            try:
                check_accepted(first.content, self.facts.accepts)
            except errors.UsageError as error:
                self._paused = str(error)
                self._refresh()
            else:
                self._start(first.id, first.text, first.content)

    def _goes_on(self) -> bool:
        first = self._queue.first
        return first is not None and not self._paused and self._may_send() and not self.gives_way(first.id)

    def _may_send(self) -> bool:
        # What the server has not answered yet might still be taken into the turn that seems over.
        return super().status() == "ready" and self._transmit is not None and not self._unanswered

    def status(self) -> str:
        """The one word for the state: between two prompts of the queue it runs on."""
        return "running" if self._goes_on() else super().status()

    def commit(self) -> None:
        """Write what is pending, apply it, tell the watcher, and send what has its turn then."""
        super().commit()
        self.go_on()

    def _note(self, entry: Entry) -> None:
        was_stopped = self._stopping
        super()._note(entry)
        if isinstance(entry.event, ev.TurnEnded):
            for waiting in self._queue.steering():
                # After a cut only goose's history tells whether it was taken up.
                if waiting.id not in self._unanswered and entry.event.stop_reason != "interrupted":
                    self._queue.give_up_steering(waiting.id)
            if self._queue and was_stopped:
                self._paused = self._paused or why_paused("cancelled")

    # Steering.

    def steer(self, prompt_id: str, text: str) -> None:
        """Tell something to the running turn, which takes it up after the step at which it is.

        Raises:
            UsageError: the text is empty, no turn runs, or the server does not offer it.
        """
        text = _checked(text, ())
        if self._turn is None:
            raise errors.UsageError("goose is not at work, so there is nothing to steer. Send it as a prompt.")
        if not self.facts.can_steer or self._stopping:
            raise errors.UsageError("goose takes nothing into this turn. Send it as a prompt: it waits for its turn.")
        self._unanswered.add(prompt_id)
        self._say(ev.Queued(prompt_id, text, steers=True))
        self.commit()
        self._server.steer(prompt_id, text)
        self._flush()

    def _steer_answered(self, prompt_id: str, refusal: str) -> None:
        self._unanswered.discard(prompt_id)
        if self._queue.get(prompt_id) is None:
            return
        if refusal or self._turn is None:
            self._queue.give_up_steering(prompt_id)
        if refusal and self._turn is not None:
            self._say(ev.Notice("warning", _NOT_STEERED.format(why=refusal)))
        self.commit()
        self._refresh()
        self.go_on()

    def disconnected(self, reason: str) -> None:
        """The socket is gone. A running turn is over with it, unless the server finishes it alone."""
        self._unanswered.clear()
        super().disconnected(reason)

    def _has_opened(self) -> None:
        for waiting in self._queue.steering():
            self._queue.give_up_steering(waiting.id)  # goose's history does not have it
        self._refresh()
        self.go_on()


def _checked(text: str, content: tuple[ev.Block, ...]) -> str:
    if not text.strip() and not content:
        raise errors.UsageError("The prompt is empty.")
    # No file or browser holds half a pair.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
