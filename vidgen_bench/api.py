"""What a plugin author reads: the values that pass between harness and plugins, and the declarations a plugin makes.

Importing this module imports no torch, and a declaration should not either: ``build`` does.
Shapes are named N clips, T frames, C channels, H rows, W columns, D latent entries; pixels lie in [-1, 1].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pluggy

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from vidgen_bench.noise import Noise

ENTRY_POINT_GROUP = "vidgen_bench"
"""The entry-point group in which a distribution registers its plugins."""

hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)
"""Marks a function of a plugin module as a hook implementation; docs/plugins/reference.md lists the hooks."""

API = "1.0"
"""Version of this contract: the first number changes when a plugin written for it may no longer work."""

Times = tuple[float, ...]
"""Instants in clip units: 0 is the first training frame, 1 the last; the training grid is ``i / (frames - 1)``."""

Ability = Literal["between", "before", "after"]
"""What a pair may be asked for beyond the training frames: ``--fps``, ``--rewind``, ``--extend``."""

View = Literal["as-is", "shuffled", "frozen"]
"""How a metric sees the generated clips: as they are, their frames in another order, or one frame repeated."""

RANK_DEFICIENT = "rank-deficient"
"""The caveat of a distance between Gaussians whose samples are too few to span the features."""

Report = Callable[[str, int, int], None]
"""What is called while work goes on, ``report("decoding", 3, 72)``: the work, how much of it is done, and how much there is."""

Need = Literal["moments", "features"]
"""What a metric asks to know of the real training clips: see :class:`Reference`."""


def option(default: Any, help: str, *, at_least: float | None = None, at_most: float | None = None) -> Any:
    """A field of a plugin's options dataclass: its default, one line of help, and optionally its range (inclusive)."""
    return dataclasses.field(default=default, metadata={"help": help, "at_least": at_least, "at_most": at_most})


@dataclass(frozen=True)
class NoOptions:
    """The options of a plugin that has none."""


@dataclass(frozen=True)
class Clip:
    """The track's shape of a clip; the backbone is told it. ``size`` is the side of the square frame in pixels."""

    frames: int
    size: int
    classes: int
    channels: int = 3
    spare: int = 0
    """Columns of the resized frame that the crop leaves out; ``shift-x`` needs some."""

    @property
    def grid(self) -> Times:
        """The training frames as instants, ``i / (frames - 1)``."""
        return tuple(i / (self.frames - 1) for i in range(self.frames))


@dataclass(frozen=True)
class LatentSpec:
    """What a backbone asks of its temporal generator: ``(z_0 [N, source], times) -> z_t [N, T, *shape]``."""

    shape: tuple[int, ...]
    """Shape of one z_t: ``(d,)`` for a vector, ``(c, h, w)`` for a feature map."""
    frames: int
    """Frames of a training clip; integration is anchored to their grid."""
    source: int
    """Width of z_0, always a vector."""
    noise: int
    """How many leading entries of z_0 are noise; the rest is a condition. ``iid`` redraws only these."""
    prior: Literal["normal", "uniform"]
    """Law of the noise entries: N(0, 1) or U(-1, 1)."""
    embedding: tuple[int, ...] = ()
    """Hidden widths of the fully connected network that makes nonlinearities equal; () where the backbone has none."""
    init: Literal["framework", "xavier-sqrt2"] = "framework"
    """How this backbone initialises G_t: PyTorch's defaults, or Xavier uniform with gain sqrt 2 on weights."""
    parameters: int | None = None
    """Trainable parameters of the backbone's own G_t, filled in by the harness; the target of ``:equal``."""


@dataclass(frozen=True)
class Feed:
    """What a player wants to see: ``frames`` consecutive frames, every ``stride``-th. A batch of images is a feed of 1.

    ``flip`` mirrors half of the clips; ``shift-x`` cuts each at a column of its own out of the resized frame, where the track's
    crop leaves columns out.
    """

    frames: int
    stride: int = 1
    augment: tuple[Literal["flip", "shift-x"], ...] = ()


