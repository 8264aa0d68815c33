"""The exit code of a process is passed on: vidgen-bench decides by it what runs again."""

from __future__ import annotations

import signal

from vidgen_bench.api import Ended, Lost
from vidgen_bench.conformance.launcher_subject import LauncherSubject
from vidgen_bench.conformance.nonconformance import demand
from vidgen_bench.conformance.rehearsal import describe, rehearsal

CODES = (0, 1, 2, 75)
"""Done, failed, a wrong request, and a run that another process holds. 130 and 143 are left out: a scheduler may repeat these itself."""


def check_codes(subject: LauncherSubject) -> None:
    """Check that each exit code arrives as it is, and 128 + N for a process that signal N ended."""
    with rehearsal(subject) as stage:
        jobs = {code: stage.job(f"code-{code}", code=code) for code in CODES}
        aborted = stage.job("aborted", signal=int(signal.SIGABRT))
        handle = stage.submit(*jobs.values(), aborted)
        stage.wait(handle)
        for code, job in jobs.items():
            found = [describe(event) for event in stage.last(job)]
            demand(
                found == [f"Ended({code})"],
                f"expected Ended({code}) of a process that ends with exit code {code}: came {', '.join(found) or 'nothing'}",
            )
        last = stage.last(aborted)
        demand(
            len(last) == 1 and (isinstance(last[0], Lost) or last[0] == Ended(aborted, 128 + signal.SIGABRT)),
            f"expected Ended({128 + signal.SIGABRT}) or Lost of a process that SIGABRT ended: came "
            f"{', '.join(map(describe, last)) or 'nothing'}. A shell's code is 128 + N; subprocess has -N.",
        )
