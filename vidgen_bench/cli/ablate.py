"""``vidgen-bench ablate``: run a suite and print its table in the layout of the paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli import launch_options, run_options
from vidgen_bench.cli.console import is_first_process
from vidgen_bench.errors import Interrupted, RequestError, VidgenBenchError
from vidgen_bench.system.interrupt import stopped

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.api import Metric
    from vidgen_bench.cli.launch_options import Mode
    from vidgen_bench.experiments.ablate.members import Ablation, Job, Key
    from vidgen_bench.experiments.ablate.running import Result
    from vidgen_bench.experiments.launch.chosen import ChosenLauncher
    from vidgen_bench.experiments.run.plan import Plan
    from vidgen_bench.host.host import Host
    from vidgen_bench.system.observer import Observer


class Format(StrEnum):
    """The format of the table."""

    terminal = "terminal"
    markdown = "markdown"
    csv = "csv"
    latex = "latex"
    json = "json"


def ablate(
    suite: Annotated[
        list[str],
        typer.Argument(
            metavar="SUITE",
            help="paper-table-1, -2, -3, -4; your own TOML file; or a grid: 'tgan,mocogan' x 'ode1,ode2:physics,sde'.",
        ),
    ],
    track: Annotated[str | None, run_options.TRACK] = None,
    data: run_options.Data = None,
    splits: run_options.Splits = None,
    options: run_options.Options = None,
    budget: run_options.BudgetText = None,
    precision: run_options.Precision = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every run. Default: the suite's, or 0.")] = None,
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print every run and its cost, and exit.")] = False,
    layout: Annotated[Format, typer.Option("--format", help="json and csv have full precision.")] = Format.terminal,
) -> None:
    """Run every cell of SUITE and print its table, with the published numbers beside ours.

    Finished runs are skipped; a failed run does not stop the others. To resume a stopped suite, run the same command again.
    """
    from vidgen_bench.compose.resolve import parse_given
    from vidgen_bench.config.budget import parse_budget
    from vidgen_bench.config.suite import load_suite
    from vidgen_bench.experiments.ablate.members import expand
    from vidgen_bench.experiments.run.plan import Request
    from vidgen_bench.host.host import Host

    host = Host.of_environment()
    options, of_launcher = launch_options.split_launcher_options(options)
    launcher = launch_options.choose(on, jobs, of_launcher, host)
    mode = launch_options.check_modes(launcher, dry_run=dry_run, detach=detach, watch=watch, cancel=cancel)
    loaded = load_suite(" ".join(suite), {f.name for f in host.of("backbone")})
    request = Request(
        spec="",
        given=parse_given(options),
        budget=parse_budget(budget) if budget else loaded.budget,
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
    wanted = list(loaded.seeds) if seed is None and seeds is None else run_options.parse_seeds(seed, seeds)
    ablation = expand(loaded, request, track, wanted, host)
    if mode == "dry_run":
        _print_plan(ablation, host, layout, launcher)
    elif mode is not None:
        _without_results(ablation, host, layout, launcher, mode)
    else:
        _run(ablation, host, layout, launcher)


def _print_plan(ablation: Ablation, host: Host, layout: Format, launcher: ChosenLauncher | None) -> None:
    from vidgen_bench.cli.console import output, print_json
    from vidgen_bench.experiments.ablate.dry_run import json_values, render_terminal
    from vidgen_bench.experiments.ablate.running import make_plans

    if layout not in (Format.terminal, Format.json):
        raise RequestError(f"--dry-run has no {layout} format; leave out --format {layout}.")
    plans: Mapping[Key, Plan] = {}
    refusal = None
    try:
        plans = make_plans(ablation, host, here=launcher is None)
    except VidgenBenchError as error:
        refusal = error
    if layout is Format.json:
        print_json(json_values(ablation, plans))
    else:
        output().print(render_terminal(ablation, plans))
    if refusal is not None:  # after the list, which helps all the same
        raise refusal
    if launcher is not None and layout is Format.terminal and ablation.jobs:
        from vidgen_bench.cli.launching import perform
        from vidgen_bench.experiments.ablate.launched import runs_of

        perform("dry_run", runs_of(ablation, plans), launcher)


def _without_results(
    ablation: Ablation, host: Host, layout: Format, launcher: ChosenLauncher | None, mode: Mode
) -> None:
    """Watch, submit or end the runs, whose results are not waited for."""
    from vidgen_bench.cli.launching import perform
    from vidgen_bench.experiments.ablate.launched import runs_of
    from vidgen_bench.experiments.ablate.running import make_plans

    if layout is not Format.terminal:
        raise RequestError(f"--{mode} has no table of results; leave out --format {layout.value}.")
    if not ablation.jobs:
        raise RequestError(f"This suite has no runs, so there is nothing to --{mode}: leave it out to print the table.")
    plans = make_plans(ablation, host, here=False)
    if mode == "detach":
        _require_same_code(ablation, plans)
    perform(mode, runs_of(ablation, plans), launcher)


def _run(ablation: Ablation, host: Host, layout: Format, launcher: ChosenLauncher | None) -> None:
    from vidgen_bench.cli.literal_console import LiteralConsole

    console = LiteralConsole(soft_wrap=True, quiet=not is_first_process(), stderr=layout is not Format.terminal)
    metric = host.find("metric", ablation.metric).declaration
    results: list[Result] = []
    try:
        for result in _results(ablation, host, console, launcher):
            results.append(result)
            mark = f"[{ablation.jobs.index(result.job) + 1}] " if launcher else "  "
            console.print(f"{mark}{_summary(result, metric)}", markup=False, highlight=False)
    except (VidgenBenchError, KeyboardInterrupt) as error:
        if is_first_process() and results:
            _print(ablation, results, metric, layout)
        raise _with_progress(error, results, len(ablation.jobs)) from None
    if is_first_process():
        _print(ablation, results, metric, layout)
    if failures := [_failure(r) for r in results if r.state != "finished"]:
        others = "; the others are done" if len(failures) < len(results) else ""
        count = f"{len(failures)} of {len(results)} runs failed{others}"
        raise VidgenBenchError("\n".join([f"{count}. Run the same command to try them again:", *failures]))


def _results(ablation: Ablation, host: Host, console: Console, launcher: ChosenLauncher | None) -> Iterator[Result]:
    """Check all plans and the data, then run the jobs, here or through a launcher, and yield their results."""
    from vidgen_bench.cli.progress import TerminalObserver
    from vidgen_bench.experiments.ablate.running import carry_out, check_data, make_plans

    @contextmanager
    def watch(number: int, job: Job) -> Iterator[Observer]:
        console.print(f"[{number}/{len(ablation.jobs)}] {job}", style="bold", markup=False, highlight=False)
        with TerminalObserver(console) as observer:
            yield observer

    if not ablation.jobs:
        return
    plans = make_plans(ablation, host, here=launcher is None)
    _require_same_code(ablation, plans)
    with TerminalObserver(console) as observer:
        check_data(ablation, plans, observer)
    if launcher is None:
        yield from carry_out(ablation, plans, watch)
        return
    from vidgen_bench.cli.launch_view import LaunchView
    from vidgen_bench.experiments.ablate.launched import carry_out_launched, runs_of

    with LaunchView(console, runs_of(ablation, plans)) as view:
        yield from carry_out_launched(ablation, plans, launcher, view)


def _require_same_code(ablation: Ablation, plans: Mapping[Key, Plan]) -> None:
    """Refuse runs whose code has changed, all of them before the first one runs."""
    from vidgen_bench.experiments.run.changed_code import require_same_code

    require_same_code((plans[job.member.key], job.seed) for job in ablation.jobs)


def _with_progress(
    error: VidgenBenchError | KeyboardInterrupt, results: Sequence[Result], total: int
) -> VidgenBenchError:
    """Return the error that ended a suite; for Ctrl-C, with the suite's progress and how to resume."""
    if isinstance(error, KeyboardInterrupt):
        error = stopped("Stopped. The same command continues from there.")
    if not isinstance(error, Interrupted):
        return error
    done = sum(result.record is not None for result in results)
    return Interrupted(
        f"{error} {done} of {total} runs of the suite are done{'; they will be skipped' if done else ''}.",
        error.exit_code - 128,
    )


