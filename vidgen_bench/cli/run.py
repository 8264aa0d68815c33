"""``vidgen-bench run``: train and score one spec on one track."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli import launch_options, run_options
from vidgen_bench.cli.console import is_first_process
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.errors import VidgenBenchError

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.experiments.run.execute import Outcome
    from vidgen_bench.experiments.run.plan import Plan


def run(
    spec: Annotated[str, typer.Argument(help="Model to train: backbone[+temporal][:variant], as in tgan+ode1:equal.")],
    track: Annotated[str, run_options.TRACK] = DEFAULT_TRACK,
    data: run_options.Data = None,
    splits: run_options.Splits = None,
    options: run_options.Options = None,
    budget: run_options.BudgetText = None,
    precision: run_options.Precision = None,
    seed: run_options.Seed = None,
    seeds: run_options.Seeds = None,
    runs: run_options.Runs = Path("runs"),
    device: run_options.Device = "auto",
    threads: run_options.Threads = None,
    again: run_options.Again = False,
    accept_changed_code: run_options.AcceptChangedCode = False,
    allow_missing: run_options.AllowMissing = 0,
    workers: run_options.Workers = None,
    on: launch_options.On = None,
    jobs: launch_options.Jobs = None,
    detach: launch_options.Detach = False,
    watch: launch_options.Watch = False,
    cancel: launch_options.Cancel = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the resolved plan and stop.")] = False,
) -> None:
    """Train SPEC on a track, score it, and write its record. Run the same command again to resume."""
    from vidgen_bench.cli.literal_console import LiteralConsole
    from vidgen_bench.compose.resolve import parse_given
    from vidgen_bench.config.budget import parse_budget
    from vidgen_bench.config.track import shipped_equal
    from vidgen_bench.experiments.run.changed_code import require_same_code
    from vidgen_bench.experiments.run.plan import Request, make_plan
    from vidgen_bench.host.host import Host

    console = LiteralConsole(soft_wrap=True, quiet=not is_first_process())
    host = Host.of_environment()
    options, of_launcher = launch_options.split_launcher_options(options)
    launcher = launch_options.choose(on, jobs, of_launcher, host)
    mode = launch_options.check_modes(launcher, dry_run=dry_run, detach=detach, watch=watch, cancel=cancel)
    chosen = run_options.parse_seeds(seed, seeds)
    request = Request(
        spec=spec,
        track=track,
        given=parse_given(options),
        budget=parse_budget(budget) if budget else None,
        precision=precision,
        videos=data,
        splits=splits,
        allow_missing=allow_missing,
        workers=workers,
        runs=runs,
        device=device,
        threads=threads,
        where_changed=run_options.where_changed(again, accept_changed_code),
    )
    plan = make_plan(request, host)
    if (equal := shipped_equal(plan.track)) is not None:
        console.print(
            f"The track {plan.track.name} equals the shipped track {equal}. Use --track {equal}: results under another name cannot be "
            "sent in.",
            markup=False,
        )
    if mode == "dry_run":
        from vidgen_bench.cli.plan_view import print_plan

        print_plan(console, plan, chosen)
    if mode in (None, "detach"):
        require_same_code((plan, s) for s in chosen)  # of all, before one of them runs
    diverged: list[str] = []
    if launcher is not None or mode == "watch":
        from vidgen_bench.cli.launching import launch_seeds

        diverged = launch_seeds(console, plan, chosen, launcher, mode)
    elif mode is None:
        diverged = [
            str(s) for s in chosen if _one(console, plan, s, alone=len(chosen) == 1).record.status == "diverged"
        ]
    if diverged:
        raise VidgenBenchError(
            f"{plan.composition.resolved} diverged for seed {', '.join(diverged)}: a loss or score was not finite. "
            f"`vidgen-bench plugins show {plan.composition.backbone.name}` lists the options that --set can change."
        )


def _one(console: Console, plan: Plan, seed: int, *, alone: bool) -> Outcome:
    from vidgen_bench.cli.outcome_view import print_outcome
    from vidgen_bench.cli.progress import TerminalObserver
    from vidgen_bench.experiments.run.execute import execute

    with TerminalObserver(console) as observer:
        outcome = execute(plan, seed, observer)
    print_outcome(console, outcome, alone=alone)
    if outcome.already and plan.request.where_changed == "start over":
        console.print("Its code has not changed since it began, so --again had nothing to do.", highlight=False)
    return outcome