@dataclass(frozen=True)
class Batch:
    """Real clips: ``clips`` [N, 3, T, H, W] in [-1, 1) (float32) and ``labels`` [N] (int64, 0 .. classes - 1)."""

    clips: Tensor
    labels: Tensor


def constant(iteration: int) -> float:
    """The schedule that leaves the learning rate alone."""
    return 1.0


@dataclass(frozen=True)
class Player:
    """One side of the game: a loss, the parameters it moves, and how. The harness does everything between."""

    name: str
    parameters: tuple[nn.Parameter, ...]
    batch: int
    """Global rows of a batch; the number of processes must divide it."""
    loss: Callable[[Batch | None, Noise], Mapping[str, Tensor]]
    """Named terms, each a mean over rows, so that averaging over processes is exact; the harness sums and logs them."""
    optimiser: Callable[[Sequence[nn.Parameter]], torch.optim.Optimizer]
    feed: Feed | None = None
    turns: int = 1
    schedule: Callable[[int], float] = constant
    """Factor on the learning rate as a function of the iteration (from 0)."""
    after: Callable[[Tensor], None] | None = None
    """Called without gradients after the last turn of an iteration, with the iteration as a scalar tensor."""
    every: int = 1
    """``after`` is called when ``iteration % every == 0``."""


@dataclass(frozen=True)
class Game:
    """A backbone ready to train: everything with state, the players in order of play, and how to sample."""

    parts: Mapping[str, nn.Module]
    """Everything with state; ``generator`` is required and contains the temporal generator."""
    players: tuple[Player, ...]
    sample: Callable[[Noise, Times], Tensor]
    """``(noise, times) -> [N, 3, T, H, W]`` in [-1, 1]; sample i depends on row i of the noise only."""


@dataclass(frozen=True)
class Pairing:
    """Defaults that belong to neither side of a pair, for exactly one canonical spec: data, no code."""

    spec: str
    """The exact canonical spec, variant included: ``mocogan+ode1:equal``. No wildcards."""
    options: Mapping[str, Any]
    """``{"temporal.hidden": 49, "backbone.width": 1.0}``."""
    reference: str


@dataclass(frozen=True)
class VideoSource:
    """Where videos in the UCF101 layout lie, and the folder of classInd.txt, trainlist0N.txt and testlist0N.txt."""

    videos: Path
    splits: Path


@dataclass(frozen=True)
class Moments:
    """Mean [D] and covariance [D, D] (divisor n - 1) of n feature vectors, float64."""

    count: int
    mean: Tensor
    covariance: Tensor


@dataclass(frozen=True)
class FeatureSet:
    """What an instrument's layer gave for n clips, and what metrics have made of it."""

    features: Tensor
    """[n, D] float64; the rows are in no particular order."""
    made: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return ``make()``, computed once for all the metrics that ask this set by this name."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]


@dataclass(frozen=True)
class Reference:
    """What is known of the real training clips in one layer: what the metric ``needs``, None for the rest."""

    moments: Moments | None = None
    """Of every training video at several offsets; the protocol says how many."""
    clips: FeatureSet | None = None
    """Of one clip of each training video, in random order; where there are fewer videos than samples in a batch, further clips of the
    same ones follow, as many as are wanting."""


@dataclass(frozen=True)
class Curve:
    """A score that was read off several others: its value, and theirs by what was varied, ``{"n=512": 310.2}``."""

    value: float
    at: Mapping[str, float]


class Named(Protocol):
    """What every declaration says of itself: its name, the API it was written for, one line, and its paper or page."""

    @property
    def name(self) -> str: ...
    @property
    def api(self) -> str:
        """The :data:`API` it was written for; one of another major version is refused."""
        ...

    @property
    def summary(self) -> str: ...
    @property
    def reference(self) -> str: ...


