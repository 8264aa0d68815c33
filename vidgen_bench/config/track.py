"""Tracks, read from TOML: everything that is held fixed so that specs can be compared; and their fingerprint.

The fingerprint hashes what the track declares, so it is known before any work. It leaves out

- the name, the summary, and keys at their default, so that a new key does not change old tracks;
- further scores, because each has an id of its own;
- ``[ranking]``, because the number of seeds behind a rank does not change what one run does or scores;
- ``[defaults]``, because option values belong to a row of a table: the record keeps each of them, and rows with different values are
  never averaged.

Your own protocol file enters by its name, not by its path; the id of every score covers its content.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, InstanceOf, model_validator

from vidgen_bench.api import Clip
from vidgen_bench.config.budget import Budget
from vidgen_bench.config.derived_name import DerivedName
from vidgen_bench.config.protocol import Protocol, load_protocol, shipped_protocols
from vidgen_bench.config.spec import NAME
from vidgen_bench.config.toml import Strict, read_shipped, read_toml, shipped
from vidgen_bench.errors import RequestError, did_you_mean

TrainingPrecision = Literal["fp32", "tf32", "bf16"]
"""The arithmetic of training: strict float32, TF32 in matrix products and convolutions, or bfloat16 under autocast."""


class DataPart(Strict):
    """The data set, and how a decoded frame becomes the pixels of a clip."""

    name: str = Field(description="data set plugin, as `vidgen-bench plugins` lists them")
    split: int = Field(
        default=1, ge=1, le=99, description="split of the data set: the number of its training and test lists"
    )
    resize: tuple[int, int] = Field(description="rows, columns after resizing")
    rule: Literal["cubic", "cubic-antialias"] = Field(
        default="cubic", description="how a frame is resized: cubic or cubic-antialias"
    )
    crop: tuple[int, int, int, int] = Field(description="top, left, height, width, after resizing")

    @model_validator(mode="after")
    def _crop_inside(self) -> DataPart:
        (rows, columns), (top, left, height, width) = self.resize, self.crop
        if not (0 <= top < top + height <= rows and 0 <= left < left + width <= columns):
            raise ValueError(f"the crop {self.crop} does not lie inside the resized frame {self.resize}")
        return self


class ClipPart(Strict):
    """The shape of a clip."""

    frames: int = Field(ge=2, description="frames per clip")
    size: int = Field(ge=4, description="height and width of a frame in pixels")
    classes: int = Field(ge=1, description="classes of the data set")


class InstrumentPart(Strict):
    """The instrument; ``sha256`` pins its weights."""

    name: str = Field(description="instrument that scores this track, if the protocol names none")
    sha256: str | None = Field(default=None, description="SHA-256 that its weights must have")


class FinalPart(Strict):
    """The final scores: ``batches`` fresh batches of ``samples`` clips from the best checkpoint."""

    batches: int = Field(ge=1, description="batches of the final scores; ± of one seed is their spread")
    samples: int = Field(ge=2, description="generated clips per batch of the final scores")


class ReferencePart(Strict):
    """Passes over the training list, each with fresh offsets, for the statistics of real clips; the protocol's number if None."""

    passes: int | None = Field(
        default=None,
        ge=1,
        description="passes over the training list for the statistics of real clips; default: the protocol's",
    )


class EvaluationPart(Strict):
    """When and on how many samples training is scored, and which metric picks the best checkpoint."""

    protocol: str = Field(default="c3d-tgan", description="the name of a protocol, or a .toml file")
    also: tuple[str, ...] = Field(
        default=("fvd-2048-16f",),
        description="further protocols for the final samples, skipped if their weights are not installed",
    )
    every: int = Field(ge=1, description="iterations between two evaluations during training")
    samples: int = Field(ge=2, description="generated clips per evaluation during training")
    select: str = Field(description="metric that picks the best checkpoint and ranks the rows")
    metrics: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="metrics to measure; default: the protocol's"
    )
    extra: tuple[str, ...] | None = Field(
        default=None, description="metrics of the final samples only; default: the protocol's"
    )
    final: FinalPart = Field(description="The final scores, from fresh samples of the best checkpoint.")
    reference: ReferencePart = Field(default=ReferencePart(), description="The real clips behind the scores.")
    own_protocol: InstanceOf[Protocol] | None = Field(
        default=None, exclude=True, description="read from its file by load_track"
    )

    @model_validator(mode="after")
    def _select_is_measured(self) -> EvaluationPart:
        measured = self.metrics or (protocol.metrics if (protocol := self._shipped) else None)
        if measured and self.select not in measured:
            raise ValueError(f"select = {self.select!r} is not among metrics = {list(measured)}")
        return self

    @property
    def _shipped(self) -> Protocol | None:
        """The protocol if it ships with the package; a record may name a protocol file that is not on this machine."""
        return load_protocol(self.protocol) if self.protocol in shipped_protocols() else None

    def beside(self, folder: Path) -> EvaluationPart:
        """Return the part with its protocol files loaded relative to ``folder``, the folder of the track file.

        Raises:
            RequestError: the protocol file is missing, unreadable, or not a valid protocol.
        """

        def found(name: str) -> str:
            return str(folder / name) if name.endswith(".toml") else name

        protocol, own = found(self.protocol), None
        if self.protocol.endswith(".toml"):
            if not Path(protocol).exists():
                raise RequestError(
                    f"The protocol file {protocol} does not exist. Its path is relative to the track file that names it."
                )
            own = load_protocol(protocol)
        return self.model_copy(update={"protocol": protocol, "also": tuple(map(found, self.also)), "own_protocol": own})

    @property
    def declared(self) -> dict[str, Any]:
        """The content that the fingerprint covers: what differs from the defaults and from the protocol, without further scores."""
        content = self.model_dump(mode="json", exclude_defaults=True, exclude={"also", "extra"})
        protocol = self.own_protocol or self._shipped
        if self.own_protocol:
            content["protocol"] = self.own_protocol.name
            if self.own_protocol.name == type(self).model_fields["protocol"].default:  # a copy of the shipped protocol
                del content["protocol"]
        if self.metrics is not None:
            content["metrics"] = sorted(set(self.metrics))  # their order only matters for display
            if protocol and set(protocol.metrics) == set(self.metrics):
                del content["metrics"]
        if protocol and self.reference.passes == protocol.real.passes:
            content.pop("reference", None)
        return content


