"""The parts of a record: one frozen model per table of the JSON file."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, field_serializer, field_validator, model_validator

from vidgen_bench.config.toml import Strict
from vidgen_bench.escaping import finite
from vidgen_bench.records.distribution_name import normalised
from vidgen_bench.records.names import Kind, Name, TrackName

LARGEST = 1e100
"""The largest valid score: the square of a larger one may overflow and spoil means and spreads."""


Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A non-negative 64-bit count."""


Origin = Literal["default", "name", "variant", "pairing", "track", "given"]


class Setting(Strict):
    """An option's value and where it came from."""

    value: Any
    origin: Origin

    @field_serializer("value", when_used="json")
    def _as_json(self, value: Any) -> Any:
        return finite(value)


class TrackEntry(Strict):
    """The track as it was declared, with its fingerprint."""

    name: TrackName
    fingerprint: str
    ranked: bool
    seeds: int = Field(default=5, ge=2, le=100, description="a rank uses exactly the seeds 0 .. seeds - 1")
    declared: dict[str, Any]

    @property
    def evaluation(self) -> dict[str, Any]:
        """The track's ``evaluation`` table; empty if it has none."""
        part = self.declared.get("evaluation")
        return part if isinstance(part, dict) else {}


class DataEntry(Strict):
    """The decoded videos that the run used."""

    name: Name
    fingerprint: str
    train_videos: Count
    test_videos: Count
    missing: tuple[str, ...] = ()


class PluginEntry(Strict):
    """A plugin that the results depend on, and its distribution."""

    kind: Kind
    name: Name
    distribution: str
    version: str

    @property
    def normalised_distribution(self) -> str:
        """The distribution in the one spelling of its name by which packages are compared."""
        return normalised(self.distribution)


class MetricEntry(Strict):
    """A metric as tables show it, even if its plugin is not installed, and the protocol of its scores."""

    title: str
    better: Literal["higher", "lower", "neither"]
    protocol: str = Field(description="id of the protocol that its scores and anchors use")
    extra: bool = Field(default=False, description="computed on the final samples only; tables show it on request")
    caveat: str = Field(default="", description="a warning to show beside the score, such as rank-deficient")
    refused: str = Field(default="", description="why there is no score, if there is none")


class ExternalEntry(Strict):
    """Clips that another program made, and how many of them were scored."""

    source: str
    kind: str
    clips: int = Field(ge=1, description="clips in the source")
    used: int = Field(ge=1, description="clips that were scored")
    sha256: str = Field(description="SHA-256 of the clips' names and bytes, in order")


class ModelEntry(Strict):
    """What a reader must know of a model before comparing it; what a record leaves out is false."""

    conditional: bool = Field(
        default=False, description="it is sampled with class labels: never ranked with one that is not"
    )
    reconstruction: bool = Field(
        default=False, description="no published code of its backbone exists, so the plugin chose the constants"
    )
    null: bool = Field(default=False, description="its latents carry no motion by construction: what others must beat")


class Parameters(Strict):
    """Numbers of trainable parameters: of G_t (with its lift), and of each network that is trained."""

    temporal: Count | None
    own_temporal: Count | None = Field(
        default=None, description="those of the backbone's own G_t, the target of :equal"
    )
    parts: dict[str, Count]


class Environment(Strict):
    """The software and hardware that can change the last digits of a score."""

    torch: str
    threads: int = Field(ge=1)
    device: str
    world: int = Field(ge=1, le=2**31)
    libraries: dict[str, str] = Field(default_factory=dict, description="versions of the other libraries involved")


class Spent(Strict):
    """The work that training used; times are in :class:`Measured`."""

    iterations: Count
    clips: Count
    flops: float = Field(ge=0)


class TracePoint(Strict):
    """One evaluation during training: scores, and the mean of each loss term since the previous evaluation."""

    iteration: Count
    losses: dict[str, float]
    scores: dict[Name, float]

    @field_validator("scores")
    @classmethod
    def _not_too_large(cls, scores: dict[str, float]) -> dict[str, float]:
        _check_size(scores.values())
        return scores


class Best(Strict):
    """The checkpoint that the track's selection rule picked."""

    iteration: Count
    metric: Name
    value: float


class Score(Strict):
    """One metric over the final batches: its values, their mean, and their population standard deviation (the paper's ±)."""

    values: tuple[float, ...] = Field(min_length=1)
    mean: float
    std: float = Field(ge=0)
    at: dict[str, tuple[float, ...]] = Field(
        default_factory=dict,
        description="for a score that is fitted to a curve: the curve's points, one value per batch",
    )

    @model_validator(mode="after")
    def _agrees(self) -> Score:
        _check_size(self.values)
        mean, std = mean_and_std(self.values)
        if not (
            math.isclose(mean, self.mean, rel_tol=1e-9, abs_tol=1e-9)
            and math.isclose(std, self.std, rel_tol=1e-6, abs_tol=1e-9)
        ):
            raise ValueError(
                f"mean {self.mean} and std {self.std} do not match the values, which have {mean} and {std}"
            )
        return self

    @classmethod
    def of(cls, values: Sequence[float], at: Mapping[str, tuple[float, ...]] | None = None) -> Score:
        """Return the score of these per-batch values."""
        mean, std = mean_and_std(values)
        return cls(values=tuple(values), mean=mean, std=std, at=dict(at or {}))


def _check_size(values: Iterable[float]) -> None:
    if max(map(abs, values), default=0.0) > LARGEST:
        raise ValueError(f"values beyond {LARGEST:g} overflow when means and spreads are computed")


def mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the population standard deviation."""
    mean = math.fsum(values) / len(values)
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / len(values))


SHA256 = r"^[0-9a-f]{64}$"
"""The form of a SHA-256 in hexadecimal digits."""


class Hashes(Strict):
    """SHA-256 of what a finished run was scored on; :mod:`vidgen_bench.experiments.run.hashes` computes both."""

    samples: str = Field(
        pattern=SHA256, description="the first final batch under the track's own protocol, as uint8 [N, T, H, W, 3]"
    )
    checkpoint: str = Field(
        pattern=SHA256, description="names, dtypes, shapes and bytes of the tensors of the best checkpoint"
    )


class Measured(Strict):
    """Times, memory and machine: the fields in which two runs with identical results may differ."""

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
    resumed: int = Field(ge=0, description="how many times the run was resumed")
    waiting: str = Field(
        "", description="OMP_WAIT_POLICY, how idle threads wait; empty if not set, or before it was recorded"
    )
