"""Cells that show an existing record: that of a finished run, or of somebody's clips that `evaluate` scored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.config.cell import Cell, Model
from vidgen_bench.config.track import Track
from vidgen_bench.errors import RequestError, did_you_mean
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.rows import Summary, over_seeds
from vidgen_bench.leaderboard.submissions.layout import given_options
from vidgen_bench.records.entries import TrackEntry
from vidgen_bench.records.record import RECORD_FILE, Record, read_record


@dataclass(frozen=True)
class Recorded:
    """A result in a cell that is read from its record; nothing runs for it."""

    cell: Cell
    model: Model
    path: Path
    """The record's file."""
    record: Record
    declared: Track
    """The suite's track, with its budget."""
    aside: bool
    """Whether its track differs from the one that the table names."""

    @property
    def spec(self) -> str:
        """The spec and the given options; for external clips their name."""
        given = " ".join(f"{key}={value}" for key, value in given_options(self.record).items())
        return f"{self.record.spec} {given}".strip()

    @property
    def track(self) -> TrackEntry:
        """The track of the record."""
        return self.record.track

    @property
    def source(self) -> str:
        """A footnote on where the number is from."""
        if (clips := self.record.external) is not None:
            return (
                f"External: {clips.used:,} clips of {clips.source}, measured here and made by another program, whose "
                "training is unknown."
            )
        return f"From the record {self.path}, seed {self.record.seed}."

    @property
    def entry(self) -> Entry:
        """The record as the leaderboard collects it."""
        return Entry(self.path, self.record)

    def summary(self, metric: str) -> Summary | None:
        """Return the mean and spread of a metric; None for a run that diverged."""
        if self.record.status == "diverged":
            return None
        return over_seeds([(self.record.seed, self.record.scores[metric].values)])


def read_recorded(cell: Cell, model: Model, declared: Track, common: Track, metric: str) -> Recorded:
    """Return what a cell shows of a record.

    Args:
        cell: the cell.
        model: the model of the cell that names the record.
        declared: the suite's track.
        common: the track that the table names.
        metric: the metric of the table.
    Raises:
        RecordError: there is no such record, or it is not valid.
        RequestError: it has no score in the metric; the text lists those that it has.
    """
    path = Path(model.record or "")
    path = path / RECORD_FILE if path.is_dir() else path
    record = read_record(path)
    if metric not in record.scores and record.status != "diverged":
        known = ", ".join(record.scores) or "none"
        raise RequestError(
            f"the table shows {metric!r}, for which this record has no score.{did_you_mean(metric, record.scores)} "
            f"It has: {known}."
        )
    return Recorded(cell, model, path, record, declared, record.track.fingerprint != common.fingerprint)
