"""A `goose` that misbehaves on order, for what the real one can't be made to do. Standard library only.

The variable FAKE_GOOSE names a folder; its file `plan` holds a word for each start, the last one for all further ones:

    serve       answers like goose: GET /health, and GET /acp with 406, without its key 401
    lost        finds its port taken, as goose says it
    foreign     never serves, while another goose, with another key, has the port
    mute        listens and never answers
    old         knows no `serve`
    crash       says why, in three lines with colours, its key and bytes that are no text, and exits with code 3
    flood       writes 4 MiB to its log, then serves
    stubborn    ignores SIGTERM and serves

Every start adds a line with its process id to the folder's file `starts`.
"""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
import threading
from pathlib import Path


def install(folder: Path, plan: str) -> dict[str, str]:
    """Makes a `goose` in `folder` that follows `plan`. Returns the variables that select it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("plan").write_text(plan)
    program = folder / "goose"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{Path(__file__).absolute()}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"GOOSE_BIN": str(program), "FAKE_GOOSE": str(folder), "PATH": os.environ["PATH"]}


def starts(folder: Path) -> list[int]:
    """The process ids of all starts so far."""
    file = folder / "starts"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def main() -> int:
    folder = Path(os.environ["FAKE_GOOSE"])
    plan = folder.joinpath("plan").read_text().split()
    number = len(starts(folder))
    with folder.joinpath("starts").open("a") as file:
        file.write(f"{os.getpid()}\n")
    port = int(sys.argv[sys.argv.index("--port") + 1])
    key = os.environ["GOOSE_SERVER__SECRET_KEY"]
    match plan[min(number, len(plan) - 1)]:
        case "lost":
            return die("Error: Address already in use (os error 98)", code=1)
        case "old":
            return die("error: unrecognized subcommand 'serve'", code=2)
        case "crash":
            os.write(2, b"\x1b[31mERROR\x1b[0m no luck\nkey " + key.encode() + b"\n\xff\xfe bytes\n")
            return 3
        case "foreign":
            serve(port, "another key")
        case "flood":
            for line in range(2**16):
                os.write(2, f"line {line}".ljust(63).encode() + b"\n")
            serve(port, key)
        case "mute":
            listen(port)
            signal.pause()
        case "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            serve(port, key)
        case "serve":
            serve(port, key)
    return 0


def die(message: str, *, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def listen(port: int) -> socket.socket:
    server = socket.socket()
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def serve(port: int, key: str) -> None:
    server = listen(port)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=answer, args=(connection, key), daemon=True).start()


def answer(connection: socket.socket, key: str) -> None:
    with connection:
        request = connection.recv(65536).decode()
        if request.startswith("GET /health "):
            reply = "200 OK\r\nContent-Length: 2\r\n\r\nok"
        elif f"X-Secret-Key: {key}\r\n" in request:
            reply = "406 Not Acceptable\r\nContent-Length: 0\r\n\r\n"
        else:
            reply = "401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        connection.sendall(f"HTTP/1.1 {reply}".encode())


if __name__ == "__main__":
    sys.exit(main())
