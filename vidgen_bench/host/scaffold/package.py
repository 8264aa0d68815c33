"""The files of a new package, filled in from templates and written all at once."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal

from vidgen_bench.api import API
from vidgen_bench.errors import RequestError
from vidgen_bench.host.scaffold.names import Names
from vidgen_bench.system.files import disk_errors, umask
from vidgen_bench.version import __version__

PluginKind = Literal["temporal", "backbone"]

# a flat list with other names, so that no tool takes a template for a test, a hidden file or a module of this project
_SHARED = {
    "pyproject.toml": "pyproject.txt",
    "README.md": "readme.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/test.yml": "workflow.txt",
    "tests/test_conformance.py": "conformance.txt",
}

_TEMPLATES: Mapping[PluginKind, Mapping[str, str]] = {
    "temporal": {
        **_SHARED,
        "{{module}}/__init__.py": "temporal/declaration.txt",
        "{{module}}/network.py": "temporal/network.txt",
    },
    "backbone": {
        **_SHARED,
        "{{module}}/__init__.py": "backbone/declaration.txt",
        "{{module}}/network.py": "backbone/network.txt",
        "{{module}}/game.py": "backbone/game.txt",
    },
}
"""Every file of a package, and its template."""


def write_package(names: Names, kind: PluginKind, into: Path) -> Path:
    """Write the package of a new plugin and return its folder, ``into`` / the name.

    Raises:
        RequestError: the folder exists already, or ``into`` is not a folder.
        VidgenBenchError: the disk is full, or the folder is not writable.
    """
    target = into / names.plugin
    if into.exists() and not into.is_dir():
        raise RequestError(f"--into {into}: expected a folder, and this is a file. Choose another one.")
    if os.path.lexists(target):
        raise RequestError(
            f"{target} exists already and is not overwritten. Remove it, or choose another name or another folder: "
            "--into DIR."
        )
    with disk_errors(target):
        into.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{names.plugin}.", suffix=".part", dir=into))
        try:
            for path, text in _package(names, kind).items():
                (part / path).parent.mkdir(parents=True, exist_ok=True)
                (part / path).write_text(text, encoding="utf-8", newline="\n")
            part.chmod(0o777 & ~umask())
            part.rename(target)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    return target


def commands(names: Names, kind: PluginKind, folder: Path) -> list[str]:
    """Return the next shell commands: install the package in this folder, check it, run it, show its row."""
    values = {"name": names.plugin, "folder": shlex.quote(str(folder))}
    return _filled(_template(f"{kind}/commands.txt"), values).splitlines()


def _package(names: Names, kind: PluginKind) -> dict[str, str]:
    """Return the text of every file of the package by path."""
    values = {
        "name": names.plugin,
        "distribution": names.distribution,
        "module": names.module,
        "api": API,
        "version": __version__,
        "what": _template(f"{kind}/what.txt").strip(),
        "changes": _template(f"{kind}/changes.txt").strip(),
        "commands": "\n".join(commands(names, kind, Path())),
    }
    return {_filled(path, values): _filled(_template(name), values) for path, name in _TEMPLATES[kind].items()}


def _template(name: str) -> str:
    return files("vidgen_bench.host.scaffold").joinpath("templates", name).read_text(encoding="utf-8")


def _filled(text: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return text
