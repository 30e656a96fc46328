"""A conversation as one HTML file that is pleasant to read, on a screen and on paper.

It has no script and asks nobody for anything, and its content security policy holds a browser to that. It follows the
reader's light or dark.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any, Final

from .entries import (
    Address,
    Code,
    Fold,
    Line,
    Part,
    Picture,
    Prose,
    Quote,
    Tasks,
    parts_of,
    speaker_of,
)
from .markdown import LONGEST, link, markdown
from .plain import clean, revealed
from .transcript import Item

_CONTENTS: Final = 4  # prompts from which on there is a table of them

_HEAD: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
"""

_STYLE: Final = """\
<style>
:root {
  color-scheme: light dark;
  --page: #fbfaf8; --card: #fff; --text: #1f2328; --dim: #646c76; --line: #e3e0da; --code: #f3f1ed;
  --you: #eef3fb; --you-line: #c9d8f0; --accent: #2f5fb3; --bad: #b3261e; --good: #2e7d4f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --card: #1c1f23; --text: #e4e6e9; --dim: #98a0aa; --line: #30343a; --code: #23272c;
    --you: #1e2a3d; --you-line: #31456a; --accent: #8ab4f8; --bad: #f2857c; --good: #7cc79a;
  }
}
* { box-sizing: border-box }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100% }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.62 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 48rem; margin: 0 auto; padding: 3rem 1.25rem 5rem; overflow-wrap: anywhere }
header { padding-bottom: 1.25rem; margin-bottom: 2rem; border-bottom: 1px solid var(--line) }
h1 { margin: 0 0 .4rem; font-size: 1.9rem; line-height: 1.25; letter-spacing: -.015em; text-wrap: balance }
.facts { margin: 0; color: var(--dim); font-size: .875rem }
a { color: var(--accent); text-underline-offset: .15em }
nav { margin: 0 0 2.5rem; font-size: .925rem }
nav summary { color: var(--dim); font-weight: 600 }
nav ol { margin: .5rem 0 0; padding-left: 2.2rem; color: var(--dim) }
nav li { padding: .1rem 0 }
nav a {
  display: -webkit-box; -webkit-line-clamp: 1; -webkit-box-orient: vertical; overflow: hidden; text-decoration: none;
}
nav a:hover { text-decoration: underline }
.you, .goose { margin: 0 0 1.75rem }
.who { display: flex; gap: .75rem; align-items: baseline; margin: 0 0 .35rem; font-size: .875rem; font-weight: 650 }
.who time, .who a { color: var(--dim); font-weight: 400; font-size: .8rem; text-decoration: none }
.who a { opacity: 0 }
.you:hover .who a, .who a:focus { opacity: 1 }
.you { scroll-margin-top: 1rem; padding-top: 1rem }
.you .said {
  padding: .75rem 1.1rem; background: var(--you); border: 1px solid var(--you-line); border-radius: .75rem;
}
.you .said > :first-child, .goose > .who + *, details > summary + * { margin-top: 0 }
.you .said > :last-child { margin-bottom: 0 }
.quote { margin: 0 0 .75rem; white-space: pre-wrap; tab-size: 4 }
p, ul, ol, blockquote, table { margin: 0 0 .9rem }
h3, h4, h5, h6 { margin: 1.6rem 0 .5rem; line-height: 1.3 }
h3 { font-size: 1.3rem } h4 { font-size: 1.12rem } h5, h6 { font-size: 1rem }
li > p { margin: .25rem 0 } li > :is(ul, ol), blockquote > :last-child { margin-bottom: 0 }
blockquote { padding: .1rem 1rem; border-left: 3px solid var(--line); color: var(--dim) }
hr { border: 0; border-top: 1px solid var(--line); margin: 1.75rem 0 }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; tab-size: 4 }
code { padding: .12em .35em; border-radius: .3em; background: var(--code) }
pre {
  margin: 0 0 .9rem; padding: .8rem 1rem; overflow: auto; border-radius: .6rem; background: var(--code);
  border: 1px solid var(--line); overflow-wrap: normal;
}
pre code { padding: 0; background: none; font-size: 1em }
table { display: block; overflow-x: auto; border-collapse: collapse; font-size: .94em; overflow-wrap: normal }
th, td { padding: .4rem .8rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top }
th { border-bottom-width: 2px }
img { display: block; max-width: 100%; height: auto; border-radius: .4rem; background: #fff }
details { margin: 0 0 .9rem; border: 1px solid var(--line); border-radius: .6rem; background: var(--card) }
summary { padding: .45rem .9rem; cursor: pointer; font-size: .9rem; color: var(--dim) }
summary:hover { color: var(--text) }
summary:focus-visible { outline: 2px solid var(--accent); border-radius: .6rem }
.tool > summary { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .82rem }
.tool.flat { border: 1px solid var(--line); border-radius: .6rem; padding: .45rem .9rem; color: var(--dim) }
.mark { font-weight: 700 } .completed .mark { color: var(--good) }
.failed .mark, .interrupted .mark { color: var(--bad) }
details[open] > summary { border-bottom: 1px solid var(--line); margin-bottom: .75rem }
details > :not(summary) { margin-left: .9rem; margin-right: .9rem }
details pre { max-height: 32rem }
nav details, nav details[open] > summary { border: 0; background: none; margin: 0 }
nav summary { padding: 0 }
.thought .quote { color: var(--dim); font-style: italic }
.remark { color: var(--dim); font-size: .9rem; font-style: italic }
.notice { padding-left: .8rem; border-left: 3px solid var(--line) }
.notice.error { border-color: var(--bad) }
.tasks { list-style: none; padding-left: .3rem }
@media (max-width: 34rem) { main { padding: 1.5rem 1rem 3rem } h1 { font-size: 1.5rem } }
@media print {
  :root { --page: #fff; --card: #fff; --text: #000; --dim: #444; --line: #ccc; --code: #f5f5f5; --you: #f3f3f3;
    --you-line: #ccc; --accent: #000; color-scheme: light }
  body { font-size: 10.5pt } main { max-width: none; padding: 0 } nav, .who a { display: none }
  pre, details pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: none }
  details::details-content { content-visibility: visible; block-size: auto }
  .who, h3, h4, summary { break-after: avoid } img, tr { break-inside: avoid }
}
</style>
"""


