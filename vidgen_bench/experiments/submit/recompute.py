"""Scores the checkpoint of a submitted run again, on any device, and compares within a tolerance."""

from __future__ import annotations

from pathlib import Path

from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.evaluate.finished_run import rescore
from vidgen_bench.experiments.evaluate.request import EvaluationRequest
from vidgen_bench.experiments.submit.attest import attest
from vidgen_bench.experiments.submit.candidates import candidate
from vidgen_bench.leaderboard.submissions.layout import record_place
from vidgen_bench.leaderboard.submissions.text_content import normalised
from vidgen_bench.measure.resolved_track import VideoLocation
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.observer import Observer

TOLERANCE = 0.01
"""The largest accepted relative difference of a mean; between devices, scores of equal weights differ by less than 0.001."""


def recompute(run: Path, target: Path, videos: VideoLocation, device: str, observer: Observer) -> Path:
    """Score a run's best checkpoint again, and write an attestation beside its submitted record if the scores agree.

    Args:
        run: the run folder, with its checkpoint.
        target: the folder of submitted results.
        videos: the location of the track's videos.
        device: auto, cpu, cuda, cuda:1.
        observer: receives the progress.
    Raises:
        RequestError: the run was not submitted, diverged, or cannot be scored here.
        VidgenBenchError: a score differs by more than the tolerance.
    """
    one = candidate(run)
    path = target / record_place(one.record)
    if path.is_symlink() or not path.is_file() or normalised(path.read_bytes()) != one.content:
        raise RequestError(
            f"{path} is not the record of {one.folder}. Expected a record that `vidgen-bench submit` wrote."
        )
    numbers = rescore(one.folder, EvaluationRequest(one.folder, videos=videos, device=device), observer)
    recorded = {name: entry.protocol for name, entry in one.record.metrics.items()}
    if other := [
        n for n in numbers.scores if recorded.get(n, numbers.metrics[n].protocol) != numbers.metrics[n].protocol
    ]:
        raise RequestError(
            f"{', '.join(other)}: the protocol id here is another one than in the record, such as after a change of weights or of "
            "reference clips. Install those of the record."
        )
    return attest(
        path, one.record, numbers.scores, "recomputed", device=choose_device(device).type, tolerance=TOLERANCE
    )
