"""``vidgen-bench plugins check``: what the contract asks of a plugin, tried on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vidgen_bench.cli.plugins.check_view import Answer, Running
    from vidgen_bench.conformance import Case


def check(
    name: Annotated[str, typer.Argument(help="Name of a backbone or temporal generator.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Try everything that the contract asks of a plugin, with every installed plugin that it goes with.

    Exit code 0: it conforms. 1: a check failed. 2: no such plugin, or it does not load.
    """
    from vidgen_bench.cli.console import output, print_json
    from vidgen_bench.cli.plugins import check_view
    from vidgen_bench.errors import Interrupted

    running = check_view.Running(None if as_json else output())
    try:
        asked = _cases(name)
        answers = _answers(asked, running)
        if as_json:
            done = list(answers)
            print_json(check_view.as_json(name, done))
        else:
            done = check_view.print_as_they_come(output(), name, asked, answers)
    except KeyboardInterrupt:
        raise Interrupted(f"Stopped {f'in {running.case}' if running.case else 'before the first check'}.") from None
    if any(answer.text for answer in done):
        raise typer.Exit(1)


@contextmanager
def _aside() -> Iterator[None]:
    """Send what is printed in the block to standard error, that of subprocesses and of compiled code, too: the report is alone."""
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


def _cases(name: str) -> tuple[Case, ...]:
    """Return the cases of a plugin."""
    import torch

    from vidgen_bench.conformance import cases

    torch.set_num_threads(1)  # the reduced sizes are too small to share
    with _aside():
        return cases(name)


def _answers(asked: tuple[Case, ...], running: Running) -> Iterator[Answer]:
    """Ask one case after another."""
    import time

    from vidgen_bench.cli.plugins.check_view import Answer
    from vidgen_bench.conformance import Nonconformance

    for case in asked:
        text, begun = "", time.perf_counter()
        with running.of(case):
            try:
                with _aside():
                    case()
            except Nonconformance as error:
                text = str(error)
        yield Answer(case, text, time.perf_counter() - begun)
