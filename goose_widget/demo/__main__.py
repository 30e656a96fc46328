"""The demo server on its own: `python -m goose_widget.demo --port 3284`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from .server import DemoServer

_KEY = "GOOSE_SERVER__SECRET_KEY"
_TOKEN = "GOOSE_WEB_AUTH_TOKEN"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m goose_widget.demo",
        description="A goose server with a scripted agent in place of a model, on this computer only. It speaks the "
        "protocols of `goose serve` (/acp) and of `goose web` (/ws).",
        epilog=f"The key of /acp is taken from ${_KEY}, the token of the other side from ${_TOKEN}. "
        "Without them everybody on this computer may connect.",
    )
    parser.add_argument("--port", type=_port, required=True, help="0 for any that is free")
    parser.add_argument("--folder", type=Path, default=Path(".goose", "demo"), help="sessions; default: %(default)s")
    parser.add_argument("--pace", type=_pace, default=1.0, help="scales the script's pauses, 0 for none; default: 1")
    given = parser.parse_args()
    server = DemoServer(given.folder, key=os.environ.get(_KEY, ""), token=os.environ.get(_TOKEN, ""), pace=given.pace)
    with suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(_run(server, given.port)))


async def _run(server: DemoServer, port: int) -> int:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await server.start(port)
    except OSError as error:
        sys.stderr.write(f"The demo can't listen on port {port}: {error.strerror or error}. Choose another --port.\n")
        return 1
    token = f", token=os.environ[{_TOKEN!r}]" if os.environ.get(_TOKEN) else ""
    key = f", token=os.environ[{_KEY!r}]" if os.environ.get(_KEY) else ""
    sys.stdout.write(
        "The demo of goose-widget: a script, no model. Attach to it from a notebook on this computer:\n\n"
        f'    GooseChat(server="{server.acp_url}"{key})   # as to `goose serve`: it asks for permission\n'
        f'    GooseChat(server="{server.web_url}"{token})       # as to `goose web`\n\n'
        "Ctrl-C ends it.\n"
    )
    sys.stdout.flush()
    try:
        await stopped.wait()
    finally:
        await server.stop()
    return 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0 <= pace <= 1000:
        raise argparse.ArgumentTypeError(f"a pace is a number from 0 to 1000, not {text!r}")
    return pace


if __name__ == "__main__":
    main()
