"""A scripted stand-in for a language model: an OpenAI-compatible endpoint on loopback, for tests and `make lab`.

The real goose talks to it as to any provider, so its tools, permissions, sessions and streaming are real, offline and
the same on every run. A reply depends on nothing but the request: on the last user message and on the results of the
tools called since. What to write to it (`NAME: ARGUMENTS`; arguments are split at " | " and the last one may hold
more of them; a message may have several lines):

    say: TEXT                   streams TEXT word by word
    slow: N MS                  streams "word0 word1 … ", N words, one each MS milliseconds
    big: N                      N kilobytes of text in lines of 64 characters
    markdown                    a page of Markdown: headings, lists, a table, code, quotes, a link, maths
    think: THOUGHT | TEXT       streams THOUGHT as reasoning, then TEXT
    shell: COMMAND              runs COMMAND with goose's shell tool, then tells its output
    two-shells: A | B           both commands as two calls in one reply, then tells their outputs
    shells: A | B | …           as many calls in one reply as there are commands
    steps: A | B | …            one command after another, each announced with a line of text ("step 1 of 2")
    write: PATH | CONTENT       writes a file with goose's write tool
    edit: PATH | OLD | NEW      replaces text with goose's edit tool
    image: PATH                 shows goose an image file or address with its read_image tool
    todo: TEXT                  writes a list with goose's todo tool (an extension which must be on)
    fail-tool                   calls the edit tool on a file that does not exist
    unknown-tool                calls a tool that no one has
    remember: X                 says that it will
    recall                      tells every X that a user message of this conversation asked to remember
    hang                        answers nothing at all (goose 1.52 hears no cancel before the first byte of a reply;
                                to cancel while the model is silent use `slow: 1 600000`)
    cut: TEXT                   streams TEXT and drops the connection without an end
    error                       answers HTTP 500 (goose tries again for some seconds, then says so in the chat)

Anything else gets an echo which says that no model is there. After tools have run, the final text is "Done: " and
what they returned, as goose tells it to a model. goose's own request for a title is answered with the first four
words of the conversation.

    with ScriptedModel() as model:
        model.url        # for OPENAI_HOST
        model.requests   # every request's JSON, oldest first
        model.prompts    # what users wrote, without what goose added; title requests left out
        model.conversations   # the messages of the same requests

    python tests/support/model.py --port 0     # prints its port, serves until it is killed
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Json = dict[str, Any]

MARKDOWN = """\
# A page of Markdown

