"""The options of commands that start runs through a launcher, and which of them exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.config.defaults import MOST_THREADS
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from vidgen_bench.experiments.launch.chosen import ChosenLauncher
    from vidgen_bench.host.host import Host

On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="LAUNCHER",
        help="Where to start the runs, each in a process of its own: local, or another launcher of `plugins`. Its options are "
        "--set launcher.NAME=VALUE.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MOST_THREADS,
        help="Runs side by side on this machine: short for --on local --set launcher.jobs=N. Each has one thread unless --threads says "
        "otherwise.",
        show_default=False,
    ),
]
Detach = Annotated[
    bool,
    typer.Option("--detach", help="Submit the runs and leave; the same command later shows them and goes on."),
]
Watch = Annotated[
    bool,
    typer.Option("--watch", help="Show where every run stands, from any machine that shares --runs; start nothing."),
]
Cancel = Annotated[bool, typer.Option("--cancel", help="End the runs that the launcher has; each saves its state.")]


def split_launcher_options(pairs: list[str] | None) -> tuple[list[str], dict[str, str]]:
    """Return the ``--set`` pairs of models, and the launcher's options."""
    from vidgen_bench.experiments.launch.chosen import split_options

    return split_options(pairs or [])


def choose(on: str | None, jobs: int | None, given: dict[str, str], host: Host) -> ChosenLauncher | None:
    """Return the launcher of a command line, or None if the runs are to be in this process."""
    from vidgen_bench.experiments.launch.chosen import choose_launcher

    return choose_launcher(on, jobs, given, host)


def check_modes(launcher: ChosenLauncher | None, **modes: bool) -> None:
    """Check that at most one of these modes is chosen, and that the launcher can do it.

    Args:
        launcher: the launcher, or None without one.
        modes: whether each option is given, by its name with ``_`` for ``-``.
    Raises:
        RequestError: two modes exclude each other, or the launcher's jobs end with this command.
    """
    given = [f"--{name.replace('_', '-')}" for name, chosen in modes.items() if chosen]
    if len(given) > 1:
        raise RequestError(f"{given[0]} and {given[1]} exclude each other; give one of them.")
    for name, words in (("detach", "leaves its jobs behind"), ("cancel", "ends jobs of an earlier command")):
        if not modes.get(name):
            continue
        if launcher is None:
            raise RequestError(f"--{name} {words}; add --on and the name of a launcher, such as slurm.")
        if not launcher.outlives:
            raise RequestError(
                f"--{name} {words}, but the jobs of the launcher {launcher.name!r} end with the command that started them; "
                + ("leave it out." if name == "detach" else "end that command with Ctrl-C.")
            )
