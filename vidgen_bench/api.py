"""The contract with plugins: the declarations a plugin makes, and the values that vidgen-bench and plugins exchange.

Importing this module does not import torch; nor should a declaration, before its ``build`` is called.
Shapes are named N clips, T frames, C channels, H rows, W columns, D latent entries; pixels lie in [-1, 1].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import pluggy

from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from vidgen_bench.noise import Noise

ENTRY_POINT_GROUP = "vidgen_bench"
"""The entry-point group in which a package registers its plugins."""

hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)
"""Marks a function of a plugin module as a hook implementation; docs/plugins/reference.md lists the hooks."""

API = "1.1"
"""Version of this contract: the first number changes when plugins written for an earlier version may no longer work."""

Times = tuple[float, ...]
"""Instants in clip units: 0 is the first training frame, 1 the last; the training grid is ``i / (frames - 1)``."""

Ability = Literal["between", "before", "after"]
"""Instants between, before or after the training frames: the options ``--fps``, ``--rewind`` and ``--extend``."""

View = Literal["as-is", "shuffled", "frozen"]
"""Generated clips as they are, with the frames of each clip in another order, or with one frame of each clip repeated."""

RANK_DEFICIENT = "rank-deficient"
"""The caveat of a distance between Gaussians estimated from fewer samples than features."""

Report = Callable[[str, int, int], None]
"""Called to report progress, as in ``report("decoding", 3, 72)``: the work, the part done, and the total."""

Need = Literal["moments", "features"]
"""The statistics of the real training clips that a metric can request: see :class:`Reference`."""


def option(default: Any, help: str, *, at_least: float | None = None, at_most: float | None = None) -> Any:
    """Return a field for an options dataclass, with its default, one line of help, and optionally its inclusive range."""
    return dataclasses.field(default=default, metadata={"help": help, "at_least": at_least, "at_most": at_most})


@dataclass(frozen=True)
class NoOptions:
    """The options of a plugin without options."""


@dataclass(frozen=True)
class Clip:
    """The clip shape of the track, passed to the backbone."""

    frames: int
    """Frames of a training clip, T."""
    size: int
    """Side of the square frame in pixels, H = W."""
    classes: int
    """Classes in the data set."""
    channels: int = 3
    """Channels of a frame, C."""
    spare: int = 0
    """Columns of the resized frame outside the crop; ``shift-x`` needs at least one."""
    class_videos: tuple[int, ...] = ()
    """Training videos of each class, in the order of the labels; () where no data is at hand: a plan, a check, a finished run."""

    @property
    def grid(self) -> Times:
        """The training frames as instants, ``i / (frames - 1)``."""
        return tuple(i / (self.frames - 1) for i in range(self.frames))


@dataclass(frozen=True)
class LatentSpec:
    """The latent a backbone requests from its temporal generator: ``(z_0 [N, source], times) -> z_t [N, T, *shape]``."""

    shape: tuple[int, ...]
    """Shape of one z_t: ``(d,)`` for a vector, ``(c, h, w)`` for feature maps."""
    frames: int
    """Frames of a training clip; integration is anchored to their grid."""
    source: int
    """Width of z_0, always a vector."""
    noise: int
    """Number of leading entries of z_0 that are noise; the rest is a condition. ``iid`` redraws only the noise."""
    prior: Literal["normal", "uniform"]
    """Distribution of the noise entries: N(0, 1) or U(-1, 1)."""
    embedding: tuple[int, ...] = ()
    """Hidden widths of the fully connected network that gives all temporal generators the same nonlinearity; () if there is none."""
    init: Literal["framework", "xavier-sqrt2"] = "framework"
    """How this backbone initialises G_t: PyTorch's defaults, or weights from Xavier uniform with gain sqrt 2."""
    parameters: int | None = None
    """Trainable parameters of the backbone's own G_t, filled in by vidgen-bench; the target of ``:equal``."""


@dataclass(frozen=True)
class Feed:
    """The real clips passed to a player's loss."""

    frames: int
    """Frames per clip; 1 for a batch of images."""
    stride: int = 1
    """Distance between consecutive frames; 1 takes every frame."""
    augment: tuple[Literal["flip", "shift-x"], ...] = ()
    """``flip`` mirrors half of the clips; ``shift-x`` crops each clip at a random column, if the track has ``spare`` ones."""


@dataclass(frozen=True)
class Batch:
    """Real clips and their classes."""

    clips: Tensor
    """[N, 3, T, H, W] in [-1, 1), float32."""
    labels: Tensor
    """[N], int64, 0 .. classes - 1."""


