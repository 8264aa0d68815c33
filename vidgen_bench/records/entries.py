"""The parts of a record: one frozen model per table of the JSON file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from vidgen_bench.config.toml import Strict

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
