"""The server of all that is measured, on a thread of its own: an agent that says what was recorded, at a given pace,
and the pages that the widget is compared with.

- `/acp` speaks enough ACP for a chat. A prompt `prose 4000 14000 50` is answered with so many chunks of prose, so many
  in a second, each 50th of which is a mark; with another word behind it, when `go` is called.
- `/chunks?…` sends the same chunks as one JSON message each, to whoever connects.
- Everything else is a page.
"""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import time
from concurrent.futures import Future
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from . import streams

PAGES: Final = Path(__file__).parent / "pages"

TICK: Final = 0.002
"""Seconds: what is due within one is written at once, as the system would join it."""


class Feed:
    """The server; `with Feed() as feed`.

    Attributes:
        sent: when each mark of the newest answer was written to the socket, in seconds since the epoch.
        size: bytes of its text.
        histories: by session, what is replayed when it is loaded, as prompts and replies.
        waits: a prompt's answer is encoded, and waits for `go`.
    """

    def __init__(self) -> None:
        self.sent: list[float] = []
        self.size = 0
        self.histories: dict[str, list[tuple[str, str]]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="feed", daemon=True)
        self._sessions = 0
        self.waits = threading.Event()
        self._go = asyncio.Event()
        self._answering: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Feed:
        self._thread.start()
        self._call(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Any) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(10)

    def go(self) -> None:
        """Have a prompt answered that waits for it."""
        self._loop.call_soon_threadsafe(self._go.set)

    async def _start(self) -> None:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, process_request=_page, compression=None, ping_interval=None, close_timeout=0.5
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        for task in self._answering:
            task.cancel()
        self._server.close()
        await self._server.wait_closed()

    # What is said.

    async def _say(self, socket: ServerConnection, frames: list[bytes], pace: float, every: int) -> None:
        """Write the frames when they are due."""
        self.sent, count = [], len(frames)
        begin, at = time.perf_counter(), 0
        while at < count:
            due = min(count, 1 + int((time.perf_counter() - begin) * pace))
            if due > at:
                now = time.time()
                self.sent += [now] * (streams.marks(due, every) - streams.marks(at, every))
                socket.transport.write(b"".join(frames[at:due]))
                at = due
            await asyncio.sleep(max(TICK, begin + at / pace - time.perf_counter()))

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        address = urlsplit(socket.request.path)
        if address.path == "/acp":
            await self._converse(socket)
            return
        told = {name: values[0] for name, values in parse_qs(address.query).items()}
        every = int(told["every"])
        chunks = streams.chunks(told["kind"], int(told["count"]), every)
        frames = [_frame({"type": "response", "content": chunk}) for chunk in chunks]
        await socket.recv()  # it is ready
        await self._say(socket, frames, float(told["pace"]), every)
        await socket.send(json.dumps({"type": "complete"}))
        await socket.wait_closed()

    async def _converse(self, socket: ServerConnection) -> None:
        session = ""
        async for frame in socket:
            message = json.loads(frame)
            params = message.get("params", {})
            result: dict[str, Any] = {}
            match message.get("method"):
                case "initialize":
                    result = {"protocolVersion": 1, "agentInfo": {"name": "feed", "version": "1"}}
                    result["agentCapabilities"] = {"loadSession": True}
                case "session/new":
                    self._sessions += 1
                    session = f"20261122_{self._sessions}"
                    result = {"sessionId": session}
                case "session/load":
                    session = params["sessionId"]
                    for prompt, reply in self.histories[session]:
                        for said in (update(session, prompt, "", "user"), update(session, reply, prompt)):
                            await socket.send(json.dumps(said))
                    result = {"_meta": {"replaySkipped": 1}}
                case "session/prompt":
                    task = asyncio.create_task(self._turn(socket, session, message["id"], params["prompt"][0]["text"]))
                    self._answering.add(task)
                    task.add_done_callback(self._answering.discard)
                    continue
            if "id" in message:
                await socket.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}))

    async def _turn(self, socket: ServerConnection, session: str, rpc_id: int, prompt: str) -> None:
        kind, count, pace, every, *wait = prompt.split()
        chunks = streams.chunks(kind, int(count), int(every))
        frames = [_frame(update(session, chunk, f"m{rpc_id}")) for chunk in chunks]
        self.size = sum(len(chunk.encode()) for chunk in chunks)
        if wait:
            self.waits.set()
            await self._go.wait()
            self._go.clear()
            self.waits.clear()
        await self._say(socket, frames, float(pace), int(every))
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": rpc_id, "result": {"stopReason": "end_turn"}}))


def update(session: str, chunk: str, message_id: str, who: str = "agent") -> dict[str, Any]:
    """The message with which goose sends a piece of what was said."""
    content = {"type": "text", "text": chunk}
    meta = {"goose": {"created": 1767225600, "messageId": message_id}}
    said = {"sessionUpdate": f"{who}_message_chunk", "content": content, "messageId": message_id, "_meta": meta}
    return {"jsonrpc": "2.0", "method": "session/update", "params": {"sessionId": session, "update": said}}


def _frame(message: dict[str, Any]) -> bytes:
    """A WebSocket frame of a server."""
    data = json.dumps(message).encode()
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack("!H", len(data))
    return b"\x81" + size + data


def _page(connection: ServerConnection, request: Request) -> Response | None:
    """The file of a page; None for what is to become a WebSocket."""
    path = urlsplit(request.path).path
    if path in ("/acp", "/chunks"):
        return None
    file = PAGES / path.rpartition("/")[2]
    if not file.is_file():
        return connection.respond(HTTPStatus.NOT_FOUND, "not found\n")
    body = file.read_bytes()
    mime = {".js": "text/javascript", ".html": "text/html; charset=utf-8"}[file.suffix]
    headers = Headers({"Content-Type": mime, "Content-Length": str(len(body)), "Connection": "close"})
    return Response(200, "OK", headers, body)
