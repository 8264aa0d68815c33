"""``submit`` returns before its jobs have ended, and each of them runs once."""

from __future__ import annotations

from vidgen_bench.api import Ended, Started
from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import rehearsal


def check_submission(subject: LauncherSubject) -> None:
    """Check that jobs are started without waiting for them, once each, and reported as started and ended."""
    with rehearsal(subject) as stage:
        jobs = [stage.job(name, seconds=1.5) for name in ("a", "b", "c")]
        handle = stage.submit(*jobs)
        demand(
            not [note for note in stage.notes() if note.startswith("end")],
            "expected submit() to return without waiting for its jobs: one had ended by then",
        )
        names = {job.key for job in handle.jobs}
        demand(
            names == {job.key for job in jobs},
            f"expected handle.jobs to list the {len(jobs)} jobs that have not ended: it lists {len(names)}",
        )
        stage.wait(handle)
        for job in jobs:
            for word in ("begin", "end"):
                count = stage.notes().count(f"{word} {job.name}")
                demand(count == 1, f"expected each job to run once: one of {len(jobs)} has {count} times {word!r}")
            kinds = [type(event) for event in stage.events if event.job.key == job.key]
            demand(
                kinds == [Started, Ended],
                f"expected the events Started and Ended of each job: of {job.name} came "
                f"{', '.join(kind.__name__ for kind in kinds) or 'none'}",
            )
