"""The demo's commands, and how a prompt names one."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Command(NamedTuple):
    """What `/help` says of a command; `hint` is what may follow it."""

    description: str
    hint: str = ""


COMMANDS: Final = {
    "help": Command("List these commands"),
    "tour": Command("One of everything: a thought, a plan, tools, a question, a rich reply"),
    "markdown": Command("A reply with lists, code, a table, maths and a picture"),
    "code": Command("Code in two languages"),
    "table": Command("A table"),
    "image": Command("A tool that draws a chart"),
    "say": Command("Stream your own Markdown back to you", "Markdown"),
    "think": Command("A thought before the reply"),
    "tool": Command("A command with live output"),
    "edit": Command("A change to a file, which needs permission"),
    "ask": Command("Ask for permission, and tell what came of it"),
    "plan": Command("A plan whose steps get done one by one"),
    "slow": Command("A slow reply, to be stopped", "seconds, 20 if not given"),
    "long": Command("A long reply", "lines, 200 if not given"),
    "fail": Command("A turn that fails; with `tool`, a tool that fails", "tool"),
    "crash": Command("Break the connection without a goodbye"),
    "remember": Command("Show that this session remembers what you wrote"),
}


def command(prompt: str) -> tuple[str, str]:
    """Name and rest of a command; ("", "") for what is none. A plain word, or one with a number, is a command too."""
    prompt = prompt.strip()
    if match := re.fullmatch(r"/(\S+)\s*(.*)", prompt, re.DOTALL):
        return match[1].lower(), match[2]
    if (match := re.fullmatch(r"(\w+)(?:\s+(\d+))?[.!?]?", prompt)) and match[1].lower() in COMMANDS:
        return match[1].lower(), match[2] or ""
    return "", ""


def listed() -> str:
    """All commands as a Markdown list."""
    return "".join(
        f"- `/{name}`: {each.description[0].lower()}{each.description[1:]}\n" for name, each in COMMANDS.items()
    )
