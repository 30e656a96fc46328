"""A process that talks to goose and is killed: what it shows is reported to a file that outlives it.

    python -m faults.victim     reads jobs, a line of JSON each; forks for each, prints the process's id, then its end

A fork of a process that has the package loaded costs a tenth of a fresh one, so thousands of kills take minutes.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import comm
from comm.base_comm import BaseComm

from goose_widget import GooseChat, errors

Json = dict[str, Any]

OPERATIONS = ("open", "write", "close", "mkdir", "ftruncate", "fsync", "replace", "rename", "link", "unlink")
"""What the package does to the store's folder."""


def converse(job: Json) -> None:
    """Ask every prompt of `job`, reporting each message to the page; then wait for the end.

    Args:
        job: `report` (the file), `store`, `cwd`, `prompts`; `queue`: send them as a page does, all at once, each an
            action with the prompt for its id; `server` and `token`, or none for the own goose; `die`:
            at which operation on the store's folder (from 1) the process kills itself, before (`part` 0), in the middle
            of (0.5) or after it (1); none: somebody else does.
    """
    report = os.open(job["report"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    write = os.write

    def tell(**message: Any) -> None:
        write(report, json.dumps(message).encode() + b"\n")

    class Reporting(BaseComm):  # type: ignore[misc]
        def publish_msg(self, msg_type: str, data: Any = None, *_: Any, **__: Any) -> None:
            if msg_type == "comm_msg" and data["method"] == "custom":
                tell(shown=data["content"])

    comm.create_comm = Reporting
    if job.get("die"):
        _die_at(job["die"], job["part"], os.path.realpath(job["store"]))
    chat = GooseChat(
        job.get("session_id"), store=job["store"], cwd=job["cwd"], server=job.get("server"), token=job.get("token")
    )
    if job.get("queue"):
        _until(lambda: chat.status == "ready")
        for prompt in job["prompts"]:
            action = {"aid": prompt, "type": "prompt", "text": prompt, "attachments": []}
            chat._handle_custom_msg(action, [])
        _until(lambda: [item["kind"] for item in chat.items].count("user") == len(job["prompts"]))
        _until(lambda: chat.status == "ready")
        job["prompts"] = []
    for prompt in job["prompts"]:
        tell(asks=prompt)
        try:
            chat.ask(prompt, timeout=60)
        except errors.GooseError as error:
            tell(failed=str(error))
    tell(done=True)
    if job.get("close"):
        chat.close()
        return
    while True:
        signal.pause()


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.002)


def _die_at(number: int, part: float, folder: str) -> None:
    """End this process with SIGKILL at the n-th operation on the folder."""
    count, ours = [0], set[int]()

    def deadly(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *rest: Any, **more: Any) -> Any:
            is_ours = first in ours if isinstance(first, int) else str(first).startswith(folder)
            count[0] += is_ours
            dies = is_ours and count[0] == number
            if dies and part < 1:
                if part and name == "write":
                    operation(first, rest[0][: len(rest[0]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            result = operation(first, *rest, **more)
            if name == "open" and is_ours:
                ours.add(result)
            if name == "close":
                ours.discard(first)
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for name in OPERATIONS:
        setattr(os, name, deadly(name, getattr(os, name)))


def main() -> None:
    """Fork for each job."""
    for patch in sys.argv[1:]:  # name=expression, for tests of the experiment itself
        name, _, value = patch.partition("=")
        owner, _, attribute = name.rpartition(".")
        setattr(pkgutil.resolve_name(owner), attribute, eval(value))
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            try:
                converse(json.loads(line))
            finally:
                os._exit(1)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
