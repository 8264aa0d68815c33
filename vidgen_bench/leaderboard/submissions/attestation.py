"""Attestations: a result that was run again or scored again, with when, by which revision, and what came out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pydantic import Field

from vidgen_bench.config.toml import Strict
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.submissions.layout import ATTESTATION
from vidgen_bench.leaderboard.submissions.note import Note, parse_note
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson
from vidgen_bench.records.record import Record

Badge = Literal["self-reported", "re-run in part", "recomputed", "re-run"]
"""How far a row was checked, from the weakest: as sent in; every seed's training repeated up to an evaluation; every seed's checkpoint
scored again; every seed run again."""


class Compared(Strict):
    """One metric of the record, and of the repetition."""

    recorded: float
    found: float


class Attestation(Note):
    """The result of repeating the record beside it."""

    how: Literal["re-run", "recomputed"]
    version: str
    revision: str = Field(pattern=r"\S", description="of the code that repeated it")
    environment: str = Field(description="torch and device of the repetition")
    tolerance: float = Field(ge=0, le=0.01, description="largest accepted relative difference; 0 for equal bytes")
    scores: dict[str, Compared] = Field(default_factory=dict)
    iterations: int | None = Field(
        default=None,
        ge=1,
        description="of a re-run that ended at an evaluation with an equal trace; none for the whole run",
    )

    @property
    def badge(self) -> Badge:
        """How far the record was checked."""
        return self.how if self.iterations is None else "re-run in part"


def parse_attestation(content: bytes, name: str) -> Attestation:
    """Return the attestation in a file with this name.

    Raises:
        InvalidJson: the file is not accepted; the message is the reason, not yet safe to print.
    """
    attestation = parse_note(content, name, Attestation, ATTESTATION)
    for metric, both in attestation.scores.items():
        if not within(both, attestation.tolerance):
            raise InvalidJson(f"{metric}: {both.found} differs from {both.recorded} by more than the tolerance")
    if date.fromisoformat(attestation.date) > datetime.now(UTC).date() + timedelta(days=1):
        raise InvalidJson(f"has the date {attestation.date}, which is in the future")
    return attestation


def contradiction(attestation: Attestation, record: Record | None, sha: str | None) -> str | None:
    """Return how an attestation contradicts the record beside it and the SHA-256 of its file, or None."""
    if record is None or sha != attestation.record:
        return "attests another content than that of the record beside it; remove it or attest again"
    if (finished := _day(record.measured.finished)) and date.fromisoformat(attestation.date) < finished:
        return f"has the date {attestation.date}; the run finished on {finished}, so nobody could repeat it before"
    ran = record.environment
    if attestation.how == "re-run" and (ran.device, ran.world) != ("cpu", 1):
        return f"attests a re-run of a run on {ran.world} x {ran.device}; only runs on one CPU repeat to the same bytes"
    if attestation.iterations is not None:
        return _in_part(attestation, record)
    means = {name: score.mean for name, score in record.scores.items()}
    wrong = any(means.get(name) != both.recorded for name, both in attestation.scores.items())
    if wrong or (means and selected(record) not in attestation.scores):
        return "does not repeat the scores that the record has"
    if attestation.how == "re-run" and any(both.found != both.recorded for both in attestation.scores.values()):
        return "attests a re-run, whose scores must be equal"
    return None


def _day(time: str) -> date | None:
    """Return the day of a time in UTC, or None for a text that is not a time, about which a person is asked."""
    try:
        return datetime.fromisoformat(time).astimezone(UTC).date()
    except (ValueError, OverflowError):
        return None


def _in_part(attestation: Attestation, record: Record) -> str | None:
    if attestation.how != "re-run" or attestation.scores or attestation.tolerance > 0:
        return "attests a part of a run, which is a re-run with an equal trace and without final scores"
    if attestation.iterations not in {point.iteration for point in record.trace}:
        return f"attests {attestation.iterations} iterations, at which the record has no evaluation"
    return None


def within(both: Compared, tolerance: float) -> bool:
    """Return whether the relative difference of two scores is at most the tolerance."""
    return abs(both.found - both.recorded) <= tolerance * max(abs(both.recorded), 1e-12)
