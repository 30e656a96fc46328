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
    # A connection that was accepted while the server closed belongs to nobody: only the loop knows of it.
    await asyncio.sleep(0.02)
    for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
        if (transport.get_extra_info("sockname") or ("", 0))[1] == port:
            transport.abort()
    await asyncio.sleep(0.02)  # the loop closes aborted transports in its next rounds
