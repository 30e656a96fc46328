"""What every server of the tests does at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection


async def close(server: Server, sockets: Iterable[ServerConnection], port: int) -> None:
    """Cut every connection to a server that listens on `port`, and end it."""
    for socket in sockets:
        socket.transport.abort()
    await stop_accepting(server.sockets)
    server.close()
    await server.wait_closed()
    await abort_left(port)


async def stop_accepting(listening: Iterable[Any]) -> None:
    """Let nobody in any more, before a server is closed: who knocks meanwhile would be left on the doorstep, open."""
    for each in listening:
        asyncio.get_running_loop().remove_reader(each.fileno())
    await asyncio.sleep(0.01)  # who was let in already gets his connection in the loop's next rounds


async def abort_left(port: int) -> None:
    """Cut what is left of connections with a server that listened on this port."""
    # A connection that was accepted while the server closed belongs to nobody: only the loop knows of it,
    # and only in its next rounds.
    await asyncio.sleep(0.02)
    for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
        if (transport.get_extra_info("sockname") or ("", 0))[1] == port:
            transport.abort()
    await asyncio.sleep(0.02)  # the loop closes aborted transports in its next rounds
