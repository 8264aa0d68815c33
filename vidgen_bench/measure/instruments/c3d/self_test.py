"""The self-test of an instrument file on real clips: its accuracy and confidence, and those of every likely misreading.

Shapes cannot distinguish an RGB mean from a BGR one, or kernel axes H, W, T from T, H, W. Clips with known classes can.

Rules, all at the 1 % level:
  chance    the file classifies more clips correctly than chance: P(X >= right) < 0.01, X binomial with the share of the commonest
            class.
  misread   the clips that only an altered reading classifies correctly clearly outnumber those that only the file does: exact
            one-sided sign test on both, 0.01 divided among the altered readings. Confidence plays no part, because wrong readings
            are often more confident. If the file is wrong on too few clips for the test, no altered reading is tried.
  uniform   (confidence - 1/K) / (1 - 1/K) is at least 0.05 for K classes; below that the probabilities are nearly uniform.
  saturated the same quantity is at most 0.99; checked only if the clips' classes are not the instrument's, when accuracy is unknown.
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
    """The result of one reading on the clips."""

    reading: str
    confidence: float
    """Mean of the largest probability, 1/K to 1."""
    right: int | None = None
    """Clips classified correctly; None if the classes are not the instrument's."""
    gained: int = 0
    lost: int = 0
    """Clips that only this reading, and that only the file's own reading, classifies correctly."""

    @property
    def p_value(self) -> float:
        """P(X >= gained), X binomial (gained + lost, 1/2): the exact one-sided sign test that this reading is no better."""
        return at_least(self.gained, self.gained + self.lost, 0.5)


@dataclass(frozen=True)
class SelfTest:
    """Outcomes of the readings, the file's own first, and the faults found; an empty ``faults`` means the file passes."""

    clips: int
    classes: int
    outcomes: tuple[Outcome, ...]
    chance: float | None
    """Share of the commonest class among the clips; None if the classes are not the instrument's."""
    faults: tuple[str, ...]


def self_test(file: InstrumentFile, clips: Callable[[], Iterable[Batch]], named: bool, report: Report) -> SelfTest:
    """Classify real clips with the weights as stored and, if the clips have the instrument's classes, with altered readings.

    Args:
        file: the instrument file.
        clips: yields the same batches at every call: [N, 3, 16, H, W] in [-1, 1] and labels [N] by class index. Each clip is from
            a different video, because the rules assume independence.
        named: whether the labels are the instrument's classes, in its order.
        report: called with ("testing the instrument", done, total).
    Returns:
        The outcomes and the faults, computed on the device of the clips.
    Raises:
        RequestError: there are no clips; or, if ``named``, the clips are of one class only or too few to exclude chance.
    """
    mean, labels = _known(clips())
    commonest = labels.bincount().max().item() / len(labels)
    if named and commonest == 1:
        raise RequestError("All clips are of one class, so accuracy means nothing. Give more clips (--clips).")
    if named and at_least(len(labels), len(labels), commonest) >= LEVEL:
        raise RequestError(
            f"{len(labels)} clips are too few: even a perfect score could be chance (the commonest class has {commonest:.1%}). "
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
    """Return whether an altered reading could be significantly better when the file's own is wrong on this many clips."""
    return at_least(wrong, wrong, 0.5) < LEVEL / len(ALTERED)


def faults(outcomes: Sequence[Outcome], classes: int, clips: int, chance: float | None) -> tuple[str, ...]:
    """Return the faults by the rules of this module, the likeliest cause first."""
    own, *altered = outcomes
    found = []
    better = sorted((o for o in altered if o.p_value < LEVEL / len(ALTERED)), key=lambda o: o.lost - o.gained)
    if better:
        best, *others = better
        cause = next(r.cause for r in ALTERED if r.name == best.reading)
        also = f" (Also better than the file as it is: {', '.join(o.reading for o in others)}.)" if others else ""
        found.append(
            f"Read with {best.reading!r}, it classifies {best.right} of {clips} clips correctly; as it is, {own.right} "
            f"({best.gained} gained, {best.lost} lost, p = {best.p_value:.1g}). {cause}{also}"
        )
    if chance is not None and own.right is not None and at_least(own.right, clips, chance) >= LEVEL:
        found.append(
            f"It classifies {own.right} of {clips} clips correctly, no more than chance (the commonest class has {chance:.1%}). "
            "The weights belong to another network, to other classes or another order of classes, or their values are scrambled."
        )
    relative = (own.confidence - 1 / classes) / (1 - 1 / classes)
    if relative < LOWEST:
        found.append(
            f"Its mean confidence is {own.confidence:.3f}, hardly above the {1 / classes:.3f} of {classes} equal probabilities. "
            "The last layers are not the trained ones, or the input is far too small for the weights."
        )
    if chance is None and relative > HIGHEST:
        found.append(
            f"Its mean confidence is {own.confidence:.4f} on clips of classes it does not know. It is saturated: the mean is not "
            "subtracted, the input is far too large for the weights, or the weights are scrambled."
        )
    return tuple(found)


def at_least(count: int, of: int, chance: float) -> float:
    """Return P(X >= count) for a binomial X of ``of`` trials; 1 if count is 0."""
    return float(bdtrc(count - 1, of, chance)) if count > 0 else 1.0


def _known(batches: Iterable[Batch]) -> tuple[Tensor, Tensor]:
    """Return the mean pixel value [3, 1, 1, 1] per channel, BGR, and all labels [N], on the CPU."""
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
    file: InstrumentFile, readings: Sequence[Reading], means: Means, batches: Iterable[Batch], rows: int, report: Report
) -> list[tuple[Tensor, Tensor]]:
    """Return, per reading, the largest probability of each clip [N], float64, and whether its class is the label [N]."""
    networks = [_network(file, reading).to(means.data.device) for reading in readings]
    made: list[list[tuple[Tensor, Tensor]]] = [[] for _ in readings]
    done, total = 0, rows * len(readings)
    for batch in batches:
        pixels = pixels_of(batch.clips, file.card)
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
