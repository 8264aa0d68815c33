"""The fields of a record; the rules between them are in :mod:`vidgen_bench.records.consistency`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vidgen_bench.config.protocol import Stamp
from vidgen_bench.config.toml import Strict
from vidgen_bench.records import entries, names
from vidgen_bench.records.code import CodeEntry


class Content(Strict):
    """The fields of a record, validated individually."""

    schema_: Literal[3] = Field(alias="schema")
    status: Literal["finished", "diverged", "external"]
    spec: names.SpecName
    seed: int = Field(ge=-(2**64), le=2**64)
    version: str
    track: entries.TrackEntry
    data: entries.DataEntry
    protocols: dict[str, Stamp] = Field(description="protocol id -> everything that its scores depend on")
    plugins: tuple[entries.PluginEntry, ...]
    model: entries.ModelEntry = Field(
        default_factory=entries.ModelEntry, description="left out where everything in it is false"
    )
    code: CodeEntry = Field(
        default_factory=CodeEntry, description="left out of records of earlier versions, which do not know it"
    )
    options: dict[names.OptionName, entries.Setting]
    parameters: entries.Parameters
    environment: entries.Environment
    spent: entries.Spent
    trace: tuple[entries.TracePoint, ...]
    best: entries.Best | None
    watched: str | None = Field(default=None, description="id of the protocol that the scores in trace and best use")
    external: entries.ExternalEntry | None = None
    metrics: dict[names.Name, entries.MetricEntry] = Field(description="one entry per metric in scores and anchors")
    scores: dict[names.Name, entries.Score]
    anchors: dict[names.Name, dict[names.Name, entries.Score]]
    hashes: entries.Hashes | None = Field(
        default=None, description="None for external clips, for a run that diverged, and for records of schema 2"
    )
    witness: tuple[str, ...] = Field(
        default=(), description="side effects of the first iteration that a training step should not have"
    )
    measured: entries.Measured
