"""What is built: the sdist, the wheel, and when the bundle in them is made anew."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).resolve().parents[1]
BUNDLE = {f"goose_widget/static/{name}" for name in hatch_build.BUNDLE}


def build(kind: str, source: Path, out: Path, *options: str, path: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m build` with the tools in the folders of `path` and with nothing from a registry."""
    return subprocess.run(
        [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", *options, "--outdir", str(out), str(source)],
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked with file times that say nothing, as an old pip leaves them."""
    folder = tmp_path_factory.mktemp("sdist")
    done = build("sdist", ROOT, folder, path=os.environ["PATH"])
    assert done.returncode == 0, done.stdout
    (archive,) = folder.glob("goose_widget-*.tar.gz")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            assert content, f"{member.name} is not a file"
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())
            time = 0 if path.name in hatch_build.BUNDLE else 1_000_000_000
            os.utime(path, (time, time))
    return folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist on a machine without Node.js, or any other tool."""
    folder = tmp_path_factory.mktemp("wheel")
    done = build("wheel", sdist, folder, path=str(folder))
    assert done.returncode == 0, done.stdout
    (archive,) = folder.glob("goose_widget-*.whl")
    return archive


@pytest.fixture
def tree(sdist: Path, tmp_path: Path) -> Path:
    """A copy of the source tree, to be changed by a test."""
    return Path(shutil.copytree(sdist, tmp_path / "tree"))


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_sdist_has_the_bundle_and_what_it_is_made_from(sdist: Path) -> None:
    assert files(sdist) >= BUNDLE | {
        "hatch_build.py",
        "js/build.mjs",
        "js/package-lock.json",
        "js/src/widget.ts",
        "tests/test_package.py",
        "tests/goose/package-lock.json",
        "LICENSE",
        "README.md",
    }


def test_sdist_has_no_installed_packages_no_binary_and_no_conversations(sdist: Path) -> None:
    unwanted = {"node_modules", "bin", ".goose", ".ipynb_checkpoints", "__pycache__"}
    assert not [name for name in files(sdist) if unwanted & set(name.split("/"))]
    assert sum((sdist / name).stat().st_size for name in files(sdist)) < 20_000_000


def test_wheel_has_the_bundle_and_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {name for name in names if name.startswith("goose_widget/")}
    assert package >= BUNDLE
    assert not [name for name in package if not name.endswith((".py", ".js", ".css", "py.typed"))]
    assert {name.split("/")[0] for name in names - package} == {"goose_widget-0.1.0.dist-info", "goose_widget_nbval.py"}


def test_parts_and_the_bundle_share_the_parts_of_the_page(wheel: Path) -> None:
    """Else a part never gets another one: its registry is a second one, in which nobody can be asked."""
    with zipfile.ZipFile(wheel) as archive:
        names = [f"goose_widget/static/{name}.js" for name in ("widget", "parts/panels", "parts/streaming")]
        keys = [
            set(re.findall(r'Symbol\.for\("(goose-widget [0-9a-f]{16})"\)', archive.read(name).decode()))
            for name in names
        ]
    assert len(keys[0]) == 1
    assert keys == [keys[0]] * 3


def test_the_bundle_is_ascii(wheel: Path) -> None:
    """The page keeps it for each widget, and takes two bytes for a character once any is beyond Latin-1."""
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("goose_widget/static/widget.js").isascii()


def test_wheel_works_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    site = installed(wheel, tmp_path)
    program = """
import goose_widget, pathlib
print(pathlib.Path(goose_widget.__file__).parents[1])
print(len(str(goose_widget.GooseChat._esm)) > 1000, len(str(goose_widget.GooseChat._css)) > 100)
"""
    assert python(program, cwd=tmp_path, site=site).splitlines() == [str(site), "True True"]


def test_package_imports_nothing_that_it_does_not_require() -> None:
    """A package that only the tests install would be missed by every user."""
    required, todo = set(), ["goose-widget"]
    while todo:
        name = todo.pop()
        if name not in required:
            required.add(name)
            with contextlib.suppress(PackageNotFoundError):  # it is for another platform
                todo += [normalized(each) for each in requires(name) or [] if "extra ==" not in each]
    owners = packages_distributions()  # knows not all of them before Python 3.11; those have the module's own name
    imported = {name for path in (ROOT / "goose_widget").rglob("*.py") for name in imports(path)}
    imported -= {*sys.stdlib_module_names, "goose_widget"}
    assert {"anywidget", "websockets"} <= imported
    assert [name for name in imported if not {normalized(owner) for owner in owners.get(name, [name])} & required] == []


def imports(path: Path) -> Iterator[str]:
    """The top-level names of the modules that a file imports from outside its own package."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names):
                yield from (alias.name.split(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.split(".")[0]


def normalized(requirement: str) -> str:
    """The name of a requirement as package indexes write it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


def test_wheel_without_a_bundle_is_refused(tree: Path, tmp_path: Path) -> None:
    shutil.rmtree(tree / "goose_widget/static")
    nowhere = str(tmp_path / "nowhere")
    done = build("wheel", tree, tmp_path / "out", "--skip-dependency-check", path=nowhere)
    assert done.returncode != 0
    assert "the front end's bundle has to be built, and there is no Node.js" in done.stdout

    shutil.rmtree(tree / "js")
    done = build("wheel", tree, tmp_path / "out", "--skip-dependency-check", path=nowhere)
    assert done.returncode != 0
    assert "the front end's bundle is missing, and so are its sources" in done.stdout
    assert not list((tmp_path / "out").glob("*.whl"))


def test_node_is_required_only_where_a_bundle_must_be_built_and_none_is_there(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hatch_build, "ROOT", tree)
    hook = hatch_build.BundleHook.__new__(hatch_build.BundleHook)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert hook.dependencies() == []
    shutil.rmtree(tree / "goose_widget/static")
    assert hook.dependencies() == [hatch_build.NODE_WHEEL]

    for name, text in {"node": "echo v20.19.0", "npm": "true"}.items():
        tool = tmp_path / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/sh\n{text}\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert hook.dependencies() == []
    (tmp_path / "bin/node").write_text("#!/bin/sh\necho v18.20.8\n")
    assert hook.dependencies() == [hatch_build.NODE_WHEEL]


def test_bundle_is_out_of_date_when_a_source_or_itself_is_another(tree: Path) -> None:
    assert hatch_build.is_fresh(tree)
    source, bundle = tree / "js/src/widget.ts", tree / "goose_widget/static/widget.js"
    for path in (source, bundle):
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        assert not hatch_build.is_fresh(tree)
        path.write_bytes(before)
        assert hatch_build.is_fresh(tree)
    (tree / "js/src/new.ts").write_text("export {};\n")
    assert not hatch_build.is_fresh(tree)


def test_build_that_writes_no_bundle_is_an_error(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(tree / "goose_widget/static")
    monkeypatch.setattr(hatch_build, "find_npm", lambda: "true")
    with pytest.raises(hatch_build.BundleError, match=r"without writing widget\.js and widget\.css"):
        hatch_build.ensure_bundle(tree)


def test_license_of_every_bundled_package_is_shipped(wheel: Path) -> None:
    bundled = json.loads((ROOT / "js/package.json").read_text())["dependencies"].keys() - {"esbuild"}
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("licenses/js/LICENSES.txt"))
        text = archive.read(name).decode()
    assert {line for line in text.splitlines() if line in bundled} == bundled


@pytest.mark.parametrize("name", ["js/package-lock.json", "tests/goose/package-lock.json", "tests/constraints.txt"])
def test_lock_file_pins_versions_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "resolved" not in text
    assert "index-url" not in text
    if name.endswith(".txt"):
        assert all("==" in line for line in text.splitlines() if not line.startswith("#"))


def installed(wheel: Path, tmp_path: Path) -> Path:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*command, str(wheel)], check=True)
    return site


def python(program: str, *, cwd: Path, site: Path) -> str:
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout
