"""All fields of a record; the rules between them are in :mod:`vidgen_bench.records.consistency`."""

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
    """The fields of a record, each valid by itself."""

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
