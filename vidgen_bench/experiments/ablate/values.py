"""The values of a suite's cells: a mean with its spread, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vidgen_bench.experiments.ablate.members import Ablation, Member
from vidgen_bench.experiments.ablate.recorded import Recorded
from vidgen_bench.experiments.ablate.running import Result
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.rows import Summary, over_seeds

State = Literal["finished", "diverged", "failed", "does not fit", "not run"]


@dataclass(frozen=True)
class Value:
    """The value of one model or record in a cell."""

    member: Member | Recorded
    state: State
    summary: Summary | None
    results: tuple[Result, ...]
    """Of the runs, in the order of the seeds; a seed that did not run has no result, and a record needs none."""

    @property
    def reason(self) -> str | None:
        """The misfit or the first failure, if any."""
        misfit = self.member.misfit if isinstance(self.member, Member) else None
        return misfit or next((r.failure for r in self.results if r.failure), None)

    @property
    def kinds(self) -> list[str]:
        """What to know of the models before comparing them with those of other cells."""
        given = [r.record for r in self.results] if isinstance(self.member, Member) else [self.member.record]
        records = [record for record in given if record]
        models = [record.model for record in records]
        conditional = ["Class-conditional: given a class for each clip."] * any(m.conditional for m in models)
        changed = [f"Different code of {', '.join(found)} made its runs."] if (found := different_code(records)) else []
        return (
            conditional + ["Reconstruction: no code was published."] * any(m.reconstruction for m in models) + changed
        )


def values(ablation: Ablation, results: Sequence[Result]) -> dict[tuple[str, str], list[Value]]:
    """Return the values of every cell, keyed by row and column, after these results."""
    found: dict[tuple[str, str], list[Value]] = {}
    for member in ablation.shown:
        value = (
            _of_record(member, ablation.metric) if isinstance(member, Recorded) else _of_runs(member, ablation, results)
        )
        found.setdefault((member.cell.row, member.cell.column), []).append(value)
    return found


def _of_record(recorded: Recorded, metric: str) -> Value:
    summary = recorded.summary(metric)
    return Value(recorded, "finished" if summary else "diverged", summary, ())


def _of_runs(member: Member, ablation: Ablation, results: Sequence[Result]) -> Value:
    mine = [r for r in results if not member.misfit and r.job.member.key == member.key]
    mine.sort(key=lambda r: r.job.seed)  # a job that another process was running comes last
    scored = [(r.job.seed, r.record.scores) for r in mine if r.record and r.record.status == "finished"]
    summary = over_seeds([(seed, s[ablation.metric].values) for seed, s in scored]) if scored else None
    states: list[State] = ["finished"] if scored else [r.state for r in mine] or ["not run"]
    state = "does not fit" if member.misfit else "failed" if "failed" in states else states[0]
    return Value(member, state, summary, tuple(mine))
