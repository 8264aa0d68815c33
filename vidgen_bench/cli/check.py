"""``vidgen-bench plugins check``: what the contract asks of a plugin, tried on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vidgen_bench.cli.check_view import Answer
    from vidgen_bench.conformance import Case


def check(
    name: Annotated[str, typer.Argument(help="Name of a backbone or temporal generator.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Try everything that the contract asks of a plugin, with every installed plugin that it goes with.

    Exit code 0: it conforms. 1: a check failed. 2: no such plugin, or it does not load.
    """
    from vidgen_bench.cli import check_view
    from vidgen_bench.cli.console import output, print_json
    from vidgen_bench.errors import Interrupted

    asked = _cases(name)
    try:
        if as_json:
            answers = list(_answers(asked))
            print_json(check_view.as_json(name, answers))
        else:
            answers = check_view.print_as_they_come(output(), name, asked, _answers(asked))
    except KeyboardInterrupt:
        raise Interrupted("Stopped before the last check.") from None
    if any(answer.text for answer in answers):
        raise typer.Exit(1)


def _cases(name: str) -> tuple[Case, ...]:
    """Return the cases of a plugin; what plugins print while they are imported goes to standard error."""
    import contextlib
    import sys

    import torch

    from vidgen_bench.conformance import cases

    torch.set_num_threads(1)  # the reduced sizes are too small to share
    with contextlib.redirect_stdout(sys.stderr):
        return cases(name)


def _answers(asked: tuple[Case, ...]) -> Iterator[Answer]:
    """Ask one case after another; what a plugin prints meanwhile goes to standard error."""
    import contextlib
    import sys
    import time

    from vidgen_bench.cli.check_view import Answer
    from vidgen_bench.conformance import Nonconformance

    for case in asked:
        text, begun = "", time.perf_counter()
        try:
            with contextlib.redirect_stdout(sys.stderr):
                case()
        except Nonconformance as error:
            text = str(error)
        yield Answer(case, text, time.perf_counter() - begun)
