"""``attach`` finds the jobs that are left of an earlier process, by their keys, and only if the launcher outlives it."""

from __future__ import annotations

from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import rehearsal

LONG = 600.0
"""Seconds of a job that is still there."""


def check_attach(subject: LauncherSubject) -> None:
    """Check that a job is found while it runs, that an unknown one is not, and that none is found where none can be left."""
    with rehearsal(subject) as stage:
        job, other = stage.job("left", seconds=LONG), stage.job("unknown")
        handle = stage.submit(job)
        stage.wait(handle, lambda: "begin left" in stage.notes(), "its job to start")
        found = [one.key for one in stage.attach(job, other).jobs]
        if not subject.launcher.outlives:
            demand(
                not found,
                "expected attach() to find no jobs, since outlives is False and all of them end with their process: it found "
                f"{len(found)}",
            )
            return
        demand(
            found == [job.key],
            f"expected attach() to find the one of two jobs that was submitted and has not ended: it found {len(found)}",
        )
        again = stage.attach(job)
        again.cancel()
        demand(
            "stopped left" in stage.notes(),
            "expected cancel() of an attached handle to end the job with SIGTERM: it did not",
        )
        left = list(stage.attach(job).jobs)
        demand(not left, "expected attach() to find no job that has ended: it found it")
