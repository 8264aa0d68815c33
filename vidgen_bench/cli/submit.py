"""``vidgen-bench submit``: put the records of finished runs where a pull request can send them in."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import say
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vidgen_bench.experiments.submit.submit import Submitted


def submit(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders: every declared seed of a spec.")],
    target: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="The folder leaderboards of a checkout; made if it is missing.")
    ] = Path("leaderboards"),
) -> None:
    """Check finished runs and write leaderboards/TRACK/SPEC/seed-N.json, ready for a pull request.

    A result has exactly the seeds that its track declares, diverged ones included. The best checkpoint must still be in each run folder.
    """
    from vidgen_bench.experiments.submit.submit import split_put_aside, submit

    runs, aside = split_put_aside(runs)
    for run in aside:
        say(f"Left out: {run} was started over, and another run has its place.")
    if not runs:
        raise RequestError(
            "All of these runs were started over. Submit the runs that have their places, seed-0 and so on."
        )
    for submitted in (done := submit(runs, target)):
        already = "Already there" if submitted.already else "Scored again" if submitted.replaced else "Wrote"
        say(f"{already}: {submitted.folder} ({', '.join(submitted.files)})")
    _print_steps(done, target)


def _print_steps(done: Sequence[Submitted], target: Path) -> None:
    """Print the commands of a pull request."""
    names = ", ".join(dict.fromkeys(s.spec for s in done))
    say("\nTo send it in, in a fork of the project:")
    say("  git switch -c results")
    folder = shlex.quote(str(target))
    say(f"  vidgen-bench verify {folder} --write")
    say(f"  git add {folder}")
    say(f'  git commit -m "Results of {names}"')
    say("  git push -u origin results")
    say("Then open a pull request with the template for results. docs/sending-in-results.md has the details.")