def to_page(items: list[Item], *, title: str, facts: str) -> str:
    """The conversation as an HTML page.

    Args:
        items: of the transcript, with the shapes of `js/src/wire.ts`; what has another one is shown as far as it goes.
        title: its heading.
        facts: the line below that.
    """
    heading = escape(revealed(" ".join(title.split())))
    head = f"{_HEAD}<title>{heading}</title>\n{_STYLE}</head>\n"
    header = f'<header>\n<h1>{heading}</h1>\n<p class="facts">{escape(facts)}</p>\n</header>\n'
    body = _contents(items) + (_turns(items) or '<p class="remark">Nothing said yet.</p>\n')
    return f"{head}<body>\n<main>\n{header}{body}</main>\n</body>\n</html>\n"


def _contents(items: list[Item]) -> str:
    """The table of prompts, where they are many."""
    prompts = [item for item in items if speaker_of(item) == "You"]
    if len(prompts) < _CONTENTS:
        return ""
    rows = "".join(
        f'<li><a href="#prompt-{number}">{escape(_first_line(item))}</a></li>\n'
        for number, item in enumerate(prompts, 1)
    )
    is_open = " open" * (len(prompts) <= 30)
    return f"<nav>\n<details{is_open}><summary>Prompts</summary>\n<ol>\n{rows}</ol>\n</details>\n</nav>\n"


def _first_line(item: Item) -> str:
    said = next((part.text for part in parts_of(item) if isinstance(part, Quote)), "")
    line = revealed(next((line.strip() for line in said.split("\n") if line.strip()), "(no text)"))
    return line if len(line) <= 160 else f"{line[:159]}…"


def _turns(items: list[Item]) -> str:
    written: list[str] = []
    number, speaker = 0, ""
    for item in items:
        about = item if isinstance(item, dict) else {}
        who, body = speaker_of(item), "".join(_html(part, about) for part in parts_of(item))
        if who == "You":
            number += 1
            written.append("</section>\n" * bool(speaker))
            here = f'<a href="#prompt-{number}" aria-label="Link to this prompt">#</a>'
            written.append(f'<section class="you" id="prompt-{number}">\n')
            written.append(f'<div class="who">You {_clock(about)}{here}</div>\n<div class="said">\n{body}</div>\n')
        else:
            if who != speaker:
                written.append("</section>\n" * bool(speaker))
                written.append('<section class="goose">\n<div class="who">goose</div>\n')
            written.append(body)
        speaker = who
    return "".join(written) + "</section>\n" * bool(speaker)


def _clock(item: Any) -> str:
    try:
        moment = datetime.fromtimestamp(item["time"]).astimezone()
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return ""
    stamp = moment.isoformat(timespec="seconds")
    return f'<time datetime="{stamp}">{moment.day} {moment:%b %Y, %H:%M}</time> '


def _html(part: Part, item: Item) -> str:
    match part:
        case Quote(text):
            return f'<p class="quote">{escape(text)}</p>\n'
        case Prose(text):
            return markdown(text, headings=True) if len(text) <= LONGEST else f'<p class="quote">{escape(text)}</p>\n'
        case Line(text):
            kind = f" notice {_level(item)}" if item.get("kind") == "notice" else ""
            return f'<p class="remark{kind}">{escape(clean(text))}</p>\n'
        case Code(text):
            return f"<pre><code>{escape(text)}\n</code></pre>\n"
        case Tasks(entries):
            return '<ul class="tasks">\n' + "".join(f"<li>{escape(entry)}</li>\n" for entry in entries) + "</ul>\n"
        case Picture(mime, data):
            return f'<p><img src="data:{mime};base64,{"".join(data.split())}" alt="A picture"></p>\n'
        case Address(uri, name):
            return f"<p>{link(clean(uri), revealed(name))}</p>\n"
        case Fold(title, ()):
            return f'<p class="tool flat {_status(item)}">{_marked(title, item)}</p>\n'
        case Fold(title, parts, is_open):
            inside = "".join(_html(each, item) for each in parts)
            kind = "thought" if item.get("kind") == "thought" else f"tool {_status(item)}"
            summary = f"<summary>{_marked(title, item)}</summary>"
            return f'<details class="{kind}"{" open" * is_open}>{summary}\n{inside}</details>\n'


def _status(item: Item) -> str:
    status = item.get("status")
    return status if status in ("completed", "failed", "cancelled", "interrupted") else "running"


def _level(item: Item) -> str:
    level = item.get("level")
    return level if level in ("info", "warning", "error") else "info"


def _marked(title: str, item: Item) -> str:
    if item.get("kind") != "tool":
        return escape(title)
    return f'<span class="mark">{escape(title[:1])}</span>{escape(title[1:])}'
