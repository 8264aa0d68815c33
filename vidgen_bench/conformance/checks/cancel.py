"""``cancel`` ends every job: SIGTERM, so that a run is saved, and nothing is left when it returns."""

from __future__ import annotations

import time

from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import rehearsal

LONG = 600.0
"""Seconds of a job that is cancelled."""

SOON = 100.0
"""Seconds that it may take: the minute in which a run saves itself, and what a scheduler needs."""


def check_cancel(subject: LauncherSubject) -> None:
    """Check that a running job gets SIGTERM, that a waiting one never starts, and that both are over when it returns."""
    with rehearsal(subject) as stage:
        running = stage.job("running", seconds=LONG)
        waiting = stage.job("waiting", after=[running])
        handle = stage.submit(running, waiting)
        stage.wait(handle, lambda: "begin running" in stage.notes(), "its first job to start")
        begun = time.monotonic()
        handle.cancel()
        seconds = time.monotonic() - begun
        stage.poll(handle)
        demand(
            "stopped running" in stage.notes(),
            "expected the process of a cancelled job to get SIGTERM and the time to save its run: it did not get it by the time "
            "that cancel() returned",
        )
        demand(seconds < SOON, f"expected cancel() to return within {SOON:.0f} seconds: it took {seconds:.0f}")
        demand(
            not list(handle.jobs),
            "expected no jobs to be left when cancel() has returned: handle.jobs still lists some",
        )
        demand(
            "begin waiting" not in stage.notes(), "expected a waiting job never to start once it is cancelled: it ran"
        )
        for job in (running, waiting):
            demand(
                len(stage.last(job)) == 1,
                f"expected the next poll() to return one last event of each cancelled job: of {job.name!r} came {len(stage.last(job))}",
            )