def constant(iteration: int) -> float:
    """The schedule that keeps the learning rate constant."""
    return 1.0


@dataclass(frozen=True)
class Player:
    """One side of the game: a loss, and the parameters it trains. vidgen-bench does the rest: data, gradients, steps, checkpoints."""

    name: str
    """Name of the player, as in logs."""
    parameters: tuple[nn.Parameter, ...]
    """The parameters it trains: each gets a gradient from this player's loss."""
    batch: int
    """Rows per batch over all processes; a multiple of the number of processes."""
    loss: Callable[[Batch | None, Noise], Mapping[str, Tensor]]
    """Named terms, each a mean over rows, so that averaging over processes is exact; vidgen-bench adds and logs them."""
    optimiser: Callable[[Sequence[nn.Parameter]], torch.optim.Optimizer]
    """``partial(torch.optim.Adam, lr=2e-4)``."""
    feed: Feed | None = None
    """The real clips passed to its loss; None for none."""
    turns: int = 1
    """Steps per iteration."""
    schedule: Callable[[int], float] = constant
    """Factor on the learning rate as a function of the iteration, from 0."""
    after: Callable[[Tensor], None] | None = None
    """Called without gradients after the last turn of an iteration, with the iteration as a scalar tensor on the device.

    Its float32 products are strict: not rounded to TF32, whatever PyTorch's global switches are."""
    every: int = 1
    """``after`` is called when the iteration is a multiple of it."""


@dataclass(frozen=True)
class Game:
    """A backbone ready to train."""

    parts: Mapping[str, nn.Module]
    """All modules with state; ``generator`` is required and contains the temporal generator."""
    players: tuple[Player, ...]
    """In order of play: one iteration is each player's turns."""
    sample: Callable[..., Tensor]
    """``(noise, times) -> [N, 3, T, H, W]`` in [-1, 1]; with ``labels``, ``(noise, times, labels) -> ...``.

    Sample i depends only on row i of the noise and of the labels. Call :meth:`draw` instead, which serves both forms."""
    labels: Callable[[Noise], Tensor] | None = None
    """Class-conditional games only: ``noise -> [N]``, int64, the class of each sample; entry i depends only on row i of the noise."""

    def draw(self, noise: Noise, times: Times, labels: Tensor | None = None) -> Tensor:
        """Return samples [N, 3, T, H, W] in [-1, 1] at these instants, of the classes ``labels`` [N], int64.

        Without ``labels``, a class-conditional game draws them from the noise. Other games have no classes, and refuse labels.
        """
        if self.labels is None:
            if labels is not None:
                raise RequestError("This game is not class-conditional: it cannot sample one class.")
            return self.sample(noise, times)
        return self.sample(noise, times, self.labels(noise) if labels is None else labels)


@dataclass(frozen=True)
class Pairing:
    """Option defaults for one canonical spec, for values that neither side can choose alone."""

    spec: str
    """The exact canonical spec, variant included: ``mocogan+ode1:equal``. No wildcards."""
    options: Mapping[str, Any]
    """``{"temporal.hidden": 49, "backbone.width": 1.0}``."""
    reference: str
    """The source of the values."""


@dataclass(frozen=True)
class VideoSource:
    """The folders of a data set."""

    videos: Path
    """Folder of videos in the UCF101 layout."""
    splits: Path
    """Folder of classInd.txt, trainlist0N.txt and testlist0N.txt."""


@dataclass(frozen=True)
class Moments:
    """Mean and covariance of n feature vectors."""

    count: int
    """Number of feature vectors, n."""
    mean: Tensor
    """[D], float64."""
    covariance: Tensor
    """[D, D], divisor n - 1, float64."""


@dataclass(frozen=True)
class FeatureSet:
    """The features of n clips in one layer of an instrument."""

    features: Tensor
    """[n, D], float64; the rows are in no particular order."""
    made: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """The results of :meth:`once`."""

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return ``make()``, computed once per set and name, and shared by all metrics."""
        if name not in self.made:
            self.made[name] = make()
        return self.made[name]


@dataclass(frozen=True)
class Reference:
    """The statistics of the real training clips in a metric's layer; those that it does not need are None."""

    moments: Moments | None = None
    """Moments of every training video at several offsets; the protocol sets how many."""
    clips: FeatureSet | None = None
    """Features of one clip per training video, in random order; of several, if there are fewer videos than samples in a batch."""


@dataclass(frozen=True)
class Curve:
    """A score derived from several others."""

    value: float
    """The score itself."""
    at: Mapping[str, float]
    """The other scores, by the quantity varied: ``{"n=512": 310.2}``."""