Some **bold**, some *italic*, some `inline code`, ~~old~~ text and [a link](https://example.org/ "Example").

## Code

```python
def area(radius: float) -> float:
    \"\"\"Area of a circle.\"\"\"
    return 3.14159 * radius**2  # <b>not bold</b>
```

```sh
echo "hello" | wc -c
```

## Lists

1. first
2. second
   - nested *one*
   - nested two
3. third

- [x] done
- [ ] to do

## Table

| city | people | share |
|:-----|-------:|:-----:|
| Oslo | 709,000 | `12 %` |
| Bergen | 291,000 | 5 % |

> A quotation
> in two lines.

Maths: $e^{i\\pi} + 1 = 0$ and

$$\\int_0^1 x^2\\,dx = \\frac{1}{3}$$

<script>alert("raw HTML is text")</script>

---

The end.
"""


@dataclass(frozen=True)
class Call:
    """One tool call of a reply."""

    name: str
    arguments: Json


@dataclass(frozen=True)
class Reply:
    """What the model answers to one request; `text` and `thought` are streamed piece by piece, thought first."""

    text: Sequence[str] = ()
    thought: Sequence[str] = ()
    calls: Sequence[Call] = ()
    pause: float = 0.0  # seconds before each piece of text
    status: int = 200
    hang: bool = False
    cut: bool = False


# -- the script: pure functions of the request --------------------------------------------------------------------


def reply_to(request: Json) -> Reply:
    """The scripted reply to the JSON of a `POST /v1/chat/completions`."""
    messages: list[Json] = request.get("messages", [])
    if is_title_request(request):
        return Reply(text=[title_of(messages)])
    prompt, results = current_turn(messages)
    name, _, rest = prompt.partition(":")
    rest = rest.strip()
    match name.strip():
        case "say":
            return Reply(text=words(rest))
        case "slow":
            count, milliseconds = (int(number) for number in rest.split())
            return Reply(text=[f"word{n} " for n in range(count)], pause=milliseconds / 1000)
        case "list":
            return Reply(text=[f"- item {n}\n" for n in range(int(rest))], pause=0.001)
        case "table":
            return Reply(text=["| name | value |\n|---|---|\n", *(f"| row {n} | {n} |\n" for n in range(int(rest)))])
        case "big":
            return Reply(text=[f"line {n:05d} ".ljust(63, ".") + "\n" for n in range(int(rest) * 16)])
        case "markdown":
            return Reply(text=words(MARKDOWN))
        case "think":
            thought, text = arguments(rest, 2)
            return Reply(thought=words(thought), text=words(text))
        case "remember":
            return Reply(text=words("I will remember that."))
        case "recall":
            return Reply(text=words(recollection(messages)))
        case "hang":
            return Reply(hang=True)
        case "cut":
            return Reply(text=words(rest), cut=True)
        case "error":
            return Reply(status=500)
    replies = tool_replies(name.strip(), rest)
    if replies is None:
        return Reply(text=words(f"I am a scripted model, so I can only repeat: {prompt}"))
    # Each round of calls has been answered by as many results: what is left over says which round is next.
    done = len(results)
    for reply in replies:
        if done <= 0:
            return reply
        done -= len(reply.calls)
    return Reply(text=words("Done: " + "\n".join(results)))


def tool_replies(name: str, rest: str) -> list[Reply] | None:
    """The replies with tool calls which prompt `name: rest` leads to, in order; None if it is no tool prompt."""
    match name:
        case "shell":
            return [Reply(calls=[shell(rest)])]
        case "two-shells":
            return [Reply(calls=[shell(command) for command in arguments(rest, 2)])]
        case "shells":
            return [Reply(calls=[shell(command) for command in rest.split(" | ")])]
        case "steps":
            commands = rest.split(" | ")
            return [
                Reply(text=words(f"step {number} of {len(commands)}"), calls=[shell(command)])
                for number, command in enumerate(commands, 1)
            ]
        case "write":
            path, content = arguments(rest, 2)
            return [Reply(calls=[Call("write", {"path": path, "content": content})])]
        case "edit":
            path, before, after = arguments(rest, 3)
            return [Reply(calls=[Call("edit", {"path": path, "before": before, "after": after})])]
        case "image":
            return [Reply(calls=[Call("read_image", {"source": rest})])]
        case "todo":
            return [Reply(calls=[Call("todo__todo_write", {"content": rest})])]
        case "fail-tool":
            return [Reply(calls=[Call("edit", {"path": "no-such-file.txt", "before": "a", "after": "b"})])]
        case "unknown-tool":
            return [Reply(calls=[Call("no_such_tool", {})])]
    return None


def shell(command: str) -> Call:
    return Call("shell", {"command": command})


def arguments(text: str, count: int) -> list[str]:
    """`text` split at " | " into `count` parts; parts that are missing are empty."""
    parts = text.split(" | ", count - 1)
    return parts + [""] * (count - len(parts))


def words(text: str) -> list[str]:
    """`text` in pieces of a word and the white space after it; joined they are `text` again."""
    return re.findall(r"\s*\S+\s*", text)


def is_title_request(request: Json) -> bool:
    messages = request.get("messages", [])
    return bool(messages) and not request.get("tools") and "short title" in text_of(messages[0])


def title_of(messages: list[Json]) -> str:
    found = re.search(r"---BEGIN USER MESSAGES---\s*(.*?)\s*---END", text_of(messages[-1]), re.DOTALL)
    return " ".join(found[1].split()[:4]) if found else "Untitled"


def text_of(message: Json) -> str:
    """The text of a message whose content is a string or a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content if part.get("type") == "text")


def user_texts(message: Json) -> list[str]:
    """What the user wrote in one message of the request, without goose's additions.

    goose puts a `<turn-context>` block behind the text, and joins messages that no reply came between.
    """
    pieces = re.split(r"<turn-context>.*?</turn-context>", text_of(message), flags=re.DOTALL)
    return [piece.strip() for piece in pieces if piece.strip()]


