"""Scoring again: a result whose scores are known to be wrong is replaced by new scores of the same checkpoints, and by nothing else.

The checkpoints are fixed by their hashes and every seed is scored again, so nothing is left to choose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vidgen_bench.leaderboard.errata import Erratum, errata_of
from vidgen_bench.records.record import Record

_TRAINED = ("status", "spec", "seed", "track", "data", "options", "parameters", "spent", "trace", "best", "model")
"""The fields that training determines, apart from the checkpoint and the plugins that generate."""


def known_wrong(record: Record, errata: Sequence[Erratum]) -> bool:
    """Return whether one of a record's scores is known to be wrong."""
    return any(errata_of(record, metric, errata) for metric in record.scores)


def not_scored_again(before: Mapping[str, Record], now: Mapping[str, Record], errata: Sequence[Erratum]) -> str | None:
    """Return why records are not those of an earlier state of their folder, scored again; None if they are.

    Args:
        before: the earlier records, by path.
        now: the records, by path.
        errata: the known errors.
    """
    if set(before) != set(now):
        return "it has other seeds"
    if not any(known_wrong(old, errata) for old in before.values()):
        return "no score of it is known to be wrong"
    for path, old in sorted(before.items()):
        new = now[path]
        if (
            new != old and old.scores and not known_wrong(old, errata)
        ):  # a run that diverged has no scores to choose from
            return f"no score of seed {old.seed} is known to be wrong"
        if known_wrong(new, errata):
            return f"a score of seed {new.seed} is still known to be wrong; all seeds are scored again"
        if _trained(new) != _trained(old):
            return f"seed {new.seed} has another checkpoint or another training"
    return None


def _trained(record: Record) -> tuple[object, ...]:
    """Return what scoring a checkpoint again does not change."""
    players = {(p.kind, p.name, p.distribution) for p in record.plugins if p.kind in ("backbone", "temporal")}
    checkpoint = None if record.hashes is None else record.hashes.checkpoint
    return (*(getattr(record, name) for name in _TRAINED), players, checkpoint)
