"""Where ``vidgen-bench instrument import`` and ``train`` write, settled before any work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.errors import RequestError

Force = Annotated[bool, typer.Option("--force", help="Overwrite an instrument of that name.")]


def target_of(name: str | None, output: Path | None, force: bool) -> Path:
    """Return where the instrument file goes, refused before any work: a bad name, the shipped one's, or one that is taken."""
    from vidgen_bench.config.spec import NAME
    from vidgen_bench.host.host import Host
    from vidgen_bench.measure.instruments.c3d import SHIPPED, C3DDeclaration, path_of

    if name is not None and not NAME.match(name):
        raise RequestError(f"--name {name}: expected lower-case letters, digits, '-', '_' or '.', as in my-c3d.")
    if name == SHIPPED:
        raise RequestError(
            f"{SHIPPED!r} ships with the package and is not replaced. Give another --name, as in my-c3d."
        )
    if name is not None and any(
        f.name == name and not isinstance(f.declaration, C3DDeclaration) for f in Host.of_environment().of("instrument")
    ):
        raise RequestError(f"--name {name}: an instrument that is no C3D has this name. Give another, as in my-c3d.")
    target = path_of(name) if name is not None else output
    assert target is not None
    return free(target, force)


def free(target: Path, force: bool) -> Path:
    """Return a file's path, refused where it is taken: by a file without ``force``, by a folder always."""
    if target.is_dir():
        raise RequestError(f"{target} is a folder; expected a file to write. Remove it, or give another name.")
    if target.exists() and not force:
        raise RequestError(f"{target} is already there. Give --force to overwrite it, or another name.")
    return target