class TrainingPart(Strict):
    """How a run trains, apart from the options of plugins."""

    precision: TrainingPrecision = Field(default="fp32", description="arithmetic of training: fp32, tf32 or bf16")


class RankingPart(Strict):
    """What a rank on this track rests on."""

    seeds: int = Field(default=5, ge=2, le=100, description="a rank uses exactly the seeds 0 .. seeds - 1, each once")


class Track(Strict):
    """One track, validated; ``defaults`` maps a plugin's name to option values."""

    name: str = Field(description="name of the track, which is the name of its folder below `runs`")
    summary: str = Field(default="", description="one sentence for `vidgen-bench tracks`")
    ranked: bool = Field(default=True, description="whether the leaderboard ranks the rows of this track")
    data: DataPart = Field(description="The data set, and how a decoded frame becomes the pixels of a clip.")
    clip_: ClipPart = Field(alias="clip", description="The shape of a clip.")
    instrument: InstrumentPart = Field(description="The network that looks at clips.")
    evaluation: EvaluationPart = Field(description="When, how and on how many samples a run is scored.")
    budget: Budget = Field(description="Limits on training: at least one; the first that is reached ends it.")
    training: TrainingPart = Field(
        default=TrainingPart(), description="How a run trains, apart from options of plugins."
    )
    ranking: RankingPart = Field(default=RankingPart(), description="What a rank on this track rests on.")
    defaults: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Values of plugins' options on this track: a table per plugin."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Track:
        if not NAME.match(self.name):
            raise ValueError(f"name {self.name!r}: expected lower-case letters, digits, '-', '_' or '.'")
        if self.data.crop[2:] != (self.clip_.size, self.clip_.size):
            raise ValueError(f"the crop is {self.data.crop[2]}x{self.data.crop[3]}, but clip.size is {self.clip_.size}")
        return self

    @property
    def clip(self) -> Clip:
        """The clip shape that backbones receive."""
        spare = self.data.resize[1] - self.data.crop[3]
        return Clip(self.clip_.frames, self.clip_.size, self.clip_.classes, spare=spare)

    @property
    def declared(self) -> dict[str, Any]:
        """The content that the fingerprint covers; see the module's docstring for what is left out."""
        content = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        content["evaluation"] = self.evaluation.declared
        return {k: v for k, v in content.items() if k not in ("name", "summary", "ranked", "ranking", "defaults")}

    @property
    def fingerprint(self) -> str:
        """The hash of :attr:`declared`."""
        return track_fingerprint(self.declared)

    def derived(self, budget: Budget | None = None, precision: str | None = None) -> Track:
        """Return the track ``NAME~iterations=5,precision=tf32`` with another budget or precision of training.

        This track is returned if both are None or its own.

        Raises:
            RequestError: there is no such precision.
        """
        name, changes = DerivedName.parse(self.name), dict[str, Any]()
        if budget is not None and budget != self.budget:
            name, changes["budget"] = replace(name, budget=str(budget)), budget
        if precision is not None and precision != self.training.precision:
            known = get_args(TrainingPrecision)
            if precision not in known:
                raise RequestError(f"Training has no precision {precision!r}.{did_you_mean(precision, known)}")
            name = replace(name, precision=precision)
            changes["training"] = TrainingPart.model_validate({"precision": precision})
        return self.model_copy(update={"name": str(name), **changes}) if changes else self


def shipped_tracks() -> list[str]:
    """Return the names of the tracks that come with the package."""
    return shipped("track")


def load_track(name_or_file: str) -> Track:
    """Return a shipped track by its name, or a track of your own from a file that ends in ``.toml``.

    Raises:
        RequestError: an unknown name (the nearest is suggested); a file that is missing or not valid TOML; a key that is unknown,
            missing or out of range; or a protocol file that cannot be read.
    """
    if name_or_file.endswith(".toml"):
        path = Path(name_or_file)
        track = read_toml(path, Track, "track")
        return track.model_copy(update={"evaluation": track.evaluation.beside(path.parent)})
    if name_or_file not in shipped_tracks():
        own = " A track of your own is a file that ends in .toml."
        raise RequestError(
            f"There is no track named {name_or_file!r}.{did_you_mean(name_or_file, shipped_tracks())}{own}"
        )
    return read_shipped(name_or_file, Track, "track")


def shipped_equal(track: Track) -> str | None:
    """Return the shipped track that a track under another name equals, as a shipped one with another budget can; else None."""
    if track.name in shipped_tracks():
        return None
    return next((name for name in shipped_tracks() if load_track(name).fingerprint == track.fingerprint), None)


FINGERPRINT_VERSION = 1


def track_fingerprint(declared: dict[str, Any]) -> str:
    """Return ``v1:`` and the first 16 hex digits of the SHA-256 of the canonical JSON of a track's declared content."""
    text = json.dumps(declared, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"v{FINGERPRINT_VERSION}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