def current_turn(messages: list[Json]) -> tuple[str, list[str]]:
    """The prompt that is to be answered, and the results of the tools called since, oldest first."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].get("role") == "user" and (texts := user_texts(messages[index])):
            return texts[-1], [text_of(later) for later in messages[index + 1 :] if later.get("role") == "tool"]
    return "", []


def recollection(messages: list[Json]) -> str:
    texts = [text for message in messages if message.get("role") == "user" for text in user_texts(message)]
    facts = [line.removeprefix("remember:").strip() for text in texts for line in text.splitlines()
             if line.startswith("remember:")]  # fmt: skip
    return "You told me: " + ", ".join(facts) if facts else "You told me nothing."


# -- the wire: what a reply looks like in the OpenAI format ---------------------------------------------------------


def pieces(reply: Reply) -> Iterator[tuple[Json, float]]:
    """The deltas of a streamed reply, each with the seconds to wait before it."""
    yield {"role": "assistant", "content": ""}, 0.0
    for piece in reply.thought:
        yield {"reasoning_content": piece}, reply.pause
    for piece in reply.text:
        yield {"content": piece}, reply.pause
    for index, call in enumerate(reply.calls):
        yield {"tool_calls": [{"index": index, **function_call(call, index)}]}, 0.0


# A provider never gives two calls the same id; goose shows a call's id to its client as `toolCallId`.
call_numbers = itertools.count(1)


def function_call(call: Call, index: int) -> Json:
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": f"call_{next(call_numbers)}_{index}", "type": "function", "function": function}


def finish_reason(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def usage(request: Json, reply: Reply) -> Json:
    """Token counts: four characters of the request, or one piece of the reply, are a token."""
    sent = len(json.dumps(request.get("messages", []))) // 4
    received = len(reply.text) + len(reply.thought) + len(reply.calls)
    return {"prompt_tokens": sent, "completion_tokens": received, "total_tokens": sent + received}


def whole_message(reply: Reply) -> Json:
    message: Json = {"role": "assistant", "content": "".join(reply.text)}
    if reply.thought:
        message["reasoning_content"] = "".join(reply.thought)
    if reply.calls:
        message["tool_calls"] = [function_call(call, index) for index, call in enumerate(reply.calls)]
    return message


# -- the server -----------------------------------------------------------------------------------------------------


class Gone(Exception):
    """goose has closed its connection, or the server is being closed."""


class ScriptedModel:
    """The endpoint: a context manager that serves on a thread from `with` until its end.

    Args:
        port: TCP port on 127.0.0.1; 0 takes a free one.
        script: pure function of a request's JSON, for a test that needs another model.
    """

    def __init__(self, *, port: int = 0, script: Callable[[Json], Reply] = reply_to) -> None:
        self.requests: list[Json] = []
        self.script = script
        self.closing = threading.Event()
        self.numbers = itertools.count(1)
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.model = self
        self.port: int = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> ScriptedModel:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def prompts(self) -> list[str]:
        """The prompts asked for so far, one for each request of goose's agent; tool rounds repeat their prompt."""
        return [current_turn(messages)[0] for messages in self.conversations]

    @property
    def conversations(self) -> list[list[Json]]:
        """The messages of each request of goose's agent so far; a title is asked for at any time between them."""
        return [request["messages"] for request in self.requests if not is_title_request(request)]

    def close(self) -> None:
        self.closing.set()
        if self.thread.is_alive():
            self.server.shutdown()
        self.server.server_close()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ScriptedModel

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that goose closes early is ordinary."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    # Many small writes: without this each piece waits for the acknowledgement of the one before it (40 ms).
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: standard error belongs to the tests."""

    def do_GET(self) -> None:
        if self.path.rstrip("/").endswith("/models"):
            self.send_json(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})
        else:
            self.send_json(404, {"error": {"message": f"no such path: {self.path}"}})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.endswith("/chat/completions"):
            self.send_json(404, {"error": {"message": f"no such path: {self.path}"}})
            return
        request: Json = json.loads(body)
        self.server.model.requests.append(request)
        try:
            reply = self.server.model.script(request)
        except ValueError as error:
            reply = Reply(text=[f"The script can't read that: {error}"])
        try:
            self.answer(request, reply)
        except (Gone, ConnectionError):
            self.close_connection = True

    def answer(self, request: Json, reply: Reply) -> None:
        if reply.hang:
            self.wait(float("inf"))
        elif reply.status != 200:
            self.send_json(reply.status, {"error": {"message": "scripted failure", "type": "server_error"}})
        elif request.get("stream"):
            self.stream(request, reply)
        else:
            self.wait(reply.pause * len(reply.text))
            choice = {"index": 0, "message": whole_message(reply), "finish_reason": finish_reason(reply)}
            head = {"object": "chat.completion", **self.identity(request)}
            self.send_json(200, {**head, "choices": [choice], "usage": usage(request, reply)})

    def stream(self, request: Json, reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        head = {"object": "chat.completion.chunk", **self.identity(request)}
        for delta, pause in pieces(reply):
            self.wait(pause)
            self.send_event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        if not reply.cut:
            end = {"index": 0, "delta": {}, "finish_reason": finish_reason(reply)}
            self.send_event({**head, "choices": [end], "usage": usage(request, reply)})
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def identity(self, request: Json) -> Json:
        """A reply's id has to be new: goose passes it on as the `messageId` of what it streams."""
        number = next(self.server.model.numbers)
        return {"id": f"scripted-{number}", "created": int(time.time()), "model": request.get("model", "scripted")}

    def wait(self, seconds: float) -> None:
        """Waits, or raises Gone as soon as goose has hung up or the server closes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.server.model.closing.is_set():
                raise Gone
            self.connection.settimeout(min(left, 0.1))
            try:
                # goose sends nothing while it waits for the answer: whatever can be read now is the end.
                if not self.connection.recv(1):
                    raise Gone
            except TimeoutError:
                pass
            finally:
                self.connection.settimeout(None)

    def send_event(self, data: Json) -> None:
        self.wfile.write(b"data: " + json.dumps(data).encode() + b"\n\n")

    def send_json(self, status: int, data: Json) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve a scripted model on loopback.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    with ScriptedModel(port=parser.parse_args().port) as model:
        print(model.port, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            model.thread.join()


if __name__ == "__main__":
    main()
