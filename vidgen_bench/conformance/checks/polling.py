"""``poll`` returns at once with what is new, and with nothing when nothing is."""

from __future__ import annotations

from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import LAST, rehearsal


def check_polling(subject: LauncherSubject) -> None:
    """Check that poll does not wait for a job to end, and returns each event once."""
    with rehearsal(subject) as stage:
        job = stage.job("slow", seconds=3.0)
        handle = stage.submit(job)
        stage.wait(handle, lambda: "begin slow" in stage.notes(), "its job to start")
        stage.poll(handle)
        demand(
            "end slow" not in stage.notes(),
            "expected poll() to return at once: it waited for a job to end",
        )
        stage.wait(handle)
        after = [event for _ in range(3) for event in stage.poll(handle)]
        demand(
            not after, f"expected poll() to return nothing when nothing is new: it returned {len(after)} events again"
        )
        last = [event for event in stage.events if isinstance(event, LAST)]
        demand(len(last) == 1, f"expected one last event of a job: the events were {stage.shown()}")