class Temporal(Named, Protocol):
    """A temporal generator G_t; hook ``vidgen_temporal``."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`."""
        ...

    @property
    def sets(self) -> Mapping[str, Any]:
        """Options that the name itself fixes (``ode2`` is order 2); ``--set`` may not change them. None unless declared."""
        return {}

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """``{"equal": {"hidden": "equal"}}``: named changes of the defaults, written ``ode1:equal``. None unless declared."""
        return {}

    @property
    def stochastic(self) -> bool: ...
    @property
    def can(self) -> frozenset[Ability]: ...

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        """Return why this latent or these options cannot be served, or None."""
        ...

    def build(self, spec: LatentSpec, options: Any) -> nn.Module:
        """Return the module ``forward(z0 [N, source], times: Times, noise: Noise) -> [N, T, *spec.shape]``."""
        ...


class Backbone(Named, Protocol):
    """A video GAN without its sense of time; hook ``vidgen_backbones``."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`."""
        ...

    @property
    def own(self) -> str | None:
        """Name of its own temporal generator; a bare ``tgan`` means ``tgan+<own>``."""
        ...

    @property
    def reconstruction(self) -> bool:
        """True where no published code exists and constants are ours."""
        ...

    @property
    def can(self) -> frozenset[Ability]: ...
    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """The reduced clip and options that CPU tests build."""
        ...

    def refuses(self, clip: Clip, options: Any) -> str | None:
        """Return why this clip or these options cannot be served, or None."""
        ...

    def latent(self, clip: Clip, options: Any) -> LatentSpec | None:
        """Return what is asked of a temporal generator; None where there is no temporal path to swap."""
        ...

    def build(self, clip: Clip, options: Any, temporal: nn.Module | None) -> Game:
        """Return the game, its weights drawn from torch's global generator (which the harness has seeded)."""
        ...


class DataSet(Named, Protocol):
    """Videos in the UCF101 layout, wherever they come from; hook ``vidgen_data_sets``."""

    def locate(self, videos: Path | None, splits: Path | None, cache: Path, report: Report) -> VideoSource:
        """Return the folders, making the videos first where the data set makes its own.

        Args: ``videos`` and ``splits`` are what ``--data`` and ``--splits`` gave; ``cache`` is a folder to write to;
        ``report(what, done, total)`` shows progress. Raises ``DataError`` with the fix where something is missing.
        """
        ...


@dataclass(frozen=True)
class ImportRequest:
    """The arguments of ``vidgen-bench instrument import``."""

    file: Path
    """Your copy of published weights."""
    mean: Path | None = None
    """``--mean``: the mean that the network subtracts from its input."""
    name: str | None = None
    """``--name``: the name for the new instrument."""


@dataclass(frozen=True)
class ImportedWeights:
    """What an import prints: its lines, and a warning where something may be wrong with the weights."""

    lines: tuple[str, ...]
    warning: str = ""


class WeightsImporter(Protocol):
    """Makes an instrument's weights file from a copy of published weights."""

    @property
    def kind(self) -> str:
        """The name for ``--kind``. Instruments of one plugin may share an importer and its kind."""
        ...

    @property
    def files(self) -> str:
        """The files it reads, for messages: ``"rgb_imagenet.pt or i3d_torchscript.pt"``."""
        ...

    def recognises(self, request: ImportRequest) -> bool:
        """Return whether the content of ``request.file`` may be weights of this kind; the file can be opened."""
        ...

    def target(self, request: ImportRequest) -> Path:
        """Return the weights file to write; raises ``RequestError`` where the mean or the name does not fit."""
        ...

    def write(self, request: ImportRequest, target: Path) -> ImportedWeights:
        """Check the weights and write ``target``; raises ``RecordError`` with the likely cause where they are wrong."""
        ...


@dataclass(frozen=True)
class HeldOutClips:
    """Real clips for a self-test, at most one per video."""

    classes: tuple[str, ...]
    """Names of the data set's classes, in the order of the labels."""
    batches: Callable[[], Iterable[Batch]]
    """Yields the same batches at every call."""


