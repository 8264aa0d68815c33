"""``vidgen-bench run``: train and score one spec on one track."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.errors import RequestError, VidgenBenchError

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.plan import Plan
    from vidgen_bench.run import Outcome

_SEEDS = 2**31


def run(
    spec: Annotated[str, typer.Argument(help="What to run: backbone[+temporal][:variant], as in tgan+ode1:equal.")],
    track: Annotated[
        str, typer.Option(help="Name of a track (see `tracks`), or a TOML file of your own.")
    ] = "shapes-smoke",
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the videos, one folder a class, where the track's data set needs one."),
    ] = None,
    splits: Annotated[
        Path | None, typer.Option(help="Folder of classInd.txt, trainlist0N.txt and testlist0N.txt.")
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option("--set", help="Set an option: temporal.hidden=64, backbone.batch=16. Repeatable."),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(help="Another budget: iterations=5, or device-hours=0.5,iterations=1000. Makes a derived track."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, clips and noise (0 unless given).")] = None,
    seeds: Annotated[str | None, typer.Option(help="Several seeds, one run each: 0-2 or 0,3,7.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder of the run folders.")] = Path("runs"),
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="CPU threads (a resumed run keeps those it was begun with).")
    ] = None,
    allow_missing: Annotated[
        int, typer.Option(min=0, help="Go on with up to this many videos missing or unreadable; the record names them.")
    ] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that decode videos.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved plan and stop.")] = False,
) -> None:
    """Train SPEC on a track, score it, and write its record. The same command goes on where it was stopped."""
    from rich.console import Console

    from vidgen_bench.budget import parse_budget
    from vidgen_bench.host import Host
    from vidgen_bench.plan import Request, make_plan
    from vidgen_bench.resolve import parse_given

    # of several processes only the first one speaks
    console = Console(soft_wrap=True, quiet=os.environ.get("RANK", "0") != "0")
    wanted = parse_seeds(seed, seeds)
    request = Request(
        spec=spec,
        track=track,
        given=parse_given(options or []),
        budget=parse_budget(budget) if budget else None,
        videos=data,
        splits=splits,
        allow_missing=allow_missing,
        workers=workers,
        runs=runs,
        device=device,
        threads=threads,
    )
    plan = make_plan(request, Host.of_environment())
    if dry_run:
        from vidgen_bench.cli.plan_view import print_plan

        print_plan(console, plan, wanted)
        return
    diverged = [str(s) for s in wanted if _one(console, plan, s).record.status == "diverged"]
    if diverged:
        raise VidgenBenchError(
            f"{plan.composition.resolved} diverged for seed {', '.join(diverged)}: a loss or score was not finite, and the record says so. "
            f"`vidgen-bench plugins show {plan.composition.backbone.name}` lists the options that --set can change."
        )


def _one(console: Console, plan: Plan, seed: int) -> Outcome:
    from vidgen_bench.cli.outcome_view import print_outcome
    from vidgen_bench.cli.progress import TerminalObserver
    from vidgen_bench.run import execute

    with TerminalObserver(console) as observer:
        outcome = execute(plan, seed, observer)
    print_outcome(console, outcome)
    return outcome


def parse_seeds(seed: int | None, seeds: str | None) -> list[int]:
    """Return ``[0, 1, 2]`` for ``0-2``, ``[0, 3]`` for ``0,3``, and [seed] (0 by default) where only one is given.

    Raises:
        RequestError: both are given, or it is no list of seeds.
    """
    if seeds is None:
        chosen = [seed or 0]
    elif seed is not None:
        raise RequestError("--seed and --seeds exclude each other.")
    else:
        chosen = []
        for part in seeds.split(","):
            low, dash, high = part.strip().partition("-")
            if not low.isdigit() or (dash and not high.isdigit()) or not int(low) <= int(high or low) < _SEEDS:
                raise RequestError(f"--seeds {seeds}: expected 0-2 or 0,3,7, whole numbers below 2^31.")
            if int(high or low) - int(low) >= 1000:
                raise RequestError(f"--seeds {seeds}: these are more than 1,000 runs.")
            chosen += range(int(low), int(high or low) + 1)
    if any(not 0 <= s < _SEEDS for s in chosen) or len(set(chosen)) < len(chosen):
        raise RequestError(f"seeds {chosen}: expected different whole numbers from 0 to {_SEEDS - 1}.")
    return chosen
