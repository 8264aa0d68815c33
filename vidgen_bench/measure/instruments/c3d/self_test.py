"""Does an instrument file read real clips? Its accuracy and confidence on them, and those of every likely misreading.

Shapes cannot tell an RGB mean from a BGR one, nor a kernel's axes H, W, T from T, H, W. Clips with known classes can.

Rules, all at 1 %:
  chance    the file names more clips right than the commonest class would: P(X >= right) < 0.01, X binomial with that class's share.
  misread   an altered reading is right where the file is wrong in clearly more clips than the other way round: exact one-sided
            sign test on the clips on which they differ, 0.01 shared out among the altered readings. Whether a reading is surer of
            itself decides nothing: wrong ones often are. Where the file is wrong in too few clips for that, none is tried.
  uniform   (confidence - 1/K) / (1 - 1/K) is at least 0.05 for K classes; below it the probabilities say next to nothing.
  saturated the same is at most 0.99, asked only where the clips' classes are not the instrument's, so that nothing else is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from scipy.special import bdtrc
from torch import Tensor
from torch.nn.utils import convert_conv3d_weight_memory_format

from vidgen_bench.api import Batch, Report
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.c3d.network import C3D, with_weights
from vidgen_bench.measure.instruments.c3d.readings import ALTERED, OWN, Means, Reading, own_mean, pixels_of
from vidgen_bench.measure.instruments.c3d.weights import InstrumentFile

LEVEL = 0.01
LOWEST, HIGHEST = 0.05, 0.99


@dataclass(frozen=True)
class Outcome:
    """What one reading made of the clips."""

    reading: str
    confidence: float
    """Mean of the largest probability, 1/K to 1."""
    right: int | None = None
    """Clips whose class it names; None where the classes are not the instrument's."""
    gained: int = 0
    lost: int = 0
    """Clips that it alone, and that the file's own reading alone, names right."""

    @property
    def p_value(self) -> float:
        """P(gained or more of gained + lost), were both readings as good: the exact one-sided sign test."""
        return at_least(self.gained, self.gained + self.lost, 0.5)


@dataclass(frozen=True)
class SelfTest:
    """Outcomes of the readings, the file's own first, and what is wrong; nothing is, where ``faults`` is empty."""

    clips: int
    classes: int
    outcomes: tuple[Outcome, ...]
    chance: float | None
    """Share of the commonest class among the clips; None where the classes are not the instrument's."""
    faults: tuple[str, ...]


def self_test(file: InstrumentFile, clips: Callable[[], Iterable[Batch]], named: bool, report: Report) -> SelfTest:
    """Read real clips with an instrument file as it is and, where their classes are the instrument's, as it might have been meant.

    Args:
        file: the instrument file.
        clips: gives the clips, the same at every call: [N, 3, 16, H, W] in [-1, 1] and labels [N], by class index; each of
            another video, for the rules count them as independent.
        named: whether the labels are the instrument's classes, in its order.
        report: told ("testing the instrument", done, total).
    Returns:
        The outcomes and the verdict; computed on the device that the clips are on.
    Raises:
        RequestError: no clips; or, where classes are to be told apart, clips of one class only or too few to tell them from chance.
    """
    mean, labels = _known(clips())
    commonest = labels.bincount().max().item() / len(labels)
    if named and commonest == 1:
        raise RequestError("All clips are of one class, so no accuracy can be judged. Give more clips (--clips).")
    if named and at_least(len(labels), len(labels), commonest) >= LEVEL:
        raise RequestError(
            f"{len(labels)} clips are too few: all of them right could still be chance (the commonest class has {commonest:.1%}). "
            "Give more clips (--clips), or a split with more held-out videos (--splits)."
        )
    means = Means(own_mean(file.mean).to(mean.device), mean)
    ((sure, hits),) = _read(file, (OWN,), means, clips(), len(labels), report)
    outcomes, chance = [_outcome(OWN, sure, hits, hits if named else None)], commonest if named else None
    if named and could_gain(int((~hits).sum())):
        made = _read(file, ALTERED, means, clips(), len(labels), report)
        outcomes += [_outcome(reading, s, h, hits) for reading, (s, h) in zip(ALTERED, made, strict=True)]
    wrong = faults(outcomes, file.card.classes, len(labels), chance)
    return SelfTest(len(labels), file.card.classes, tuple(outcomes), chance, wrong)


