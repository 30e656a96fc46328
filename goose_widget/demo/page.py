"""The page at `/session/{id}`, where `goose web` has its chat."""

from __future__ import annotations

from typing import Final

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"

HTML: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Demo of goose-widget</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40em; margin: 4em auto; padding: 0 1em; }
  code { font-family: ui-monospace, monospace; }
</style>
<h1>Demo of goose-widget</h1>
<p>This is a server with a scripted agent: no model, no network, and no tool that does anything.
It answers in the protocols of <code>goose web</code> (<code>/ws</code>) and <code>goose serve</code>
(<code>/acp</code>). It has no chat of its own: attach to it from a notebook.</p>
<pre><code>from goose_widget import GooseChat

GooseChat(server="http://127.0.0.1:PORT")  # the address of this page</code></pre>
"""
