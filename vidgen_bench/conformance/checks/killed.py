"""A process that is killed is reported, and harms no other job."""

from __future__ import annotations

import signal

from vidgen_bench.api import Ended, Lost
from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import describe, rehearsal


def check_killed(subject: LauncherSubject) -> None:
    """Check that a job whose process gets SIGKILL ends with 137 or is lost, and that the one beside it ends as it does."""
    with rehearsal(subject) as stage:
        killed = stage.job("killed", seconds=0.3, signal=int(signal.SIGKILL))
        beside = stage.job("beside", seconds=1.0)
        stage.wait(stage.submit(killed, beside))
        last = stage.last(killed)
        demand(
            len(last) == 1 and (isinstance(last[0], Lost) or last[0] == Ended(killed, 137)),
            f"expected Ended(137) or Lost of a process that SIGKILL ended: came {', '.join(map(describe, last)) or 'nothing'}",
        )
        demand(
            stage.last(beside) == [Ended(beside, 0)],
            f"expected Ended(0) of the job beside a killed one: came {', '.join(map(describe, stage.last(beside))) or 'nothing'}",
        )
