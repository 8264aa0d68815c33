"""The one call behind ``vidgen-bench evaluate`` and ``vidgen_bench.evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.config.track import load_track
from vidgen_bench.data.external.fitting import checked_trim, fitted
from vidgen_bench.data.external.opening import open_source, source_of
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.evaluate import arguments
from vidgen_bench.experiments.evaluate.external_clips import evaluate_clips
from vidgen_bench.experiments.evaluate.finished_run import evaluate_run, is_run
from vidgen_bench.experiments.evaluate.request import EvaluationRequest, EvaluationResult
from vidgen_bench.host.host import Host
from vidgen_bench.measure.resolved_track import VideoLocation
from vidgen_bench.records.record import Record
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.memory import keep_freed_memory
from vidgen_bench.system.observer import Interruptible, Observer

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


def evaluation(
    what: str | Path | np.ndarray | Tensor,
    asked: EvaluationRequest,
    *,
    track: str | None = None,
    name: str | None = None,
    runs: Path = Path("runs"),
    resize: bool = False,
    trim: str | None = None,
    layout: str | None = None,
    value_range: str | None = None,
    observer: Observer | None = None,
) -> EvaluationResult:
    """Score a finished run, or clips from elsewhere; see :func:`evaluate`.

    Raises:
        RequestError: as there.
        Interrupted: Ctrl-C; the statistics of real clips that were finished are kept.
    """
    checked_trim(trim)
    if asked.device in ("auto", "cpu"):
        keep_freed_memory()
    with Interrupt() as interrupt:
        watching = Interruptible(observer or Observer(), interrupt)
        if isinstance(what, str | Path) and is_run(Path(what)):
            _only_for_clips(name=name, resize=resize, trim=trim, layout=layout, range=value_range)
            return evaluate_run(Path(what), track, asked, watching)
        declared = load_track(track or DEFAULT_TRACK)
        resolved_track = asked.resolved_track(declared, Host.of_environment())
        if isinstance(what, str | Path):
            source = open_source(what, layout=layout, value_range=value_range, report=watching.progress)
            origin = _origin(Path(what))
        else:
            source = source_of(what, layout=layout, value_range=value_range, report=watching.progress)
            origin = "array"
        clips = fitted(source, declared.clip, resize=resize, trim=trim)
        return evaluate_clips(clips, resolved_track, asked, origin, name, runs, watching)


def evaluate(
    what: str | Path | np.ndarray | Tensor,
    *,
    track: str | Path | None = None,
    protocol: str | Path | None = None,
    name: str | None = None,
    data: str | Path | None = None,
    splits: str | Path | None = None,
    samples: int | None = None,
    precision: str | None = None,
    resize: bool = False,
    trim: str | None = None,
    layout: str | None = None,
    value_range: str | None = None,
    device: str = "auto",
    runs: str | Path = "runs",
) -> Record:
    """Return the record of a finished run or of clips from elsewhere; see :func:`vidgen_bench.evaluate`."""
    videos = VideoLocation(
        None if data is None else arguments.folder("data", data),
        None if splits is None else arguments.folder("splits", splits),
    )
    asked = EvaluationRequest(
        arguments.name_or_file("protocol", protocol),
        arguments.whole("samples", samples),
        arguments.text("precision", precision),
        videos,
        arguments.text("device", device) or "auto",
    )
    return evaluation(
        what,
        asked,
        track=arguments.name_or_file("track", track),
        name=arguments.text("name", name),
        runs=arguments.folder("runs", runs),
        resize=arguments.flag("resize", resize),
        trim=arguments.text("trim", trim),
        layout=arguments.text("layout", layout),
        value_range=arguments.text("value_range", value_range),
    ).record


def _only_for_clips(**given: object) -> None:
    for option, value in given.items():
        if value:
            raise RequestError(
                f"--{option} is for clips from elsewhere; a run draws its samples as its track wants them."
            )


def _origin(path: Path) -> str:
    """Return what clips are called where they come from: the name of their folder, or of their file."""
    return path.resolve().name if path.is_dir() else path.stem
