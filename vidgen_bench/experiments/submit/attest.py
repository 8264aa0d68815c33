"""Writes the attestation of a submitted record that was repeated, beside the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import torch

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.escaping import printable
from vidgen_bench.leaderboard.submissions.attestation import Attestation, Compared, within
from vidgen_bench.leaderboard.submissions.layout import RECORD_BYTES, attestation_name
from vidgen_bench.leaderboard.submissions.record_check import Refused, check_record
from vidgen_bench.leaderboard.submissions.text_content import content_hash
from vidgen_bench.records.entries import Score
from vidgen_bench.records.record import Record
from vidgen_bench.system.files import write_text
from vidgen_bench.system.provenance import revision
from vidgen_bench.system.regular_files import read_file
from vidgen_bench.version import __version__


def submitted_record(path: Path) -> Record:
    """Return a submitted record, checked as ``verify`` checks it.

    Raises:
        RequestError: the file cannot be read, or is not accepted.
    """
    try:
        content = read_file(path, most=RECORD_BYTES)
    except FileNotFoundError as error:
        raise RequestError(f"The record {path} cannot be read: {error.strerror}.") from None
    try:
        return check_record(content, "/".join(path.resolve().parts[-3:]))
    except Refused as error:
        raise RequestError(f"{path} is not a submitted record: {printable(str(error), 2_000)}.") from None


def attest(
    path: Path,
    record: Record,
    found: Mapping[str, Score],
    how: Literal["re-run", "recomputed"],
    *,
    device: str,
    tolerance: float,
) -> Path:
    """Write ``seed-N.attested.json`` beside a submitted record and return its path.

    Args:
        path: the submitted record file.
        record: its content.
        found: the scores of the repetition.
        how: how the record was repeated.
        device: the device of the repetition.
        tolerance: the largest accepted relative difference of a mean.
    Raises:
        VidgenBenchError: a score differs by more than the tolerance; nothing is written.
    """
    both = {
        name: Compared(recorded=record.scores[name].mean, found=score.mean)
        for name, score in found.items()
        if name in record.scores and not record.metrics[name].extra
    }
    for name, compared in both.items():
        if not within(compared, tolerance):
            raise VidgenBenchError(
                f"{path}: {name} is {compared.recorded:.6g} in the record and {compared.found:.6g} now; they differ by more than "
                f"{tolerance:.2g} of the value. Nothing was attested."
            )
    return _write(path, record, how, device, tolerance=tolerance, scores=both)


def attest_part(path: Path, record: Record, iterations: int) -> Path:
    """Write the attestation of a re-run on a CPU whose trace was equal up to an evaluation, and return its path."""
    return _write(path, record, "re-run", "cpu", tolerance=0.0, iterations=iterations)


def _write(path: Path, record: Record, how: Literal["re-run", "recomputed"], device: str, **found: Any) -> Path:
    """Write an attestation with what was found beside its record and return its path."""
    attestation = Attestation(
        schema=1,
        how=how,
        seed=record.seed,
        record=content_hash(read_file(path, most=RECORD_BYTES)),
        date=datetime.now(UTC).date().isoformat(),
        version=__version__,
        revision=revision(),
        environment=f"torch {torch.__version__}, {device}",
        **found,
    )
    target = path.with_name(attestation_name(path.name))
    write_text(target, attestation.text())
    return target
