"""Plausibility: values that are possible but unusual, for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from vidgen_bench.leaderboard.comparable import unlisted
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.submissions.budget_check import questions_of_budget
from vidgen_bench.leaderboard.submissions.model_check import questions_of_model
from vidgen_bench.leaderboard.submissions.peaks import peak
from vidgen_bench.records.anchors import REAL
from vidgen_bench.records.record import Record
from vidgen_bench.records.release import release

_SPREADS, _PART = 5, 0.05
"""How much better than at its choice a final score may be: in spreads between its batches, and as a part of the value."""


def questions(record: Record) -> Iterator[str]:
    """Yield one sentence per unusual value of a record."""
    yield from _of_scores(record)
    yield from _of_trace(record)
    yield from _of_choice(record)
    yield from _of_speed(record)
    yield from questions_of_budget(record)
    yield from questions_of_model(record)
    yield from _of_versions(record)


def _of_scores(record: Record) -> Iterator[str]:
    real = record.anchors.get(REAL, {})
    for name, score in record.scores.items():
        metric = record.metrics[name]
        if metric.extra:
            continue
        sign = {"higher": 1, "lower": -1, "neither": 0}[metric.better]
        if name in real and sign * (score.mean - real[name].mean) > 0:
            yield f"{metric.title} {score.mean:.4g} is better than that of held-out real clips, {real[name].mean:.4g}"
        if name == selected(record) and len(score.values) > 1 and score.std == 0:
            yield f"{metric.title} has no spread over {len(score.values)} batches of fresh samples"


def _of_trace(record: Record) -> Iterator[str]:
    """Yield whether the evaluations contradict the length of the training, its divergence, or the choice of the checkpoint."""
    last = max((point.iteration for point in record.trace), default=0)
    if last > record.spent.iterations:
        yield f"it has an evaluation at iteration {last:,}; it trained for {record.spent.iterations:,} iterations"
    elif record.status == "diverged" and record.trace and last == record.spent.iterations:
        # a run whose final samples are not finite is rare, and looks the same
        yield f"it diverged, but has scores at its last iteration, {last:,}. Was a bad seed marked, to take a floor?"
    best = record.best
    if best is None or (entry := record.metrics.get(best.metric)) is None or entry.better == "neither":
        return
    values = [point.scores[best.metric] for point in record.trace if best.metric in point.scores]
    most = max(values) if entry.better == "higher" else min(values)
    if most != best.value:
        yield f"its checkpoint was chosen by {entry.title} {best.value:.6g}, but the best evaluation of its trace has {most:.6g}"


def _of_choice(record: Record) -> Iterator[str]:
    """Yield whether the final score is much better than the one by which the checkpoint was chosen, in the same measurement.

    The chosen value is the best of many, and the final samples are fresh, so the final score is usually a little worse.
    """
    metric, best = selected(record) or "", record.best
    score, watched = record.scores.get(metric), record.protocols.get(record.watched or "")
    if best is None or score is None or watched is None or best.metric != metric:
        return
    if unlisted(record.protocols[record.metrics[metric].protocol]) != unlisted(watched):
        return  # a score depends on the number of samples, too
    gained = (score.mean - best.value) * (-1 if record.metrics[metric].better == "lower" else 1)
    if gained > max(_SPREADS * score.std, _PART * abs(best.value)):
        yield (
            f"{record.metrics[metric].title} {score.mean:.4g} on fresh samples is much better than {best.value:.4g}, by which its "
            "checkpoint was chosen. Were the scores edited by hand?"
        )


def _of_speed(record: Record) -> Iterator[str]:
    """Yield whether training was faster than the hardware can be."""
    measured, world = record.measured, record.environment.world
    if record.spent.flops and measured.train_seconds == 0:
        yield "training took no time"
    elif record.spent.flops:
        rate, most = record.spent.flops / measured.train_seconds / world, peak(record)
        if rate > most:
            yield (
                f"training ran at {rate:.2g} floating-point operations per second and device; {measured.hardware} has a peak "
                f"of about {most:.2g}"
            )
    try:
        if datetime.fromisoformat(measured.finished) < datetime.fromisoformat(measured.started):
            yield "it finished before it started"
    except (ValueError, TypeError):
        yield "measured.started and measured.finished are not both times with a zone"


def _of_versions(record: Record) -> Iterator[str]:
    """Yield the versions that are no releases; known errors are listed by version, so another text would evade them."""
    named = {("vidgen-bench", record.version), *((p.distribution, p.version) for p in record.plugins)}
    for distribution, version in sorted(named):
        if release(version) is None:
            yield f"{distribution} has the version {version!r}, which is not a release; was its code changed?"
