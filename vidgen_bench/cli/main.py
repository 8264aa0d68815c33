"""The console script ``vidgen-bench``: its commands, error messages and exit codes."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Annotated, Any

import typer

from vidgen_bench.cli.console import complain
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.cli.leftover_threads import end_threads
from vidgen_bench.errors import CodeWarning, DataWarning, Interrupted, RequestError, VidgenBenchError
from vidgen_bench.system.interrupt import KEPT, exit_code_of_stop
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.streams import check_sizes, harden_streams, lost_output
from vidgen_bench.system.waiting import wait_asleep
from vidgen_bench.version import __version__

DEBUG = "VIDGEN_BENCH_DEBUG"

EXIT_INTERRUPTED = 130


def _print_version(requested: bool) -> None:
    if requested:
        print(f"vidgen-bench {__version__}")
        raise typer.Exit


def _vidgen_bench(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Benchmark generative video models. Backbones and temporal generators are plugins; everything else is fixed."""


COMMANDS = {
    "run": "run:run",
    "ablate": "ablate:ablate",
    "estimate": "estimate:estimate",
    "evaluate": "evaluate:evaluate",
    "sample": "sample:sample",
    "runs": "runs.commands:app",
    "cache": "cache:app",
    "doctor": "doctor:doctor",
    "leaderboard": "leaderboard:leaderboard",
    "paper": "paper:app",
    "submit": "submit:submit",
    "verify": "verify:verify",
    "withdraw": "withdraw:withdraw",
    "plugins": "plugins.commands:app",
    "tracks": "tracks:app",
    "protocols": "protocols:app",
    "data": "data:app",
    "reference": "reference:app",
    "instrument": "instrument.commands:app",
}
"""Each command or group as ``module:name`` below ``vidgen_bench.cli``; a module is imported when its command is used."""

EXAMPLES = {
    "ablate": "the paper's third table: [bold]vidgen-bench ablate paper-table-3 --track shapes-smoke --dry-run[/bold]",
    "estimate": "a run on UCF101: [bold]vidgen-bench estimate tgan+ode1 --track ucf101-64-paper --data UCF-101 --splits lists[/bold]",
    "evaluate": "clips that another program made: [bold]vidgen-bench evaluate samples.npy --track ucf101-64-paper[/bold]",
    "sample": "four times the frame rate: [bold]vidgen-bench sample RUN --fps 4x[/bold]",
    "submit": "all seeds of a spec: [bold]vidgen-bench submit runs/ucf101-64-paper/tgan+ode1/seed-*[/bold]",
    "leaderboard": "a table for a README: [bold]vidgen-bench leaderboard --format markdown[/bold]",
}


def make_app(only: str | None = None) -> typer.Typer:
    """Return the command line, with the command ``only`` or with all. One starts faster, since Typer reads every signature."""
    app = typer.Typer(
        cls=QuickGroup,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    begin = "Start with: [bold]vidgen-bench run tgan+ode2[/bold] (built-in videos, minutes on two CPU cores)"
    app.callback(epilog=begin)(_vidgen_bench)
    for name in [only] if only in COMMANDS else COMMANDS:
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(import_module(f"vidgen_bench.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name, epilog=f"Example, {EXAMPLES[name]}" if name in EXAMPLES else None)(command)
    return app


def main() -> None:
    """Run the command line and exit with 0 (done), 1 (failed), 2 (invalid request), 75 (busy), 130 (Ctrl-C) or 128 + N (signal N)."""
    harden_streams()
    check_sizes()
    # record models need no pydantic plugins, and the search for them reads the metadata of every installed distribution
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    wait_asleep()
    with warnings.catch_warnings():
        warnings.showwarning = partial(_show_warning, warnings.showwarning)
        code = _run()
    if lost := lost_output():
        complain(
            f"Standard output could not be written: {lost}. The command went on without it, and what it saved is complete; send the "
            "output elsewhere, and run the command again to read it."
        )
        code = code or 1
    end_threads(code)
    sys.exit(code)


def _run() -> int:
    """Run the command and return its exit code; every exception becomes a message."""
    try:
        _require_current_folder()
        first = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
        make_app(first)(prog_name="vidgen-bench")
    except SystemExit as finished:  # typer ends with it, after printing usage errors
        # without torch no network was built: skip the lookup
        if "torch" in sys.modules and (fault := _fault(finished)):
            complain(
                f"The plugin package {fault} ended the program (SystemExit); a plugin must raise an error instead."
            )
            return 1
        if finished.code == EXIT_INTERRUPTED:  # typer turns Ctrl-C into this code, without a message
            return _interrupted()
        return finished.code if isinstance(finished.code, int) else int(finished.code is not None)
    except VidgenBenchError as error:
        _traceback_if_debugging()
        complain(str(error), prefix="" if isinstance(error, Interrupted) else "error:")  # a stop was asked for
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except BaseException as error:  # a plugin may raise anything
        _traceback_if_debugging()
        _complain_about(error)
        return 1
    return 0


def _show_warning(otherwise: Callable[..., None], message: Warning | str, kind: type[Warning], *place: Any) -> None:
    """Print a warning about data or code as a message, without the line of code that warned; others as Python does."""
    if issubclass(kind, DataWarning | CodeWarning):
        complain(str(message), prefix="warning:")
    else:
        otherwise(message, kind, *place)


def _complain_about(error: BaseException) -> None:
    """Report an unexpected exception: a fault of the machine, of a plugin, or our own."""
    from vidgen_bench.system.faults import is_out_of_memory, machine_fault

    text = f"{type(error).__name__}: {reason(error, 2000) if str(error) else ''}"
    if not is_out_of_memory(error) and (fault := _fault(error)):
        complain(f"The plugin package {fault} raised {text}; set {DEBUG}=1 for the traceback.")
    elif problem := machine_fault(error):
        complain(problem)
    else:
        complain(f"{text}; please report it, with the traceback that {DEBUG}=1 prints.", prefix="internal error:")


def _require_current_folder() -> None:
    """Check that the current folder exists: torch's libraries end the process without a message if it does not.

    Raises:
        RequestError: the folder was deleted, or may not be read.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise RequestError(
            f"The current folder cannot be used: {error.strerror}. Change to another one with cd."
        ) from None


def _fault(error: BaseException) -> str | None:
    """Return the third-party code that raised an exception, ``vidgen-mine 0.1.0 (mine/network.py, line 12, in forward)``, or None."""
    from importlib.metadata import entry_points

    from vidgen_bench.api import ENTRY_POINT_GROUP
    from vidgen_bench.host.traceback_location import place

    owners = {
        point.value.partition(":")[0].partition(".")[0]: f"{point.dist.name} {point.dist.version}"
        for point in entry_points(group=ENTRY_POINT_GROUP)
        if point.dist is not None and point.dist.name != "vidgen-bench"
    }
    owner, where = place(error, owners)
    return f"{owners[owner]} ({where})" if owner else None


def _interrupted() -> int:
    complain(KEPT, prefix="interrupted:")
    return exit_code_of_stop()


def _traceback_if_debugging() -> None:
    if os.environ.get(DEBUG, "") not in ("", "0"):
        import traceback

        traceback.print_exc()