@dataclass(frozen=True)
class SelfTestReport:
    """The result of a self-test; it has failed if there are ``faults``."""

    clips: int
    """Number of clips tested."""
    columns: tuple[str, ...]
    """Headings of the printed table; all columns but the first hold numbers."""
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    """Sentences printed below the table."""
    faults: tuple[str, ...] = ()
    """What is wrong with the weights and how to fix it, the likeliest cause first."""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What ``--json`` prints."""


class ClipStream(Protocol):
    """Clips drawn from a list of videos, with seeded order and offsets."""

    def batch(self, name: str, feed: Feed, position: int, rows: int) -> Batch:
        """Return batch ``position`` of the stream ``name``."""
        ...

    def passes(self, purpose: str, passes: int, frames: int, rows: int) -> Iterator[Batch]:
        """Yield every video once per pass, with fresh offsets, in batches of ``rows`` clips."""
        ...


@dataclass(frozen=True)
class TrainingRequest:
    """The arguments of ``vidgen-bench instrument train``, and the clips to train and measure on."""

    train: ClipStream
    held_out: ClipStream
    classes: tuple[str, ...]
    """Names of the classes, in the order of the labels."""
    steps: int
    batch: int
    """Clips per step."""
    learning_rate: float
    seed: int
    held_out_clips: int
    """Fewest held-out clips to measure the accuracy on."""
    provenance: Mapping[str, str | int]
    """The command and the data set, to be kept in the weights file."""


class InstrumentTrainer(Protocol):
    """Trains an instrument of its kind on a data set."""

    @property
    def kind(self) -> str:
        """The name for ``--kind``. Instruments of one plugin may share a trainer and its kind."""
        ...

    def target(self, name: str) -> Path:
        """Return the weights file of an instrument with this name; raises ``RequestError`` where the name does not fit."""
        ...

    def write(self, request: TrainingRequest, target: Path, report: Report) -> str:
        """Train, write ``target`` and return the line to print."""
        ...


class Instrument(Named, Protocol):
    """A measuring network with its weights and preprocessing; hook ``vidgen_instruments``."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of what it emits, e.g. ``("prob", "fc7")``."""
        ...

    @property
    def preprocessings(self) -> tuple[str, ...]:
        """Names of its preprocessings from clip to network input; a protocol chooses one, e.g. ``("tgan", "tganv2")``."""
        ...

    @property
    def importer(self) -> WeightsImporter | None:
        """How ``instrument import`` makes its weights file; None, it cannot be imported, unless declared."""
        return None

    @property
    def trainer(self) -> InstrumentTrainer | None:
        """How ``instrument train`` makes one like it; None, it cannot be trained, unless declared."""
        return None

    @property
    def self_test(self) -> Callable[[HeldOutClips, Report], SelfTestReport] | None:
        """How ``instrument test`` tries its weights on real clips; None, it has no self-test, unless declared."""
        return None

    def refuses(self, clip: Clip) -> str | None:
        """Return why clips of this shape cannot be measured, or None."""
        ...

    def sha256(self) -> str:
        """Return the hash of the weights file; raises ``RequestError`` with the import command where the file is missing."""
        ...

    def details(self) -> Mapping[str, Any]:
        """Return what ``instrument show`` prints beyond the declaration, e.g. where the weights come from; {} unless declared."""
        return {}

    def build(self, preprocessing: str) -> nn.Module:
        """Return the module ``forward(clips [N, 3, T, H, W] in [-1, 1]) -> {layer: [N, D]}``, preprocessing included."""
        ...


class Metric(Named, Protocol):
    """A number made of one layer's outputs; hook ``vidgen_metrics``. Tracks and tables call it by its name: ``is``, ``fid``."""

    @property
    def title(self) -> str: ...
    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`; a protocol sets them."""
        ...

    @property
    def layer(self) -> str:
        """The instrument's layer it reads."""
        ...

    @property
    def better(self) -> Literal["higher", "lower", "neither"]:
        """The better direction; ``neither`` for a number that tells something without being good or bad."""
        ...

    @property
    def view(self) -> View:
        """How it sees the generated clips; real ones are always as they are."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """What it asks to know of the real training clips."""
        ...

    def caveat(self, samples: int, features: int) -> str:
        """Return what a reader of the number must know at these sizes, in a word or two ("rank-deficient"), or ""; "" unless declared."""
        return ""

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], float | Curve]:
        """Return ``generated features -> score`` in float64; what depends on the reference alone is computed once, here."""
        ...
