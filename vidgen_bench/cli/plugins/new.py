"""``vidgen-bench plugins new``: write the package of a new plugin."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.cli.console import say


class NewKind(StrEnum):
    """The kind of plugin in a new package."""

    temporal = "temporal"
    backbone = "backbone"


def new(
    name: Annotated[str, typer.Argument(help="Name of the plugin, as in a spec: my-ode.")],
    kind: Annotated[
        NewKind, typer.Option(help="temporal: a temporal generator; backbone: a video GAN around one.")
    ] = NewKind.temporal,
    into: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write it into.")] = Path(),
) -> None:
    """Write a package with one plugin that installs, passes its checks and trains as it is."""
    import contextlib
    import sys

    from vidgen_bench.host.host import KIND_WORDS, Host
    from vidgen_bench.host.scaffold.names import checked_names
    from vidgen_bench.host.scaffold.package import commands, write_package

    with contextlib.redirect_stdout(sys.stderr):  # plugins may print during import
        names = checked_names(name, kind.value, Host.of_environment())
    folder = write_package(names, kind.value, into)
    word = KIND_WORDS.get(kind.value, kind.value)
    say(f"{folder} is a package with the {word} {name}. Comments with `# change:` mark the parts to change. Next:\n")
    for line in commands(names, kind.value, folder):
        say(f"  {line}")
