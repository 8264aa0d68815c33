"""Where the runs of a suite stand, read again and again."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.launch.runs import Run
from vidgen_bench.experiments.run.changed_code import changed
from vidgen_bench.experiments.run.standing import Standing, standing_of


class Standings:
    """Reads where runs stand, again and again; a record is read once."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._done: dict[str, Standing] = {}

    def read(self) -> list[Standing]:
        """Return where every run stands now."""
        now = datetime.datetime.now(datetime.UTC)
        return [self._done.get(run.key) or self._read(run, now) for run in self._runs]

    def _read(self, run: Run, now: datetime.datetime) -> Standing:
        standing, record = standing_of(run.name, run.folder, now)
        if standing.age is None and standing.state != "damaged":  # a process at work knows its code
            standing = replace(standing, message=" ".join(filter(None, (standing.message, _code(run)))))
        if record is not None:
            self._done[run.key] = standing
        return standing


def _code(run: Run) -> str:
    """Return a sentence on the code of a run that has changed since it began, "" if none has."""
    with suppress(VidgenBenchError):
        if change := changed(run.plan, run.seed):
            return f"Its code has changed since it began: {', '.join(change.packages)}."
    return ""
