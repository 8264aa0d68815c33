"""``vidgen-bench runs``: its commands."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.cli.asking import Yes, agreed
from vidgen_bench.cli.console import AsJson, complain, output, print_json, say
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.errors import BusyError, RequestError, VidgenBenchError

app = typer.Typer(cls=QuickGroup, rich_markup_mode="rich")

_Runs = Annotated[
    Path | None,
    typer.Option("--runs", help="Folder that holds one folder per run; runs by default.", show_default=False),
]
_NAME = "A run folder, or TRACK/SPEC/seed-N below --runs; a part of it is enough."
_Run = Annotated[str, typer.Argument(metavar="RUN", help=_NAME)]
_Several = Annotated[
    list[str], typer.Argument(metavar="RUN...", help=f"{_NAME} Without the seed it stands for all seeds.")
]


@app.callback(
    invoke_without_command=True,
    epilog="Example, the scores of two models in one picture: [bold]vidgen-bench runs plot tgan+ode1 tgan+ode2 --output scores.png[/bold]",
)
def runs(context: typer.Context, runs: _Runs = None, as_json: AsJson = False) -> None:
    """List the runs below --runs: state, last, best and final score, size and age. Subcommands show, compare, draw and remove runs."""
    context.obj = runs
    if context.invoked_subcommand is not None:
        if as_json:
            raise RequestError(
                f"Put --json behind the subcommand: vidgen-bench runs {context.invoked_subcommand} --json"
            )
        return
    from vidgen_bench.cli.runs.list_view import print_list
    from vidgen_bench.experiments.runs.found import runs_below
    from vidgen_bench.experiments.runs.summary import summary_of

    root = _folder(context, runs)
    now = datetime.datetime.now(datetime.UTC)
    found = [summary_of(folder, root, now) for folder in runs_below(root)]
    if as_json:
        print_json([one.values() for one in found])
    else:
        print_list(output(), found, root)


@app.command()
def show(context: typer.Context, run: _Run, runs: _Runs = None, as_json: AsJson = False) -> None:
    """Describe one run: its state, options, environment, evaluations, scores, attempts and files."""
    from vidgen_bench.cli.runs.show_view import details, print_details
    from vidgen_bench.experiments.runs.chosen import chosen_run

    root = _folder(context, runs)
    found = details(chosen_run(run, root), root, datetime.datetime.now(datetime.UTC))
    if as_json:
        print_json(found.values())
    else:
        print_details(output(), found)


@app.command()
def rm(context: typer.Context, several: _Several, runs: _Runs = None, yes: Yes = False) -> None:
    """Remove run folders, after asking. A run that a process holds stays; links inside are removed, not what they lead to."""
    from vidgen_bench.escaping import printable
    from vidgen_bench.experiments.estimate.amounts import size
    from vidgen_bench.experiments.runs.chosen import chosen_runs, name_of
    from vidgen_bench.experiments.runs.removal import check_removable, remove_run
    from vidgen_bench.experiments.runs.summary import measured

    root = _folder(context, runs)
    folders = chosen_runs(several, root)
    for folder in folders:
        check_removable(folder, root)
    sizes = {folder: measured(folder)[1] for folder in folders}
    if not yes:
        for folder in folders:
            say(f"  {printable(name_of(folder, root))}  {size(sizes[folder])}", error=True)
    count = f"{len(folders)} runs, {size(sum(sizes.values()))}" if len(folders) > 1 else "this run"
    if not agreed(f"Remove {count}?", yes):
        say("Nothing was removed.", error=True)
        return
    failures: list[VidgenBenchError] = []
    for folder in folders:
        try:
            remove_run(folder, root)
        except VidgenBenchError as error:
            failures.append(error)
        else:
            say(f"Removed {printable(name_of(folder, root))}, {size(sizes[folder])}")
    for failure in failures[:-1]:
        complain(str(failure))
    if failures:
        raise failures[-1] if all(isinstance(f, BusyError) for f in failures) else VidgenBenchError(str(failures[-1]))


@app.command()
def plot(
    context: typer.Context,
    several: _Several,
    target: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The picture: FILE.png or FILE.svg.")],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric", help="Draw this metric; all of the evaluations by default. Repeatable.", show_default=False
        ),
    ] = None,
    runs: _Runs = None,
) -> None:
    """Draw the scores of runs over their iterations, with anchors as lines; several runs share one picture."""
    from vidgen_bench.experiments.runs.chosen import chosen_runs
    from vidgen_bench.experiments.runs.picture import check_drawable, measured_alike, write_picture
    from vidgen_bench.experiments.runs.traces import read_traces

    check_drawable(target)
    root = _folder(context, runs)
    traces = read_traces(chosen_runs(several, root), root)
    if not measured_alike(traces):
        complain(
            "These runs were measured on different clips, with different instruments, or on different numbers of samples. Do not compare "
            "their lines; no anchors are drawn.",
            prefix="warning:",
        )
    write_picture(traces, metric or (), target)
    say(f"Wrote {target}")


@app.command()
def diff(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help=_NAME)],
    second: Annotated[str, typer.Argument(metavar="B", help=_NAME)],
    runs: _Runs = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two runs: options, track, plugins with versions, environment, code and scores."""
    from vidgen_bench.cli.runs.diff_view import print_difference
    from vidgen_bench.experiments.runs.chosen import chosen_run, name_of
    from vidgen_bench.experiments.runs.difference import difference_of
    from vidgen_bench.experiments.runs.facts import facts_of

    root = _folder(context, runs)
    folders = [chosen_run(word, root) for word in (first, second)]
    names = [name_of(folder, root) for folder in folders]
    difference = difference_of(*(facts_of(folder) for folder in folders))
    if as_json:
        print_json({"first": names[0], "second": names[1], **difference.values()})
    else:
        print_difference(output(), names, difference)


def _folder(context: typer.Context, given: Path | None) -> Path:
    """Return the folder of runs, named before or behind the subcommand.

    Raises:
        RequestError: it was named, and does not exist.
    """
    before = context.parent.obj if context.parent is not None else None
    chosen = given or before
    if chosen is not None and not Path(chosen).is_dir():
        raise RequestError(f"--runs {chosen}: there is no such folder.")
    return Path(chosen or "runs")
