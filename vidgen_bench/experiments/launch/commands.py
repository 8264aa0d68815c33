"""The command lines of jobs: every setting spelt out and every path absolute, so that they mean the same on any machine."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from vidgen_bench.config.budget import Budget
from vidgen_bench.experiments.evaluate.request import EvaluationRequest
from vidgen_bench.experiments.run.plan import Request
from vidgen_bench.host.options import option_text
from vidgen_bench.measure.resolved_track import VideoLocation


def run_arguments(request: Request, seed: int, threads: int) -> tuple[str, ...]:
    """Return the words after ``vidgen-bench`` that train one seed of a request."""
    given = [f"--set={key}={option_text(value)}" for key, value in request.given.items()]
    budget = [] if request.budget is None else [f"--budget={_budget(request.budget)}"]
    precision = [] if request.precision is None else [f"--precision={request.precision}"]
    return (
        "run",
        request.spec,
        f"--track={name_or_file(request.track)}",
        *given,
        *budget,
        *precision,
        f"--seed={seed}",
        f"--runs={request.runs.absolute()}",
        *_videos(request.source),
        f"--device={request.device}",
        f"--threads={threads}",
        *{"refuse": (), "start over": ("--again",), "accept": ("--accept-changed-code",)}[request.where_changed],
    )


def reference_arguments(request: Request, threads: int) -> tuple[str, ...]:
    """Return the words that decode a request's videos and measure its real clips and anchors, which all its runs need."""
    return (
        "reference",
        "build",
        f"--track={name_or_file(request.track)}",
        *_videos(request.source),
        f"--device={request.device}",
        f"--threads={threads}",
    )


def evaluate_arguments(request: EvaluationRequest, protocols: Iterable[str], threads: int) -> tuple[str, ...]:
    """Return the words that score the run or the clips of a request under these protocols."""
    values = {
        "track": request.track and name_or_file(request.track),
        "name": request.name,
        "samples": request.samples,
        "precision": request.precision,
        "trim": request.trim,
        "layout": request.layout,
        "range": request.value_range,
    }
    flags = {"resize": request.resize, "follow-links": request.follow_links, "conditional": request.conditional}
    return (
        "evaluate",
        *(f"--{name}={value}" for name, value in values.items() if value is not None),
        *(f"--protocol={name_or_file(protocol)}" for protocol in protocols),
        *(f"--{name}" for name, value in flags.items() if value),
        *_videos(request.videos),
        f"--runs={request.runs.absolute()}",
        f"--device={request.device}",
        f"--threads={threads}",
        "--",
        str(Path(str(request.what)).absolute()),
    )


def name_or_file(text: str) -> str:
    """Return the name of a track or protocol, or the absolute path of its file."""
    return str(Path(text).absolute()) if text.endswith(".toml") else text


def _videos(source: VideoLocation) -> list[str]:
    """Return the options that say where the videos are."""
    words = [
        f"--{name}={path.absolute()}" for name, path in (("data", source.folder), ("splits", source.splits)) if path
    ]
    words += [f"--allow-missing={source.allow_missing}"] if source.allow_missing else []
    return words + ([f"--workers={source.workers}"] if source.workers is not None else [])


def _budget(budget: Budget) -> str:
    """Return a budget with all digits of its numbers."""
    return ",".join(f"{kind.replace('_', '-')}={amount!r}" for kind, amount in budget.limits.items())
