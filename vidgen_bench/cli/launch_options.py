"""The options of commands that start runs through a launcher, and which of them exclude each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vidgen_bench.config.defaults import MOST_THREADS
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from vidgen_bench.experiments.launch.chosen import ChosenLauncher
    from vidgen_bench.host.host import Host

Mode = Literal["dry_run", "detach", "watch", "cancel"]
"""What to do with runs instead of carrying them out."""

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


def check_modes(
    launcher: ChosenLauncher | None, *, dry_run: bool = False, detach: bool, watch: bool = False, cancel: bool
) -> Mode | None:
    """Return the mode that is chosen, None for none, after checking that the launcher can do it.

    Raises:
        RequestError: two modes exclude each other, or the launcher's jobs end with this command.
    """
    modes: dict[Mode, bool] = {"dry_run": dry_run, "detach": detach, "watch": watch, "cancel": cancel}
    given = [mode for mode, chosen in modes.items() if chosen]
    if len(given) > 1:
        one, other = (mode.replace("_", "-") for mode in given[:2])
        raise RequestError(f"--{one} and --{other} exclude each other; give one of them.")
    for name, words in (("detach", "leaves its jobs behind"), ("cancel", "ends jobs of an earlier command")):
        if name not in given:
            continue
        if launcher is None:
            raise RequestError(f"--{name} {words}; add --on and the name of a launcher, such as slurm.")
        if not launcher.outlives:
            raise RequestError(
                f"--{name} {words}, but the jobs of the launcher {launcher.name!r} end with the command that started them; "
                + ("leave it out." if name == "detach" else "end that command with Ctrl-C.")
            )
    return given[0] if given else None
