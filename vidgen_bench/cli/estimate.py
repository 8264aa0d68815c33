"""``vidgen-bench estimate``: what a run costs, from a short probe."""

from __future__ import annotations

from typing import Annotated

import typer

from vidgen_bench.cli import run_options
from vidgen_bench.cli.console import AsJson, output, print_json
from vidgen_bench.config.defaults import DEFAULT_TRACK, MOST_THREADS
from vidgen_bench.system.interrupt import stopped


def estimate(
    spec: Annotated[str, typer.Argument(help="Model to train: backbone[+temporal][:variant], as in tgan+ode1:equal.")],
    track: Annotated[str, run_options.TRACK] = DEFAULT_TRACK,
    data: run_options.Data = None,
    splits: run_options.Splits = None,
    options: run_options.Options = None,
    budget: run_options.BudgetText = None,
    precision: run_options.Precision = None,
    device: run_options.Device = "auto",
    threads: Annotated[int | None, typer.Option(min=1, max=MOST_THREADS, help="Number of CPU threads.")] = None,
    allow_missing: run_options.AllowMissing = 0,
    workers: run_options.Workers = None,
    as_json: AsJson = False,
) -> None:
    """Estimate time, memory, disk space and device-hours of a run of SPEC, from at most 20 training iterations.

    Nothing is saved, except the videos of the built-in data set, which a run needs too.
    """
    from vidgen_bench.cli.estimate_view import json_values, render
    from vidgen_bench.cli.literal_console import LiteralConsole
    from vidgen_bench.cli.progress import TerminalObserver
    from vidgen_bench.compose.resolve import parse_given
    from vidgen_bench.config.budget import parse_budget
    from vidgen_bench.experiments.estimate.probe import probe
    from vidgen_bench.experiments.run.plan import Request, make_plan
    from vidgen_bench.host.host import Host

    request = Request(
        spec=spec,
        track=track,
        given=parse_given(options or []),
        budget=parse_budget(budget) if budget else None,
        precision=precision,
        videos=data,
        splits=splits,
        allow_missing=allow_missing,
        workers=workers,
        device=device,
        threads=threads,
    )
    plan = make_plan(request, Host.of_environment())
    try:
        with TerminalObserver(LiteralConsole(soft_wrap=True, stderr=True)) as observer:
            probed = probe(plan, observer)
    except KeyboardInterrupt:
        raise stopped("Stopped before the end of the probe. The same command begins again.") from None
    if as_json:
        print_json(json_values(plan, probed))
    else:
        output().print(render(plan, probed))
