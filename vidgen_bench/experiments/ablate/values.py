"""What every cell of a suite's table shows: a mean with its spread, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vidgen_bench.experiments.ablate.members import Ablation, Member
from vidgen_bench.experiments.ablate.running import Result
from vidgen_bench.leaderboard.rows import Summary, over_seeds

State = Literal["finished", "diverged", "failed", "does not fit", "not run"]


@dataclass(frozen=True)
class Value:
    """What a cell shows of one member."""

    member: Member
    state: State
    summary: Summary | None
    results: tuple[Result, ...]
    """By seed; a seed that was not run is not there."""

    @property
    def reason(self) -> str | None:
        """Why there is no number: the misfit, or the first failure."""
        return self.member.misfit or next((r.failure for r in self.results if r.failure), None)


def values(ablation: Ablation, results: Sequence[Result]) -> dict[tuple[str, str], list[Value]]:
    """Return what every cell shows, by row and column, after these results."""
    found: dict[tuple[str, str], list[Value]] = {}
    for member in ablation.members:
        mine = [r for r in results if not member.misfit and r.job.member.key == member.key]
        mine.sort(key=lambda r: r.job.seed)  # one that another process was running comes last
        scored = [(r.job.seed, r.record.scores) for r in mine if r.record and r.record.status == "finished"]
        summary = over_seeds([(seed, s[ablation.metric].values) for seed, s in scored]) if scored else None
        states: list[State] = ["finished"] if scored else [r.state for r in mine] or ["not run"]
        state = "does not fit" if member.misfit else "failed" if "failed" in states else states[0]
        found.setdefault((member.cell.row, member.cell.column), []).append(Value(member, state, summary, tuple(mine)))
    return found
