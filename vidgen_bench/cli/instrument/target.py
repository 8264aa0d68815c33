"""The file that ``vidgen-bench instrument import`` or ``train`` will write, checked before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.cli.instrument.kinds import Part, kind_of
from vidgen_bench.errors import RequestError

Force = Annotated[bool, typer.Option("--force", help="Overwrite an instrument with the same name.")]


def check_name(name: str, part: Part, kind: str) -> None:
    """Check the name for a new instrument of a kind.

    Raises:
        RequestError: the name is not valid, or an instrument of another kind has it.
    """
    from vidgen_bench.config.spec import NAME
    from vidgen_bench.host.host import Host

    if not NAME.match(name):
        raise RequestError(f"--name {name}: expected lower-case letters, digits, '-', '_' or '.', as in my-{kind}.")
    same = [plugin.declaration for plugin in Host.of_environment().of("instrument") if plugin.name == name]
    if any(kind_of(declaration, part) != kind for declaration in same):
        raise RequestError(
            f"--name {name}: an instrument of another kind has this name. Choose another, as in my-{kind}."
        )


def free(target: Path, force: bool) -> Path:
    """Return ``target`` if a file can be written there.

    Raises:
        RequestError: a folder has this path, or a file has it and ``force`` is not set.
    """
    if target.is_dir():
        raise RequestError(f"{target} is a folder; expected a file to write. Remove it, or choose another name.")
    if target.exists() and not force:
        raise RequestError(f"{target} already exists. Give --force to overwrite it, or choose another name.")
    return target
