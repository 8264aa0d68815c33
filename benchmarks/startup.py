"""The time from the start of each command to the end of its ``--help``, and of the commands that only list something."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.processes import call
from benchmarks.tables import Table
from benchmarks.timing import spread
from vidgen_bench.cli.main import COMMANDS

LISTING = (["tracks"], ["protocols"], ["plugins"], ["leaderboard"], ["run", "tgan+ode1", "--dry-run"])
TIMES = 3


def tables(quick: bool) -> Iterator[Table]:
    """Yield one table; the first call of each command is not counted."""
    words = [["--version"], *([] if quick else [[name, "--help"] for name in COMMANDS]), *LISTING]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for one in words:
            calls = [call(one, Path(folder), {"XDG_CACHE_HOME": folder}) for _ in range(1 + TIMES)][1:]
            processor = statistics.median(c.processor for c in calls)
            rows.append((" ".join(one), spread([c.seconds for c in calls]), processor))
    yield Table("Start-up", ("vidgen-bench ...", "s (range)", "processor s"), rows)
