"""Trains a slim C3D on the training list of a data set, as an instrument for a track of your own.

A network that is to see motion has two more classes, ``shuffled`` and ``frozen``: a fifth of its training clips have their frames in
random order, and a fifth repeat one frame. Without them, classes of motion can often be told from the set of a clip's frames alone,
whatever their order; then a generator that draws every frame by itself looks as good as one that moves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import convert_conv3d_weight_memory_format

from vidgen_bench.api import ClipStream, Feed, Report, TrainingRequest, View
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.measure.instruments.c3d.altered import ALTERED, some_altered
from vidgen_bench.measure.instruments.c3d.network import FRAMES, SIZE, Layout, with_weights
from vidgen_bench.measure.instruments.c3d.normalised import NormalisedC3D
from vidgen_bench.measure.instruments.c3d.preprocessing import (
    NATIVE,
    C3DInstrument,
    NativePreprocessing,
    Preprocessing,
    TganPreprocessing,
)
from vidgen_bench.measure.instruments.c3d.weights import Card, write_instrument
from vidgen_bench.measure.views import viewed


@dataclass(frozen=True)
class Trained:
    """A trained C3D, and its accuracy on held-out clips."""

    layout: Layout
    size: int | None
    """Rows and columns of the clips, if it reads them without a resize."""
    class_names: tuple[str, ...]
    """Names of its classes: those of the data set, then ``shuffled`` and ``frozen`` if it was trained to see motion."""
    weights: Mapping[str, Tensor]
    """By name, float16."""
    mean: Tensor
    """Per channel [3], BGR, 0..255."""
    clips: int
    correct: int
    recognised: Mapping[str, int]
    """The number of the same clips, altered, that it recognises as such, by added class; empty without such classes."""

    @property
    def accuracy(self) -> float:
        """The share of held-out clips classified correctly, 0 to 1."""
        return self.correct / self.clips


def train_instrument(
    request: TrainingRequest,
    report: Report,
    width: int = 8,
    hidden: int = 256,
    size: int | None = None,
    *,
    motion: bool = False,
) -> Trained:
    """Train, fold the batch norms, round to float16, and measure the rounded weights.

    Args:
        request: the clips and the settings; the held-out list is passed over until it gives ``held_out_clips``.
        report: called with ("training ...", done, total).
        width, hidden: the sizes of the network; the defaults are those of the instruments that ship.
        size: rows and columns of the clips, for a network that reads them without a resize; None for the published 112 pixels.
        motion: whether it is also trained to recognise shuffled and frozen clips.
    Raises:
        RequestError: the data set has fewer than two classes.
        VidgenBenchError: the training diverged.
    """
    classes = len(request.classes)
    if classes < 2:
        raise RequestError(
            f"An instrument needs at least 2 classes; the data set has {classes}. Choose another data set."
        )
    added = ALTERED if motion else ()
    if taken := set(added) & set(request.classes):
        raise RequestError(
            f"The data set has a class named {sorted(taken)[0]!r}, and this kind of instrument adds one. Rename the class."
        )
    names = (*request.classes, *added)
    layout = Layout(width, hidden, len(names), size or SIZE)
    mean = channel_means(request.train)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(request.seed)
        network = NormalisedC3D(layout)
        convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
        preprocessing = NativePreprocessing(mean) if size else TganPreprocessing(mean)
        _fit(network, preprocessing, request, report, motion=motion)
    weights = {name: tensor.half() for name, tensor in network.folded().items()}
    stored = with_weights(layout, {n: tensor.float() for n, tensor in weights.items()})
    instrument = C3DInstrument(stored, mean, NATIVE if size else "tgan")
    found = _measured(instrument, request, report, added)
    return Trained(layout, size, names, weights, mean, *found)


def channel_means(clips: ClipStream) -> Tensor:
    """Return the mean pixel value [3] per channel, BGR, 0..255, over one clip per video."""
    total, count = torch.zeros(3, dtype=torch.float64), 0
    for batch in clips.passes("mean", 1, FRAMES, 16):
        total += (batch.clips.double() * 128 + 128).mean(dim=(2, 3, 4)).sum(dim=0)
        count += batch.clips.shape[0]
    return (total / count).flip(0).float()


def augmented(clips: Tensor, generator: torch.Generator) -> Tensor:
    """Return clips with random brightness, contrast, noise and a shift of up to 6 % of the frame; motion is unchanged.

    Clips are not mirrored: that would swap the classes that move left and right.
    """
    n = clips.shape[0]
    gain = 1 + 0.2 * (torch.rand(n, 1, 1, 1, 1, generator=generator) - 0.5)
    lift = 0.2 * (torch.rand(n, 1, 1, 1, 1, generator=generator) - 0.5)
    blur = 0.1 * torch.rand(n, 1, 1, 1, 1, generator=generator)
    clips = gain * clips + lift + blur * torch.randn(clips.shape, generator=generator)
    reach = max(1, clips.shape[-1] // 16)
    down, right = torch.randint(-reach, reach + 1, (2, n), generator=generator).tolist()
    return torch.stack([_shifted(c, d, r) for c, d, r in zip(clips, down, right, strict=True)])


def _shifted(clip: Tensor, down: int, right: int) -> Tensor:
    """Return a clip [3, T, H, W] shifted by whole pixels; edge pixels are repeated."""
    rows = (torch.arange(clip.shape[-2]) - down).clamp(0, clip.shape[-2] - 1)
    columns = (torch.arange(clip.shape[-1]) - right).clamp(0, clip.shape[-1] - 1)
    return clip[..., rows, :][..., columns]


def _fit(
    network: nn.Module, preprocessing: Preprocessing, request: TrainingRequest, report: Report, *, motion: bool
) -> None:
    """Train with AdamW and a one-cycle schedule: the rate rises linearly over an eighth of the steps, then falls to 0 along a cosine."""
    generator = torch.Generator().manual_seed(request.seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=request.learning_rate, weight_decay=1e-3)
    warm = max(1, request.steps // 8)
    network.train()
    for step in range(request.steps):
        falling = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, request.steps - warm)))
        factor = (step + 1) / warm if step < warm else falling
        optimiser.param_groups[0]["lr"] = request.learning_rate * factor
        batch = request.train.batch("instrument", Feed(FRAMES), step, request.batch)
        drawn, labels = batch.clips, batch.labels
        if motion:
            drawn, labels = some_altered(drawn, labels, len(request.classes), generator)
        clips = preprocessing(augmented(drawn, generator)).contiguous(memory_format=torch.channels_last_3d)
        logits = network(clips)
        loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
        if not torch.isfinite(loss):
            raise VidgenBenchError(
                f"Training diverged at step {step}: the loss is {loss.item()}. Lower --learning-rate."
            )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        correct = (logits.argmax(dim=1) == labels).float().mean().item()
        report(f"training, loss {loss.item():.3f}, {correct:.0%} of the batch", step + 1, request.steps)


@torch.inference_mode()
def _measured(
    instrument: C3DInstrument, request: TrainingRequest, report: Report, added: Sequence[View]
) -> tuple[int, int, dict[str, int]]:
    """Return the number of clips in whole passes over the held-out list, and how many are classified correctly.

    The third value is how many of them are recognised when they are altered, by added class.
    """
    clips, first = request.held_out, len(request.classes)
    videos = sum(b.clips.shape[0] for b in clips.passes("held-out", 1, FRAMES, 16))
    if not videos:
        raise RequestError("The held-out list is empty, so no accuracy can be measured. Give a split with test videos.")
    passes = -(-request.held_out_clips // videos)
    seen, correct, recognised = 0, 0, dict.fromkeys(map(str, added), 0)

    def right(shown: Tensor, labels: Tensor | int) -> int:
        return int((instrument(shown)["prob"].argmax(dim=1) == labels).sum())

    for batch in clips.passes("held-out", passes, FRAMES, 16):
        correct += right(batch.clips, batch.labels)
        for label, view in enumerate(added, first):
            recognised[view] += right(viewed(batch.clips, view, seen), label)
        seen += batch.clips.shape[0]
        report("measuring the accuracy", seen, passes * videos)
    return seen, correct, recognised


def write_trained(path: Path, trained: Trained, request: TrainingRequest) -> str:
    """Write the trained instrument (float16) and return its sha256."""
    layout = trained.layout
    settings = {name: getattr(request, name) for name in ("steps", "batch", "learning_rate", "seed")}
    sizes = {"width": layout.width, "hidden": layout.hidden}
    software = {"torch": torch.__version__, "threads": torch.get_num_threads()}
    measured = {"held_out_clips": trained.clips, "held_out_accuracy": round(trained.accuracy, 6)}
    measured |= {f"held_out_{name}": round(right / trained.clips, 6) for name, right in trained.recognised.items()}
    card = Card(
        width=layout.width,
        hidden=layout.hidden,
        classes=layout.classes,
        size=trained.size,
        class_names=trained.class_names,
        added=len(trained.recognised),
        note="trained by vidgen-bench",
        training={**settings, **sizes, **request.provenance, **software, **measured},
    )
    return write_instrument(path, card, trained.weights, trained.mean, dtype=torch.float16)
