"""The second output of a displayed chat: its conversation as static HTML and text, for the saved notebook.

Beside a live chat the widget's style sheet hides it; a reader without a kernel sees it in place of the widget. It is an
output of its own, because to update the widget's would draw the widget anew, with its draft and its focus lost.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import threading
from collections.abc import Callable
from typing import Any

from .loop import in_thread

log = logging.getLogger(__name__)


def publisher() -> Any:
    """What displays in this kernel's notebook; None where there is no kernel (a terminal, marimo, a script)."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    shell: Any = get_ipython()
    return shell.display_pub if getattr(shell, "kernel", None) is not None else None


class SavedOutput:
    """A printout of the conversation, displayed and kept up to date.

    Args:
        display_id: names the output in messages; it is not saved.
        bundle: the printout by MIME type; called on any thread.
        version: a value that is another one when the printout is; called on any thread.
    """

    def __init__(self, display_id: str, bundle: Callable[[], dict[str, str]], version: Callable[[], object]) -> None:
        self._display_id, self._bundle, self._version = display_id, bundle, version
        self._publisher: Any = None
        self._printed: object = None  # the version that was printed last
        self._shown: dict[str, str] = {}
        self._lock = threading.Lock()
        self._updating = asyncio.Lock()  # one thread at a time: who waits for it mostly finds the work done

    def display(self, publisher: Any, *, later: bool = False) -> None:
        """Show it in the running cell.

        Args:
            later: only the place for it: with the first HTML that a page shows, JupyterLab loads MathJax, which would
                keep the chat from being painted. The printout follows with the next `update`.
        """
        with self._lock:
            self._publisher = publisher
            if later:
                self._publish({"text/plain": ""}, update=False)
            else:
                self._print(update=False)

    async def update(self, *, again: bool = False) -> None:
        """Bring it up to date, if it is displayed; done when the front end has been told.

        Args:
            again: tell it even if nothing is new.
        """
        if self._publisher is not None:
            async with self._updating:
                if again or self._version() != self._printed:
                    try:
                        # Off the loop's thread: Markdown takes its time. It must not hold the exit of the process.
                        await in_thread(functools.partial(self._update, again), "goose-widget-printout")
                    except RuntimeError:
                        log.debug("the process exits: the saved conversation stays as it is")

    def _update(self, again: bool) -> None:
        try:
            with self._lock:
                if again or self._version() != self._printed:
                    # The context of the cell that started this work is not for us: ipykernel would name that cell as
                    # the one that runs, and nbclient listens to the running one only.
                    contextvars.Context().run(self._print, update=True, again=again)
        except Exception:
            log.exception("the saved conversation could not be brought up to date")

    def _print(self, *, update: bool, again: bool = False) -> None:
        self._printed = self._version()  # before the printout: what comes meanwhile is printed again
        bundle = self._bundle()
        if again or not update or bundle != self._shown:
            self._publish(bundle, update=update)
            self._shown = bundle

    def _publish(self, bundle: dict[str, str], *, update: bool) -> None:
        self._publisher.publish(bundle, transient={"display_id": self._display_id}, update=update)