class Named(Protocol):
    """The attributes of every declaration except a pairing."""

    @property
    def name(self) -> str:
        """Lower-case letters, digits, ``-``, ``_`` and ``.``; this is how specs spell it."""

    @property
    def api(self) -> str:
        """The :data:`API` it was written for; another major version is refused."""

    @property
    def summary(self) -> str:
        """One line, shown by ``vidgen-bench plugins``."""

    @property
    def reference(self) -> str:
        """Its paper or page."""


class Temporal(Named, Protocol):
    """A temporal generator G_t; hook ``vidgen_temporal``."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`."""

    @property
    def sets(self) -> Mapping[str, Any]:
        """Options fixed by the name (``ode2`` is order 2), which ``--set`` may not change. Default: none."""
        return {}

    @property
    def variants(self) -> Mapping[str, Mapping[str, Any]]:
        """Named sets of defaults: ``{"equal": {"hidden": "equal"}}`` for the spec ``ode1:equal``. Default: none."""
        return {}

    @property
    def stochastic(self) -> bool:
        """Whether two paths from the same z_0 differ."""

    @property
    def null(self) -> bool:
        """True for a null model, whose latents carry no motion by construction: other generators must do better. Default: False."""

    @property
    def can(self) -> frozenset[Ability]:
        """The instants it supports besides the training frames."""

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        """Return the reason why it does not support this latent or these options, or None."""

    def build(self, spec: LatentSpec, options: Any) -> nn.Module:
        """Return the module ``forward(z0 [N, source], times: Times, noise: Noise) -> [N, T, *spec.shape]``."""


class Backbone(Named, Protocol):
    """A video generator, whose temporal generator can be swapped if it has one; hook ``vidgen_backbones``."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`."""

    @property
    def own(self) -> str | None:
        """Name of its own temporal generator: the bare name ``tgan`` means ``tgan+<own>``. None if it has none."""

    @property
    def reconstruction(self) -> bool:
        """True if no published code exists, so that the plugin's author chose the constants."""

    @property
    def can(self) -> frozenset[Ability]:
        """The instants it supports besides the training frames; a pair supports those that both sides support."""

    @property
    def small(self) -> tuple[Clip, Mapping[str, Any]]:
        """The reduced clip and options that checks and tests use on a CPU."""

    def refuses(self, clip: Clip, options: Any) -> str | None:
        """Return the reason why it does not support this clip or these options, or None."""

    def latent(self, clip: Clip, options: Any) -> LatentSpec | None:
        """Return the latent it requests from a temporal generator; None if there is no path of latents to swap."""

    def build(self, clip: Clip, options: Any, temporal: nn.Module | None) -> Game:
        """Return the game around this temporal generator, its weights drawn from torch's global generator, which is seeded."""


class DataSet(Named, Protocol):
    """Videos in the UCF101 layout, from any source; hook ``vidgen_data_sets``."""

    def locate(self, videos: Path | None, splits: Path | None, cache: Path, report: Report) -> VideoSource:
        """Return the folders of videos and splits; a data set that makes its own videos makes them here.

        ``videos`` and ``splits`` are the values of ``--data`` and ``--splits``; ``cache`` is a folder to write to;
        ``report(what, done, total)`` shows progress. Raises ``DataError`` with the fix if something is missing.
        """


@dataclass(frozen=True)
class ImportRequest:
    """The arguments of ``vidgen-bench instrument import``."""

    file: Path
    """Your copy of published weights."""
    mean: Path | None = None
    """``--mean``: the mean that the network subtracts from its input."""
    name: str | None = None
    """``--name``: the name for the new instrument."""
    trust_program: bool = False
    """``--trust-program``: whether the user trusts a file that is a program; without it, run nothing in the file."""


@dataclass(frozen=True)
class ImportedWeights:
    """The result of an import."""

    lines: tuple[str, ...]
    """The lines that the command prints."""
    warning: str = ""
    """A possible fault of the weights, printed to standard error."""


