"""Records: one finished run as one JSON file. A leaderboard is derived from records and from nothing else.

Everything but ``measured`` (times, memory, dates, hardware) is a function of the request, the data and the environment that the
record names: an interrupted and resumed run writes the same bytes there as one that ran through.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from vidgen_bench.consistency import disagreements
from vidgen_bench.errors import RecordError
from vidgen_bench.files import write_text
from vidgen_bench.protocol import Stamp
from vidgen_bench.validation import Strict, explain

SCHEMA = 2

RECORD_FILE = "record.json"
"""What a run folder calls its record."""

LARGEST = 1e100
"""The largest score: the squares of what is beyond overflow, and with them every table that it stands in."""

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A number of things, which no person has made longer than a column is wide."""

Origin = Literal["default", "name", "variant", "pairing", "track", "given"]


class Setting(Strict):
    """An option's value and where it came from."""

    value: Any
    origin: Origin


class TrackEntry(Strict):
    """The track as it was declared, with its fingerprint."""

    name: str
    fingerprint: str
    ranked: bool
    declared: dict[str, Any]

    @property
    def evaluation(self) -> dict[str, Any]:
        """What it declares of evaluation; empty where that is no table."""
        part = self.declared.get("evaluation")
        return part if isinstance(part, dict) else {}


class DataEntry(Strict):
    """The decoded videos that were found."""

    name: str
    fingerprint: str
    train_videos: Count
    test_videos: Count
    missing: tuple[str, ...] = ()


class PluginEntry(Strict):
    """A plugin that took part, and its distribution."""

    kind: str
    name: str
    distribution: str
    version: str


class MetricEntry(Strict):
    """What a table must know of a metric when its plugin is not there, and under which protocol its numbers were taken."""

    title: str
    better: Literal["higher", "lower", "neither"]
    protocol: str = Field(description="id of the protocol of its scores and anchors")
    extra: bool = Field(
        default=False, description="taken of the final samples alone; tables show it where it is asked for"
    )
    caveat: str = Field(default="", description="what a reader must know of it, as in rank-deficient")
    refused: str = Field(default="", description="why there is no score of it, where there is none")


class ExternalEntry(Strict):
    """Clips that were made elsewhere, and what of them was measured."""

    source: str
    kind: str
    clips: int = Field(ge=1, description="that are there")
    used: int = Field(ge=1, description="that were measured")
    sha256: str = Field(description="of their names and bytes, in order")


class Parameters(Strict):
    """Trainable parameters: of G_t (its lift included), and of each part of the game."""

    temporal: Count | None
    own_temporal: Count | None = Field(default=None, description="of the backbone's own G_t, the target of :equal")
    parts: dict[str, Count]


class Environment(Strict):
    """What numbers may depend on in the last digits."""

    torch: str
    threads: int = Field(ge=1)
    device: str
    world: int = Field(ge=1, le=2**31)
    libraries: dict[str, str] = Field(default_factory=dict, description="versions of what else decodes and computes")


class Spent(Strict):
    """What training used, without times."""

    iterations: Count
    clips: Count
    flops: float = Field(ge=0)


class TracePoint(Strict):
    """One evaluation during training: mean loss terms since the last one, and scores."""

    iteration: Count
    losses: dict[str, float]
    scores: dict[str, float]


class Best(Strict):
    """The checkpoint that the track's rule picked."""

    iteration: Count
    metric: str
    value: float


class Score(Strict):
    """One metric over the final batches: raw values, mean, and population standard deviation (the paper's ±)."""

    values: tuple[float, ...] = Field(min_length=1)
    mean: float
    std: float = Field(ge=0)
    at: dict[str, tuple[float, ...]] = Field(
        default_factory=dict, description="of a score read off a curve, the points of each batch by what was varied"
    )

    @model_validator(mode="after")
    def _agrees(self) -> Score:
        if max(map(abs, self.values)) > LARGEST:
            raise ValueError(f"values are beyond {LARGEST:g}, where means and spreads can no longer be computed")
        mean, std = mean_and_std(self.values)
        if not (
            math.isclose(mean, self.mean, rel_tol=1e-9, abs_tol=1e-9)
            and math.isclose(std, self.std, rel_tol=1e-6, abs_tol=1e-9)
        ):
            raise ValueError(f"mean {self.mean} and std {self.std} are not those of the values ({mean}, {std})")
        return self

    @classmethod
    def of(cls, values: Sequence[float], at: Mapping[str, tuple[float, ...]] | None = None) -> Score:
        """Return the score of these per-batch values."""
        mean, std = mean_and_std(values)
        return cls(values=tuple(values), mean=mean, std=std, at=dict(at or {}))


def mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and population standard deviation."""
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))


class Measured(Strict):
    """What differs between two runs of the same numbers."""

    started: str
    finished: str
    train_seconds: float = Field(ge=0)
    evaluate_seconds: float = Field(ge=0)
    device_hours: float = Field(ge=0, le=1e9)
    peak_memory_bytes: int = Field(ge=0)
    hardware: str
    python: str
    platform: str
    revision: str
    resumed: int = Field(ge=0, description="how often the run was taken up again")


class Record(Strict):
    """A finished run, or clips from elsewhere that were measured like one."""

    schema_: Literal[2] = Field(alias="schema")
    status: Literal["finished", "diverged", "external"]
    spec: str
    seed: int = Field(ge=-(2**64), le=2**64)
    version: str
    track: TrackEntry
    data: DataEntry
    protocols: dict[str, Stamp] = Field(description="by id, what the numbers of each metric depend on")
    plugins: tuple[PluginEntry, ...]
    options: dict[str, Setting]
    parameters: Parameters
    environment: Environment
    spent: Spent
    trace: tuple[TracePoint, ...]
    best: Best | None
    watched: str | None = Field(default=None, description="id of the protocol of the scores in trace and best")
    external: ExternalEntry | None = None
    metrics: dict[str, MetricEntry] = Field(description="of every metric in scores and anchors")
    scores: dict[str, Score]
    anchors: dict[str, dict[str, Score]]
    witness: tuple[str, ...] = Field(
        default=(), description="what the first iteration was seen to do that a step should not"
    )
    measured: Measured

    @model_validator(mode="after")
    def _consistent(self) -> Record:
        if track_fingerprint(self.track.declared) != self.track.fingerprint:
            raise ValueError("the track's fingerprint is not that of what it declares; was the record edited by hand?")
        if (fault := next(disagreements(self), None)) is not None:
            raise ValueError(fault)
        return self

    def text(self) -> str:
        """Return the record as it is written: JSON, two spaces, ``measured`` last."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"


FINGERPRINT_VERSION = 1


def track_fingerprint(declared: dict[str, Any]) -> str:
    """Return ``v1:`` and the first 16 hex digits of the SHA-256 of the canonical JSON of a track's declared content."""
    text = json.dumps(declared, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"v{FINGERPRINT_VERSION}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def write_record(path: Path, record: Record) -> None:
    """Write a record whole."""
    write_text(path, record.text())


DEEPEST = 50
"""Levels of tables in a record; what is nested some hundreds deep can be read, and not be written again."""


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(part, levels - 1) for part in inner)


def read_record(path: Path) -> Record:
    """Return the validated record of a file.

    Raises:
        RecordError: unreadable, no JSON, another schema, or nonsense inside; the text names the file, the place and the fix.
    """
    fix = "Restore the file from the run that wrote it, or delete it and run the spec again."
    try:
        table = json.loads(path.read_bytes())
        json.dumps(table, ensure_ascii=False).encode()  # half a surrogate pair is JSON, and no text that can be printed
    except OSError as error:
        raise RecordError(f"The record {path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"The record {path} is no JSON: {error}. {fix}") from None
    if isinstance(table, dict) and table.get("schema", SCHEMA) != SCHEMA:
        raise RecordError(
            f"The record {path} has schema {table['schema']!r}; this version reads schema {SCHEMA}. Use the version that wrote it."
        )
    if _deeper(table, DEEPEST):
        raise RecordError(f"The record {path} is nested deeper than {DEEPEST} levels. {fix}")
    try:
        return Record.model_validate(table)
    except ValidationError as error:
        raise RecordError(f"The record {path} is not valid:\n{explain(error, Record)}\n{fix}") from None
