"""``vidgen-bench evaluate``: score a finished run again, or your own clips."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli import launch_options
from vidgen_bench.cli.console import AsJson, print_json
from vidgen_bench.cli.run_options import AllowMissing, Data, Device, Runs, Splits, Threads, Workers
from vidgen_bench.errors import Interrupted, RequestError, VidgenBenchError

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.experiments.evaluate.request import EvaluationRequest, EvaluationResult
    from vidgen_bench.experiments.launch.chosen import ChosenLauncher
    from vidgen_bench.records.record import Record


def evaluate(
    what: Annotated[
        list[Path],
        typer.Argument(
            help="A run folder; a folder of .mp4, .avi, .gif or .webp clips, or of one folder of .png or .jpg frames per clip; or an "
            ".npy, .npz or .safetensors file, or a .zip of .npy files. Several are scored one after another; "
            "a failure does not stop the others."
        ),
    ],
    track: Annotated[
        str | None,
        typer.Option(
            help="Track to score clips on: a name, or a TOML file (default: shapes-smoke). A run always uses its own."
        ),
    ] = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="Protocol instead of the track's: a name, or a TOML file. Repeatable: one record each."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name in tables. Default: the name of the file or folder.")] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=1, help="Clips per batch, instead of the protocol's number. Changes the protocol id."),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="Precision instead of the protocol's: float32, tf32 or bf16. Changes the protocol id."),
    ] = None,
    resize: Annotated[
        bool,
        typer.Option(
            "--resize", help="Resize square frames to the track's size, bicubic, antialiased. Changes the protocol id."
        ),
    ] = False,
    trim: Annotated[
        str | None, typer.Option(help="Frames of longer clips to keep: first or centre. Changes the protocol id.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option(help="Axes of an array of ambiguous shape: NTHWC, NCTHW or NTCHW.")
    ] = None,
    value_range: Annotated[
        str | None, typer.Option("--range", help="Range of float pixels, if ambiguous: --range=-1,1, 0,1 or 0,255.")
    ] = None,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Let links in a folder of clips lead out of it.")
    ] = False,
    conditional: Annotated[
        bool,
        typer.Option(
            "--conditional",
            help="The clips are of a model that is given a class for each: they get a table of their own.",
        ),
    ] = False,
    data: Data = None,
    splits: Splits = None,
    runs: Runs = Path("runs"),
    device: Device = "auto",
    threads: Threads = None,
    on: launch_options.On = None,
    jobs: launch_options.Jobs = None,
    detach: launch_options.Detach = False,
    cancel: launch_options.Cancel = False,
    options: Annotated[
        list[str] | None, typer.Option("--set", help="Set an option of the launcher: launcher.jobs=2. Repeatable.")
    ] = None,
    allow_missing: AllowMissing = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Score WHAT, a run or clips, beside real clips and noise, and write a record for the leaderboard.

    A finished run already has scores under its own protocol: choose other settings with --protocol, --precision or --samples.

    Clips of your own are marked external. They are scored in a pseudo-random order that depends only on their number.
    """
    from vidgen_bench.cli.literal_console import LiteralConsole
    from vidgen_bench.experiments.evaluate.request import EvaluationRequest
    from vidgen_bench.measure.resolved_track import VideoLocation

    console = LiteralConsole(soft_wrap=True, stderr=as_json)  # standard output has only the JSON
    _check_several(what, name)
    request = EvaluationRequest(
        what[0],
        track=track,
        name=name,
        videos=VideoLocation(data, splits, allow_missing, workers),
        samples=samples,
        precision=precision,
        resize=resize,
        trim=trim,
        layout=layout,
        value_range=value_range,
        follow_links=follow_links,
        conditional=conditional,
        device=device,
        runs=runs,
    )
    requests = [dataclasses.replace(request, what=one) for one in what]
    protocols = list(dict.fromkeys(protocol or ()))
    launcher = _launcher(options, on, jobs)
    mode = launch_options.check_modes(launcher, detach=detach, cancel=cancel)
    if launcher is None:
        _score(console, requests, protocols, threads, as_json)
        return
    if as_json:
        raise RequestError("--json prints what this process scores; leave it out with --on and --jobs.")
    from vidgen_bench.cli.launched_evaluations import launch_evaluations

    launch_evaluations(console, requests, protocols, threads, launcher, mode)


def _check_several(what: list[Path], name: str | None) -> None:
    if len(what) > 1 and name is not None:
        raise RequestError(f"--name is the name of one thing in tables; leave it out for {len(what)}.")


def _launcher(options: list[str] | None, on: str | None, jobs: int | None) -> ChosenLauncher | None:
    from vidgen_bench.host.host import Host

    others, given = launch_options.split_launcher_options(options)
    if others:
        raise RequestError(
            f"--set {others[0]}: expected launcher.OPTION=VALUE; the options of a model are in its record."
        )
    return launch_options.choose(on, jobs, given, Host.of_environment())


def _score(
    console: Console, requests: list[EvaluationRequest], protocols: list[str], threads: int | None, as_json: bool
) -> None:
    """Score everything in this process, and print it; one that fails does not stop the others.

    Raises:
        VidgenBenchError: one failed; of several, the text lists all that did.
    """
    import torch

    from vidgen_bench.cli.progress import TerminalObserver
    from vidgen_bench.experiments.evaluate.evaluate import evaluate as score

    if threads is not None:
        torch.set_num_threads(threads)
    wanted: list[str | None] = list(protocols)
    tables, failures = [], []
    for request in requests:
        try:
            for name_or_file in wanted or [None]:
                with TerminalObserver(console) as observer:
                    result = score(dataclasses.replace(request, protocol=name_or_file), observer)
                tables.append(result.table())
                if not as_json:
                    _print(console, result)
        except VidgenBenchError as error:
            if len(requests) == 1 or isinstance(error, Interrupted):
                raise
            failures.append(f"  evaluate {request.what}: {error}")
    if as_json:
        print_json(tables)
    if failures:
        raise VidgenBenchError("\n".join([f"{len(failures)} of {len(requests)} evaluations failed:", *failures]))


def _print(console: Console, done: EvaluationResult) -> None:
    """Print the scores of one record beside its anchors, with notes."""
    from vidgen_bench.cli.outcome_view import print_scores

    record = done.record
    if done.already:
        console.print(_already(record), highlight=False)
    print_scores(console, record)
    if record.external is not None and done.left_over:
        count = record.external.clips
        console.print(
            f"scored {count - done.left_over:,} of {count:,} clips: whole batches, at most as many as the track takes",
            highlight=False,
        )
    for name, reason in done.skipped.items():
        console.print(f"skipped  {name}: {reason}", highlight=False, markup=False)
    console.print(f"record   {done.path}", highlight=False, markup=False)


def _already(record: Record) -> str:
    """Return the line for scores that existed already, with the options for new ones."""
    protocols = {m.protocol for name, m in record.metrics.items() if name in record.scores and not m.extra}
    words = " and ".join(sorted({str(record.protocols[p].protocol["name"]) for p in protocols}))
    return (
        f"{record.spec} on {record.track.name} already has scores under {words}; choose other settings with --protocol, --precision "
        "or --samples."
    )
