"""The fields of a record; the rules between them are in :mod:`vidgen_bench.records.consistency`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.config.toml import Strict
from vidgen_bench.records.entries import (
    Best,
    DataEntry,
    Environment,
    ExternalEntry,
    Measured,
    MetricEntry,
    Parameters,
    PluginEntry,
    Score,
    Setting,
    Spent,
    TracePoint,
    TrackEntry,
)


class Content(Strict):
    """The fields of a record, validated individually."""

    schema_: Literal[2] = Field(alias="schema")
    status: Literal["finished", "diverged", "external"]
    spec: str
    seed: int = Field(ge=-(2**64), le=2**64)
    version: str
    track: TrackEntry
    data: DataEntry
    protocols: dict[str, Stamp] = Field(description="protocol id -> everything that its scores depend on")
    plugins: tuple[PluginEntry, ...]
    options: dict[str, Setting]
    parameters: Parameters
    environment: Environment
    spent: Spent
    trace: tuple[TracePoint, ...]
    best: Best | None
    watched: str | None = Field(default=None, description="id of the protocol that the scores in trace and best use")
    external: ExternalEntry | None = None
    metrics: dict[str, MetricEntry] = Field(description="one entry per metric in scores and anchors")
    scores: dict[str, Score]
    anchors: dict[str, dict[str, Score]]
    witness: tuple[str, ...] = Field(
        default=(), description="side effects of the first iteration that a training step should not have"
    )
    measured: Measured
