"""Where the notebook is, by what each front end tells the kernel."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def locate(environ: Mapping[str, str], namespace: Mapping[str, Any], cwd: Path) -> tuple[Path, str]:
    """The notebook's folder, and its path ("" if unknown).

    Args:
        environ: JupyterLab and Notebook put the path in `JPY_SESSION_NAME`.
        namespace: the user's globals; VS Code puts the path in `__vsc_ipynb_file__`.
        cwd: the working directory, which is the notebook's folder wherever nothing else is known.
    """
    for candidate in (environ.get("JPY_SESSION_NAME"), namespace.get("__vsc_ipynb_file__")):
        if isinstance(candidate, str) and Path(candidate).is_absolute() and Path(candidate).parent.is_dir():
            return Path(candidate).parent, candidate
    return cwd, ""


def here() -> tuple[Path, str]:
    """`locate` for this process."""
    main = sys.modules.get("__main__")
    return locate(os.environ, vars(main) if main is not None else {}, Path.cwd())
