"""``vidgen-bench plugins check``: run every check of the contract on a plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import AsJson, output, print_json

if TYPE_CHECKING:
    from vidgen_bench.cli.plugins.check_view import CaseResult, CurrentCase
    from vidgen_bench.conformance import Case


def check(
    name: Annotated[str, typer.Argument(help="Name of a backbone, temporal generator, launcher or metric.")],
    as_json: AsJson = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="CHECK", help="Run this check alone, such as gradients. Repeatable.", show_default=False
        ),
    ] = None,
    partners: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAME",
            help="Try it with this backbone or temporal generator alone. Repeatable.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check that a plugin meets the contract, with every installed plugin it fits.

    Exit code 0: it conforms. 1: a check failed. 2: there is no plugin with that name, or it does not load.
    """
    from vidgen_bench.cli.plugins import check_view
    from vidgen_bench.system.interrupt import stopped

    current = check_view.CurrentCase(None if as_json else output())
    try:
        cases = _cases(name, only or (), partners or ())
        results = _run_cases(cases, current)
        if as_json:
            done = list(results)
            print_json(check_view.as_json(name, done, whole=not (only or partners)))
        else:
            done = check_view.print_results(output(), name, cases, results, whole=not (only or partners))
    except KeyboardInterrupt:
        raise stopped(f"Stopped {f'in {current.case}' if current.case else 'before the first check'}.") from None
    if any(result.text for result in done):
        raise typer.Exit(1)


@contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Redirect output in the block to standard error, that of subprocesses and compiled code included."""
    import os
    import sys

    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # a process without standard output
        kept = None
    try:
        if kept is not None:
            os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


def _cases(name: str, only: Sequence[str], partners: Sequence[str]) -> tuple[Case, ...]:
    """Return the cases of a plugin, of some checks and with some partners if any are named."""
    import torch

    from vidgen_bench.conformance import cases
    from vidgen_bench.conformance.selection import selected

    torch.set_num_threads(1)  # more threads are slower at the reduced sizes
    with _stdout_to_stderr():
        return selected(cases(name), name, only, partners)


def _run_cases(cases: tuple[Case, ...], current: CurrentCase) -> Iterator[CaseResult]:
    """Run the cases one by one."""
    import time

    from vidgen_bench.cli.plugins.check_view import CaseResult
    from vidgen_bench.conformance import Nonconformance

    for case in cases:
        text, begun = "", time.perf_counter()
        with current.of(case):
            try:
                with _stdout_to_stderr():
                    case()
            except Nonconformance as error:
                text = str(error)
        yield CaseResult(case, text, time.perf_counter() - begun)
