"""What every server of the tests does at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from websockets.asyncio.server import Server, ServerConnection


async def close(server: Server, sockets: Iterable[ServerConnection], port: int) -> None:
    """Cut every connection to a server that listens on `port`, and end it."""
    for socket in sockets:
        socket.transport.abort()
    server.close()
    await server.wait_closed()
    await abort_left(port)


async def abort_left(*ports: int) -> None:
    """Cut what is left of connections with a server that listened on, or was called at, one of these ports."""
    # A connection that was accepted while the server closed belongs to nobody: only the loop knows of it.
    await asyncio.sleep(0.02)
    for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
        ends = [(transport.get_extra_info(name) or ("", 0))[1] for name in ("sockname", "peername")]
        if set(ends) & set(ports):
            transport.abort()
    await asyncio.sleep(0.02)  # the loop closes aborted transports in its next rounds