def _summary(result: Result, metric: Metric) -> str:
    """Return a line on how a run ended."""
    from vidgen_bench.cli.outcome_view import number

    where = result.job.folder.record_path
    if result.record is None:
        return f"failed: {result.failure}"
    state = "already done" if result.already else "done"
    if result.record.status == "diverged":
        return f"{state}: diverged  {where}"
    return f"{state}: {metric.title} {number(result.record.scores.get(metric.name))}  {where}"


def _failure(result: Result) -> str:
    cells = "; ".join(", ".join(place) for place in result.job.cells)
    reason = result.failure or "diverged: a loss or score was not finite; see its record"
    return f"  {result.job} ({cells}): {reason}"


def _print(ablation: Ablation, ended: list[Result], metric: Metric, layout: Format) -> None:
    from vidgen_bench.cli.console import output, print_json, write_out
    from vidgen_bench.experiments.ablate.table import ablation_table

    results = sorted(ended, key=lambda result: ablation.jobs.index(result.job))  # side by side, they end in any order
    table = ablation_table(ablation, results, metric)
    if layout is Format.json:
        from vidgen_bench.experiments.ablate.json_values import json_values

        print_json(json_values(ablation, results, table, metric))
    elif layout is Format.csv:
        from vidgen_bench.experiments.ablate.csv_text import render_csv

        write_out(render_csv(ablation, results), None)
    elif layout is Format.latex:
        from vidgen_bench.experiments.ablate.latex import render_latex

        write_out(render_latex(table), None)
    elif layout is Format.markdown:
        from vidgen_bench.experiments.ablate.markdown import render_markdown

        write_out(render_markdown(table), None)
    else:
        from vidgen_bench.experiments.ablate.terminal import render_terminal

        console = output()
        console.print()
        console.print(render_terminal(table, console.width))
