"""Repeats a run up to one of its evaluations: the record's trace has the losses and scores that it must give there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.experiments.run.execute import execute
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.leaderboard.submissions.attestation import parse_attestation
from vidgen_bench.leaderboard.submissions.layout import attestation_name
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson
from vidgen_bench.records.record import Record
from vidgen_bench.system.observer import Glance, Observer
from vidgen_bench.system.regular_files import read_file

_LISTED = 10
"""Evaluations that a message names."""


class _Reached(Exception):
    """The evaluation was reached. The run ends here as after a kill: the same command resumes it."""


class _Until(Observer):
    """Forwards every report to another observer, and ends the run after an evaluation."""

    def __init__(self, observer: Observer, until: int) -> None:
        self._observer, self._until = observer, until

    def stage(self, text: str) -> None:
        """Forward."""
        self._observer.stage(text)

    def progress(self, what: str, done: int, total: int) -> None:
        """Forward."""
        self._observer.progress(what, done, total)

    def trained(self, glance: Glance) -> None:
        """Forward."""
        self._observer.trained(glance)

    def evaluated(self, iteration: int, scores: Mapping[str, float], best_iteration: int) -> None:
        """Forward, then end the run if this evaluation or a later one was reached."""
        self._observer.evaluated(iteration, scores, best_iteration)
        if iteration >= self._until:
            raise _Reached


def check_part(path: Path, record: Record, until: int) -> None:
    """Refuse a part that cannot be compared, or that attests less than is attested already.

    Raises:
        RequestError: the record has no evaluation at this iteration, or its whole run was repeated.
    """
    evaluations = [point.iteration for point in record.trace]
    if until not in evaluations:
        listed = ", ".join(map(str, evaluations[:_LISTED])) or "none"
        more = f" and {len(evaluations) - _LISTED:,} more" if len(evaluations) > _LISTED else ""
        raise RequestError(
            f"--until {until}: {path} has evaluations at the iterations {listed}{more}. Give one of them."
        )
    beside = path.with_name(attestation_name(path.name))
    try:
        whole = parse_attestation(read_file(beside), beside.name).iterations is None
    except (FileNotFoundError, InvalidJson):
        return
    if whole:
        raise RequestError(
            f"--until {until}: {beside} attests the whole run already. Remove it to attest a part instead."
        )


def repeat_part(plan: Plan, record: Record, until: int, path: Path, observer: Observer) -> None:
    """Repeat a run up to an evaluation, and compare every evaluation until there with the record's trace.

    Raises:
        VidgenBenchError: one of them differs.
    """
    with suppress(_Reached):
        execute(plan, record.seed, _Until(observer, until))
    here = {point.iteration: point for point in plan.folder(record.seed).trace()}
    for point in record.trace:
        if point.iteration <= until and here.get(point.iteration) != point:
            raise VidgenBenchError(
                f"The repetition of {path} differs from its trace at iteration {point.iteration}. Nothing was attested."
            )
