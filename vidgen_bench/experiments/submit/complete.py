"""Completeness: a spec is submitted with exactly the seeds that its track declares, so that nobody can choose the best ones."""

from __future__ import annotations

from collections.abc import Sequence

from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.submit.candidates import Candidate
from vidgen_bench.leaderboard.submissions.commands import completing_command
from vidgen_bench.leaderboard.submissions.layout import spec_folder
from vidgen_bench.leaderboard.submissions.row_identity import differences, identity


def complete(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return the candidates of each spec, ordered by seed.

    Raises:
        RequestError: a spec has a seed twice, seeds that its track does not declare, or not all declared ones; or its runs differ in
            more than the seed.
    """
    specs: dict[str, list[Candidate]] = {}
    for one in candidates:
        specs.setdefault(str(spec_folder(one.record)), []).append(one)
    for name, group in specs.items():
        _check(name, group)
    return [sorted(group, key=lambda c: c.record.seed) for group in specs.values()]


def _check(name: str, group: Sequence[Candidate]) -> None:
    first, seeds = group[0].record, [c.record.seed for c in group]
    declared = list(range(first.track.seeds))
    if twice := sorted({s for s in seeds if seeds.count(s) > 1}):
        folders = ", ".join(str(c.folder) for c in group if c.record.seed == twice[0])
        raise RequestError(f"{name}: seed {twice[0]} is given twice: {folders}. Give each seed once.")
    if different := differences([identity(c.record) for c in group]):
        raise RequestError(
            f"{name}: the runs differ in {different}. Give runs of one row: the same spec, options, track, data and plugins."
        )
    if missing := [s for s in declared if s not in seeds]:
        raise RequestError(
            f"{name}: a result has the seeds 0 to {declared[-1]} of its track; {_words(missing)} missing. Diverged runs count. Run: "
            f"{completing_command(first, missing)}"
        )
    copies = [c.record.hashes.checkpoint for c in group if c.record.hashes]
    if len(set(copies)) < len(copies):
        raise RequestError(f"{name}: two seeds have the same checkpoint, so one is a copy. Run the seeds again.")


def _words(seeds: Sequence[int]) -> str:
    listed = ", ".join(map(str, seeds))
    return f"seed {listed} is" if len(seeds) == 1 else f"seeds {listed} are"
