"""A job starts after those in ``after``, and not at all if one of them fails."""

from __future__ import annotations

from vidgen_bench.api import Ended, Skipped
from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import describe, rehearsal


def check_order(subject: LauncherSubject) -> None:
    """Check that the order holds, and that what comes after a failed job is reported as skipped, at any distance."""
    with rehearsal(subject) as stage:
        first = stage.job("first", seconds=0.5)
        then = stage.job("then", after=[first])
        bad = stage.job("bad", code=1)
        never = stage.job("never", after=[bad])
        neither = stage.job("neither", after=[never])
        stage.wait(stage.submit(first, then, bad, never, neither))
        notes = stage.notes()
        order = [note for note in notes if note in ("end first", "begin then")]
        demand(
            order == ["end first", "begin then"],
            f"expected a job to start after the one in its `after` had ended: the order was {', '.join(order) or 'neither'}",
        )
        demand(stage.last(then) == [Ended(then, 0)], f"expected Ended(0) of both: the events were {stage.shown()}")
        for job in (never, neither):
            demand(
                f"begin {job.name}" not in notes,
                "expected a job not to start when one that comes before it failed: it ran",
            )
            last = stage.last(job)
            demand(
                len(last) == 1 and isinstance(last[0], Skipped),
                f"expected Skipped, once, of a job whose `after` failed or was skipped: of {job.name!r} came "
                f"{', '.join(map(describe, last)) or 'nothing'}",
            )