class WeightsImporter(Protocol):
    """Makes an instrument's weights file from a copy of published weights."""

    @property
    def kind(self) -> str:
        """The name for ``--kind``. Instruments of one plugin may share an importer and its kind."""

    @property
    def files(self) -> str:
        """The files it reads, for messages: ``"rgb_imagenet.pt or i3d_torchscript.pt"``."""

    def recognises(self, request: ImportRequest) -> bool:
        """Return whether the content of ``request.file`` may be weights of this kind; the file can be opened."""

    def target(self, request: ImportRequest) -> Path:
        """Return the weights file to write; raises ``RequestError`` if the mean or the name does not fit."""

    def write(self, request: ImportRequest, target: Path) -> ImportedWeights:
        """Check the weights and write ``target``; raises ``RecordError`` with the likely cause if they are wrong."""


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
    """The faults of the weights and their fixes, the likeliest cause first."""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The output of ``--json``."""


class ClipStream(Protocol):
    """Clips drawn from a list of videos, with seeded order and offsets."""

    def batch(self, name: str, feed: Feed, position: int, rows: int) -> Batch:
        """Return batch ``position`` of the stream ``name``."""

    def passes(self, purpose: str, passes: int, frames: int, rows: int) -> Iterator[Batch]:
        """Yield every video once per pass, with fresh offsets, in batches of ``rows`` clips."""


@dataclass(frozen=True)
class TrainingRequest:
    """The arguments of ``vidgen-bench instrument train``, and the clips to train and measure on."""

    train: ClipStream
    """The training list."""
    held_out: ClipStream
    """The held-out list."""
    classes: tuple[str, ...]
    """Names of the classes, in the order of the labels."""
    steps: int
    """Optimiser steps."""
    batch: int
    """Clips per step."""
    learning_rate: float
    """The highest learning rate."""
    seed: int
    """Seed of weights, clips and augmentation."""
    held_out_clips: int
    """Fewest held-out clips to measure the accuracy on."""
    provenance: Mapping[str, str | int]
    """The command and the data set, stored in the weights file."""


class InstrumentTrainer(Protocol):
    """Trains an instrument of its kind on a data set."""

    @property
    def kind(self) -> str:
        """The name for ``--kind``. Instruments of one plugin may share a trainer and its kind."""

    def target(self, name: str) -> Path:
        """Return the weights file of an instrument with this name; raises ``RequestError`` if the name does not fit."""

    def write(self, request: TrainingRequest, target: Path, report: Report) -> str:
        """Train, write ``target`` and return the line to print."""


class Instrument(Named, Protocol):
    """A measuring network with its weights and preprocessing; hook ``vidgen_instruments``."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of its outputs, e.g. ``("prob", "fc7")``."""

    @property
    def preprocessings(self) -> tuple[str, ...]:
        """Names of its preprocessings from clip to network input; a protocol chooses one, e.g. ``("tgan", "tganv2")``."""

    @property
    def importer(self) -> WeightsImporter | None:
        """Makes its weights file for ``instrument import``. Default: None, its weights cannot be imported."""
        return None

    @property
    def trainer(self) -> InstrumentTrainer | None:
        """Makes an instrument of its kind for ``instrument train``. Default: None, it cannot be trained."""
        return None

    @property
    def self_test(self) -> Callable[[HeldOutClips, Report], SelfTestReport] | None:
        """Tests its weights on real clips for ``instrument test``. Default: None, no self-test."""
        return None

    def refuses(self, clip: Clip) -> str | None:
        """Return the reason why it cannot measure clips of this shape, or None."""

    def sha256(self) -> str:
        """Return the hash of the weights file; raises ``RequestError`` with the import command if the file is missing."""

    def details(self) -> Mapping[str, Any]:
        """Return further lines for ``instrument show``, such as the source of the weights. Default: {}."""
        return {}

    def build(self, preprocessing: str) -> nn.Module:
        """Return the module ``forward(clips [N, 3, T, H, W] in [-1, 1]) -> {layer: [N, D]}``, preprocessing included."""


class Metric(Named, Protocol):
    """A score computed from one layer's features; hook ``vidgen_metrics``. Tracks and protocols list it by name: ``is``, ``fid``."""

    @property
    def title(self) -> str:
        """Its name in tables."""

    @property
    def options(self) -> type:
        """A frozen dataclass, every field made by :func:`option`. A protocol may set these options."""

    @property
    def layer(self) -> str:
        """The layer of the instrument that it reads."""

    @property
    def better(self) -> Literal["higher", "lower", "neither"]:
        """The better direction; ``neither`` for a number that is informative but neither good nor bad."""

    @property
    def view(self) -> View:
        """How generated clips are prepared; real clips are never changed."""

    @property
    def needs(self) -> frozenset[Need]:
        """The statistics of the real training clips it needs."""

    def caveat(self, samples: int, features: int) -> str:
        """Return a warning about scores at these sample sizes, in a word or two ("rank-deficient"), or "". Default: ""."""
        return ""

    def scorer(self, reference: Reference, options: Any) -> Callable[[FeatureSet], float | Curve]:
        """Return ``generated features -> score`` in float64; whatever depends on the reference alone is computed once, here."""
