"""Scores a finished run, or external clips: the call behind ``vidgen-bench evaluate`` and ``vidgen_bench.evaluate``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.config.track import load_track
from vidgen_bench.data.external.fitting import check_shapes, checked_trim, fitted
from vidgen_bench.data.external.opening import open_source, source_of
from vidgen_bench.data.external.value_range import check_bytes
from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.evaluate.external_clips import evaluate_clips
from vidgen_bench.experiments.evaluate.finished_run import evaluate_run, is_run
from vidgen_bench.experiments.evaluate.request import EvaluationRequest, EvaluationResult
from vidgen_bench.host.host import Host
from vidgen_bench.system.files import readable_name
from vidgen_bench.system.interrupt import Interrupt
from vidgen_bench.system.memory import keep_freed_memory
from vidgen_bench.system.observer import Interruptible, Observer


def evaluate(request: EvaluationRequest, observer: Observer | None = None) -> EvaluationResult:
    """Score the run or clips of a request and write the record; existing scores are read, not computed again.

    Raises:
        RequestError: an unknown name, too few clips, or clips that do not fit; the message names the option to change.
        DataError: a damaged file.
        Interrupted: Ctrl-C; finished statistics of real clips are kept.
    """
    if request.device in ("auto", "cpu"):
        keep_freed_memory()
    with Interrupt() as interrupt:
        watching = Interruptible(observer or Observer(), interrupt)
        what = request.what
        if isinstance(what, str | Path) and is_run(Path(what)):
            _refuse_options_for_clips(request)
            return evaluate_run(Path(what), request, watching)
        track = load_track(request.track or DEFAULT_TRACK)
        resolved_track = request.resolve(track, Host.of_environment())
        fits = partial(check_shapes, clip=track.clip, resize=request.resize, trim=checked_trim(request.trim))
        reading = {"layout": request.layout, "value_range": request.value_range}
        if isinstance(what, str | Path):
            source = open_source(
                what, check=fits, report=watching.progress, follow_links=request.follow_links, **reading
            )
            origin = _origin(Path(what))
        else:
            source, origin = source_of(what, report=watching.progress, **reading), "array"
        clips = fitted(source, track.clip, resize=request.resize, trim=request.trim)
        check_bytes(clips, request.value_range)
        return evaluate_clips(clips, resolved_track, request, origin, watching)


def _refuse_options_for_clips(request: EvaluationRequest) -> None:
    if request.conditional:
        raise RequestError(
            "--conditional is for external clips; the record of a run says whether its model has classes."
        )
    options = {
        "name": request.name,
        "resize": request.resize,
        "trim": request.trim,
        "layout": request.layout,
        "range": request.value_range,
        "follow-links": request.follow_links,
    }
    for option, value in options.items():
        if value:
            raise RequestError(f"--{option} is for external clips; a run draws samples of its track's clip shape.")


def _origin(path: Path) -> str:
    """Return the name of a folder, or of a file without its ending, as text that a record can hold."""
    return readable_name(path.resolve().name if path.is_dir() else path.stem)
