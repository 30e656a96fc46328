"""The arrows of the package point one way, and importing it costs next to nothing."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import goose_widget
from support.goose import PATIENCE

PACKAGE = Path(goose_widget.__file__).parent

# Every module may import those above its line. `protocol` is `protocol/`, with its own order below.
LAYERS = [
    # The demo imports nothing of ours.
    {"demo.chart", "demo.commands", "demo.page", "demo.steps", "demo.texts"},
    {"demo.agent", "demo.history", "demo.sessions"},
    {"demo.frames", "demo.turns"},
    {"demo.requests"},
    {"demo.acp", "demo.web"},
    {"demo.server"},
    {"demo"},
    {"demo.__main__"},
    {"_version", "errors", "events", "loop", "markdown", "notebook", "plain", "private"},
    {"turn"},
    {"actions", "certificates", "cookies", "lines", "lock", "proxies", "saved", "settings", "tame", "transcript"},
    {"attachments", "files"},
    {"continuing", "http", "queue", "redact", "session_file"},
    {"sessions"},
    {"search", "store"},
    {"protocol.requests"},
    {"protocol"},
    {"protocol.frames", "protocol.content"},
    {"protocol.jsonrpc", "protocol.web_saved"},
    {"protocol.acp_requests", "protocol.acp_values"},
    {"protocol.acp", "protocol.web"},
    {"history", "facts", "find", "entries", "messages", "reply", "permission", "endpoint"},
    {"document", "export_html", "export_markdown", "journal", "printout", "mirror", "supervise", "recording"},
    {"export", "imported", "log"},
    {"conversation"},
    {"link"},
    {"prompting"},
    {"session", "server"},
    {"connection", "pace", "target"},
    {"client", "answers", "replay", "terms"},
    {"asks"},
    {"room"},
    {"library", "shown", "visit"},
    {"removal"},
    {"shelf"},
    {"chat", "page"},
    {"widget"},
    {""},  # the package itself
]
LAYER = {module: number for number, layer in enumerate(LAYERS) for module in layer}


def modules() -> dict[str, Path]:
    """Every module of the package by its name in it: "events", "protocol.acp", "" for the package."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
        for path in PACKAGE.rglob("*.py")
    }


def imports(module: str, path: Path) -> set[str]:
    """The package's modules that a module imports when it runs; for type checkers only does not count."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in runtime(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(alias.name.split(".")[0] == "goose_widget" for alias in node.names), "import it relatively"
        if isinstance(node, ast.ImportFrom) and node.level:
            parents = package.split(".") if package else []
            base = ".".join([*parents[: len(parents) + 1 - node.level], *filter(None, [node.module])])
            for alias in node.names:
                name = ".".join(filter(None, [base, alias.name]))
                found.add(name if name in KNOWN else base)
    return found


def runtime(node: ast.AST) -> list[ast.AST]:
    """`node` and all below it, without what is under `if TYPE_CHECKING:`."""
    nodes = [node]
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            nodes += runtime(child)
    return nodes


KNOWN = modules()


def test_every_module_has_its_layer() -> None:
    assert KNOWN.keys() == LAYER.keys()


def test_the_guide_says_where_every_module_is() -> None:
    guide = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "_version.py"}
    assert {name for name in names if not re.search(rf"\b{name}`", guide)} == set()


@pytest.mark.parametrize("module", sorted(KNOWN))
def test_a_module_imports_only_what_is_above_it(module: str) -> None:
    upward = {name for name in imports(module, KNOWN[module]) if LAYER[name] >= LAYER[module] and name != module}
    assert upward == set()


@pytest.mark.parametrize(
    "module", ["events", "actions", "transcript", "history", *(m for m in KNOWN if "protocol" in m)]
)
def test_the_core_does_no_io(module: str) -> None:
    tree = ast.parse(KNOWN[module].read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    io = {"asyncio", "threading", "socket", "os", "pathlib", "time", "subprocess", "logging", "websockets", "urllib"}
    assert {name.split(".")[0] for name in names} & io == set()


def test_nothing_above_protocol_knows_a_frame() -> None:
    for codec in ("protocol.acp", "protocol.web"):
        users = {module for module, path in KNOWN.items() if codec in imports(module, path)}
        assert users == {"client"}


def is_demo(module: str) -> bool:
    return module.split(".")[0] == "demo"


def test_the_demo_shares_no_code_with_the_chat() -> None:
    """So it can't confirm our own mistakes."""
    assert {module for module in KNOWN if is_demo(module)} > {"demo", "demo.acp", "demo.web"}
    for module, path in KNOWN.items():
        if is_demo(module):
            assert {name for name in imports(module, path) if not is_demo(name)} == set()
        else:
            used = {name for name in imports(module, path) if is_demo(name)}
            assert used <= ({"demo"} if module == "target" else set())


def test_the_demo_loads_no_server_before_it_starts(tmp_path: Path) -> None:
    code = (
        "import json, sys; from goose_widget import GooseChat; "
        "before = [name for name in sys.modules if 'goose_widget.demo' in name]; "
        "import goose_widget.demo; print(json.dumps([before, 'websockets.asyncio.server' in sys.modules]))"
    )
    assert fresh(code, tmp_path) == [[], False]


def fresh(code: str, folder: Path) -> Any:
    """What `code` prints as JSON in a new interpreter that runs in `folder`."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_importing_starts_no_thread_and_writes_nothing(tmp_path: Path) -> None:
    code = (
        "import json, os, threading; from goose_widget import GooseChat; "
        "print(json.dumps([threading.active_count(), os.listdir()]))"
    )
    assert fresh(code, tmp_path) == [1, []]


HEAVY = ["acp", "jupyter_server", "jupyterlab", "matplotlib", "notebook", "numpy", "pandas", "pydantic", "requests"]


def test_importing_brings_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import json, sys; from goose_widget import GooseChat; "
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    )
    assert fresh(code, tmp_path) == []


def test_importing_the_package_alone_loads_nothing_of_it(tmp_path: Path) -> None:
    code = "import json, sys, goose_widget; print(json.dumps([name for name in sys.modules if 'goose' in name]))"
    assert set(fresh(code, tmp_path)) == {"goose_widget", "goose_widget._version"}


def test_the_public_names_are_these() -> None:
    assert goose_widget.__all__ == ["Chat", "GooseChat", "Question", "Reply", "__version__", "errors", "events"]
    assert all(hasattr(goose_widget, name) for name in goose_widget.__all__)
    assert dir(goose_widget) == goose_widget.__all__
    assert not hasattr(goose_widget, "Chatt")