def could_gain(wrong: int) -> bool:
    """Return whether an altered reading could be clearly better where the file's own is wrong in so many clips."""
    return at_least(wrong, wrong, 0.5) < LEVEL / len(ALTERED)


def faults(outcomes: Sequence[Outcome], classes: int, clips: int, chance: float | None) -> tuple[str, ...]:
    """Return what is wrong by the rules of this module, the likeliest cause first; empty where nothing is."""
    own, *altered = outcomes
    found = []
    better = sorted((o for o in altered if o.p_value < LEVEL / len(ALTERED)), key=lambda o: o.lost - o.gained)
    if better:
        best, *others = better
        cause = next(r.cause for r in ALTERED if r.name == best.reading)
        also = f" (Better than it is, too: {', '.join(o.reading for o in others)}.)" if others else ""
        found.append(
            f"Read with {best.reading!r} it names {best.right} of {clips} clips right, as it is {own.right} "
            f"({best.gained} gained, {best.lost} lost, p = {best.p_value:.1g}). {cause}{also}"
        )
    if chance is not None and own.right is not None and at_least(own.right, clips, chance) >= LEVEL:
        found.append(
            f"It names {own.right} of {clips} clips right, no more than chance (the commonest class has {chance:.1%}). "
            "The weights are of another network, of other classes or another order of classes, or their values are scrambled."
        )
    relative = (own.confidence - 1 / classes) / (1 - 1 / classes)
    if relative < LOWEST:
        found.append(
            f"Its mean confidence is {own.confidence:.3f}, hardly above the {1 / classes:.3f} of {classes} equal probabilities. "
            "The last layers are not those that were trained, or the input is far too small for the weights."
        )
    if chance is None and relative > HIGHEST:
        found.append(
            f"Its mean confidence is {own.confidence:.4f} on clips of classes that it does not know. It is saturated: the mean is not "
            "subtracted, the input is far too large for the weights, or they are scrambled."
        )
    return tuple(found)


def at_least(count: int, of: int, chance: float) -> float:
    """Return P(X >= count) of a binomial X of ``of`` trials: 1 where count is 0."""
    return float(bdtrc(count - 1, of, chance)) if count > 0 else 1.0


def _known(batches: Iterable[Batch]) -> tuple[Tensor, Tensor]:
    """Return the mean pixel value [3, 1, 1, 1] of each channel, BGR, and every label, on the CPU."""
    total, labels = None, []
    for batch in batches:
        part = (batch.clips.double() * 128 + 128).mean(dim=(2, 3, 4)).sum(dim=0)
        total = part if total is None else total + part
        labels.append(batch.labels.cpu())
    if total is None:
        raise RequestError(
            "There are no clips to test the instrument on. Give a split with held-out videos (--splits)."
        )
    found = torch.cat(labels)
    return (total / len(found)).flip(0).float().view(3, 1, 1, 1), found


@torch.inference_mode()
def _read(
    file: InstrumentFile,
    readings: Sequence[Reading],
    means: Means,
    batches: Iterable[Batch],
    clips: int,
    report: Report,
) -> list[tuple[Tensor, Tensor]]:
    """Return for each reading the largest probability of each clip [N], float64, and whether its class is the label [N]."""
    networks = [_network(file, reading).to(means.data.device) for reading in readings]
    made: list[list[tuple[Tensor, Tensor]]] = [[] for _ in readings]
    done, total = 0, clips * len(readings)
    for batch in batches:
        pixels = pixels_of(batch.clips)
        for reading, network, parts in zip(readings, networks, made, strict=True):
            most = network(reading.network_input(pixels, means))["prob"].max(dim=1)
            parts.append((most.values.double().cpu(), (most.indices == batch.labels).cpu()))
            done += len(batch.labels)
            report("testing the instrument", done, total)
    return [(torch.cat([s for s, _ in parts]), torch.cat([h for _, h in parts])) for parts in made]


def _network(file: InstrumentFile, reading: Reading) -> C3D:
    network = with_weights(file.card.sizes, reading.weights(file.weights, file.card.sizes))
    convert_conv3d_weight_memory_format(network, torch.channels_last_3d)
    return network.requires_grad_(False).eval()


def _outcome(reading: Reading, sure: Tensor, hits: Tensor, own: Tensor | None) -> Outcome:
    if own is None:
        return Outcome(reading.name, sure.mean().item())
    gained, lost = int((hits & ~own).sum()), int((own & ~hits).sum())
    return Outcome(reading.name, sure.mean().item(), int(hits.sum()), gained, lost)
