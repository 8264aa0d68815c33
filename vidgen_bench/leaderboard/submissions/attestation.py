"""Attestations: a result that was run again or scored again, with when, by which revision, and what came out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vidgen_bench.config.toml import Strict
from vidgen_bench.leaderboard.ranking_metric import selected
from vidgen_bench.leaderboard.submissions.layout import ATTESTATION
from vidgen_bench.leaderboard.submissions.note import Note, parse_note
from vidgen_bench.leaderboard.submissions.untrusted_json import InvalidJson
from vidgen_bench.records.record import Record

Badge = Literal["self-reported", "re-run", "recomputed"]
"""How far a row was checked: as sent in; every seed run again; every seed's checkpoint scored again."""


class Compared(Strict):
    """One metric of the record, and of the repetition."""

    recorded: float
    found: float


class Attestation(Note):
    """The result of repeating the record beside it."""

    how: Literal["re-run", "recomputed"]
    version: str
    revision: str = Field(description="of the code that repeated it")
    environment: str = Field(description="torch and device of the repetition")
    tolerance: float = Field(ge=0, le=0.01, description="largest accepted relative difference; 0 for equal bytes")
    scores: dict[str, Compared] = Field(default_factory=dict)


def parse_attestation(content: bytes, name: str) -> Attestation:
    """Return the attestation in a file with this name.

    Raises:
        InvalidJson: the file is not accepted; the message is the reason, not yet safe to print.
    """
    attestation = parse_note(content, name, Attestation, ATTESTATION)
    for metric, both in attestation.scores.items():
        if not within(both, attestation.tolerance):
            raise InvalidJson(f"{metric}: {both.found} differs from {both.recorded} by more than the tolerance")
    return attestation


def contradiction(attestation: Attestation, record: Record | None, sha: str | None) -> str | None:
    """Return how an attestation contradicts the record beside it and the SHA-256 of its file, or None."""
    if record is None or sha != attestation.record:
        return "attests another content than that of the record beside it; remove it or attest again"
    means = {name: score.mean for name, score in record.scores.items()}
    wrong = any(means.get(name) != both.recorded for name, both in attestation.scores.items())
    if wrong or (means and selected(record) not in attestation.scores):
        return "does not repeat the scores that the record has"
    if attestation.how == "re-run" and any(both.found != both.recorded for both in attestation.scores.values()):
        return "attests a re-run, whose scores must be equal"
    return None


def within(both: Compared, tolerance: float) -> bool:
    """Return whether the relative difference of two scores is at most the tolerance."""
    return abs(both.found - both.recorded) <= tolerance * max(abs(both.recorded), 1e-12)
