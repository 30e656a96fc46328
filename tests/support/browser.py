"""The browser of the page tests: a Chromium or Chrome that is there, else Debian's, else Playwright's own download.

    python tests/support/browser.py      # installs one if there is none, and says which it is

`GOOSE_TEST_BROWSER` names an executable of your choice.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chrome", "chromium-browser")
MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# The browser has no business outside this machine: without these it looks up its maker's hosts at every start.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)


def launch_options() -> dict[str, Any]:
    """Keyword arguments for Playwright's `chromium.launch()`; its own browser where no executable is named."""
    executable = os.environ.get("GOOSE_TEST_BROWSER") or find()
    return {"args": list(FLAGS)} | ({"executable_path": executable} if executable else {})


def find() -> str | None:
    """The executable of a browser that is installed on this machine and starts, or None."""
    found = [shutil.which(name) for name in NAMES] + [path for path in MAC if Path(path).is_file()]
    return next((path for path in found if path and starts(path, "--version", says="Chrom")), None)


def starts(*command: str, says: str) -> bool:
    """Whether a program runs: Ubuntu's `chromium-browser` may be a script that only says to install a snap."""
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and says in answer.stdout


def playwright_starts() -> bool:
    """Whether Playwright's own Node.js runs here: on a bare Debian it lacks a library."""
    return starts(sys.executable, "-m", "playwright", "--version", says="Version")


def playwrights_own() -> str | None:
    """The executable of the browser that Playwright has downloaded, or None."""
    from playwright.sync_api import sync_playwright

    if not playwright_starts():
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install() -> None:
    """Installs a browser and what Playwright needs to run it. Raises CalledProcessError."""
    if is_debian() and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # Without a font a page has no text. The other recommendations are a desktop's.
        packages = ["chromium", "fonts-liberation", "libatomic1"]
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-q", *command], env=environment, stdin=subprocess.DEVNULL, check=True)
    else:
        # Root may install the system libraries that it needs, too.
        system = ["--with-deps"] if sys.platform == "linux" and os.geteuid() == 0 else []
        subprocess.run([sys.executable, "-m", "playwright", "install", *system, "chromium"], check=True)


def is_debian() -> bool:
    """Debian proper: on Ubuntu the package `chromium` is an empty one that points to a snap."""
    release = Path("/etc/os-release")
    return release.is_file() and "ID=debian" in release.read_text().splitlines()


def chosen() -> str | None:
    return os.environ.get("GOOSE_TEST_BROWSER") or find() or playwrights_own()


def main() -> None:
    try:
        if not (chosen() and playwright_starts()):
            install()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\nNo browser. Install Chromium or Chrome, or name one: GOOSE_TEST_BROWSER=/path/to/it")
    if not playwright_starts():
        sys.exit("Playwright does not start here: a system library is missing. On Debian: apt-get install libatomic1")
    print("browser:", chosen())


if __name__ == "__main__":
    main()
