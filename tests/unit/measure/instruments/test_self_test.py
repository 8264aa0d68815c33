"""The self-test: a sound file passes, and each spoiled one is caught with its cause.

The instrument that ships classifies shapes and motions and ignores colour. The network here is built by hand and depends on colour
alone; the slow test trains one that depends on the axes of its kernels too.
"""

from __future__ import annotations

import dataclasses

import pytest
import torch

from tests.kit.spoiled_files import MEAN, caught, colour_meter, quiet, spoiled, tinted, twenty
from vidgen_bench.api import Batch
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.c3d.readings import ALTERED
from vidgen_bench.measure.instruments.c3d.self_test import Outcome, SelfTest, at_least, could_gain, faults, self_test


def test_a_sound_file_passes_and_no_other_reading_is_tried() -> None:
    stages: list[tuple[str, int, int]] = []
    result = self_test(colour_meter(), twenty, True, lambda *stage: stages.append(stage))
    assert result.faults == ()
    assert (result.clips, result.classes, result.chance) == (20, 2, 0.5)
    (own,) = result.outcomes
    assert (own.reading, own.right, own.gained, own.lost) == ("as it is", 20, 0, 0)
    assert stages == [("testing the instrument", 12, 20), ("testing the instrument", 20, 20)]


def test_a_swapped_mean_is_caught() -> None:
    result = self_test(spoiled(colour_meter(), MEAN.flip(0)), twenty, True, quiet)
    assert [o.reading for o in result.outcomes] == ["as it is", *(r.name for r in ALTERED)]
    assert (result.outcomes[0].right, result.outcomes[1].right) == (10, 20)
    caught(result, "mean reversed")
    assert any("no more than chance" in fault for fault in result.faults)


def test_a_zeroed_mean_is_caught() -> None:
    caught(self_test(spoiled(colour_meter(), torch.zeros(3)), twenty, True, quiet), "mean of these clips")


def test_swapped_input_channels_are_caught() -> None:
    swapped = spoiled(colour_meter(), conv1a_weight=colour_meter().weights["conv1a.weight"].flip(1))
    result = self_test(swapped, lambda: [tinted(12)], True, quiet)
    assert result.outcomes[0].right == 0
    caught(result, "weights in RGB")


@pytest.mark.parametrize("cube", [False, True])
def test_it_reads_as_the_instrument_does(cube: bool) -> None:
    """The measuring instrument has equal confidence on the same clips, with three means and with a cube."""
    file = colour_meter()
    if cube:
        file = spoiled(
            file, MEAN.view(3, 1, 1, 1) + torch.linspace(-60, 60, 171) * torch.tensor([1.0, 0, 0]).view(3, 1, 1, 1)
        )
        file = spoiled(file, file.mean.expand(3, 16, 128, 171))
    own = self_test(file, lambda: [tinted(4)], False, quiet).outcomes[0]
    prob = file.build("tgan")(tinted(4).clips)["prob"]
    assert own.confidence == pytest.approx(prob.max(dim=1).values.mean().item(), abs=1e-5)


@pytest.mark.parametrize("rows", [12, 13])  # equal numbers per class, and one more of class 0, which it always predicts
def test_a_network_that_predicts_one_class_is_no_better_than_chance(rows: int) -> None:
    one = spoiled(colour_meter(), fc8_bias=torch.tensor([50.0, 0.0]))
    result = self_test(one, lambda: [tinted(rows)], True, quiet)
    (fault,) = result.faults
    assert f"classifies {(rows + 1) // 2} of {rows} clips correctly, no more than chance" in fault


def test_with_other_classes_only_the_confidence_is_judged() -> None:
    file, four = colour_meter(), lambda: [tinted(4)]
    result = self_test(file, four, False, quiet)
    assert (result.chance, result.faults) == (None, ())
    assert [(o.reading, o.right) for o in result.outcomes] == [("as it is", None)]
    (fault,) = self_test(spoiled(file, fc8_weight=0 * file.weights["fc8.weight"]), four, False, quiet).faults
    assert "mean confidence is 0.500, hardly above the 0.500 of 2 equal probabilities" in fault
    (fault,) = self_test(spoiled(file, fc8_weight=1e4 * file.weights["fc8.weight"]), four, False, quiet).faults
    assert "It is saturated" in fault


def test_too_few_clips_or_classes_are_refused() -> None:
    batch = tinted(8)
    with pytest.raises(RequestError, match="All clips are of one class"):
        self_test(colour_meter(), lambda: [Batch(batch.clips[::2], batch.labels[::2])], True, quiet)
    for rows, share in ((2, "50"), (6, "50"), (7, "57.1")):  # seven: (4 / 7)^7 = 0.02, and eight: 0.5^8 = 0.004
        with pytest.raises(RequestError, match=rf"{rows} clips are too few.*has {share}.*\(--clips\)"):
            self_test(colour_meter(), lambda rows=rows: [tinted(rows)], True, quiet)
    assert self_test(colour_meter(), lambda: [tinted(8)], True, quiet).faults == ()
    assert self_test(colour_meter(), lambda: [tinted(2)], False, quiet).clips == 2
    with pytest.raises(RequestError, match="There are no clips"):
        self_test(colour_meter(), list, True, quiet)


# ------------------------------------------------------------------------------------------------------------- the rules
def test_the_binomial_tail_is_exact() -> None:
    assert at_least(0, 10, 0.5) == 1.0
    assert at_least(10, 10, 0.5) == pytest.approx(2**-10)
    assert at_least(9, 10, 0.5) == pytest.approx(11 * 2**-10)
    assert at_least(0, 0, 0.5) == 1.0
    assert at_least(3, 4, 0.25) == pytest.approx(4 * 0.25**3 * 0.75 + 0.25**4)
    assert at_least(5000, 10_000, 0.5) == pytest.approx(0.504, abs=1e-3)


def judged(own: int, *altered: Outcome, clips: int = 40, confidence: float = 0.8) -> tuple[str, ...]:
    others = tuple(Outcome(r.name, 0.5, 0) for r in ALTERED[len(altered) :])
    return faults((Outcome("as it is", confidence, own), *altered, *others), 4, clips, 0.25)


def test_ten_clips_gained_and_none_lost_are_significant_and_nine_are_not() -> None:
    """Ten readings share 0.01, so the sign test needs p < 0.001: ten of ten suffice (1/1024), nine of nine do not."""
    assert judged(30, Outcome(ALTERED[0].name, 0.9, 39, gained=9)) == ()
    (fault,) = judged(30, Outcome(ALTERED[0].name, 0.9, 40, gained=10))
    assert "(10 gained, 0 lost, p = 0.001)" in fault
    assert judged(28, Outcome(ALTERED[0].name, 0.9, 36, gained=10, lost=2)) == ()


def test_the_reading_that_gains_most_is_named_first_and_the_others_after_it() -> None:
    worse = Outcome(ALTERED[0].name, 0.9, 34, gained=14)
    (fault,) = judged(20, worse, Outcome(ALTERED[1].name, 0.5, 38, gained=18))
    assert fault.startswith(f"Read with {ALTERED[1].name!r}")
    assert f"(Also better than the file as it is: {ALTERED[0].name}.)" in fault


def test_higher_confidence_is_not_better() -> None:
    assert judged(30, Outcome(ALTERED[0].name, 1.0, 30)) == ()


@pytest.mark.parametrize(("right", "wrong"), [(0, True), (10, True), (17, True), (18, False), (40, False)])
def test_above_chance_begins_where_the_binomial_says(right: int, wrong: bool) -> None:
    """40 clips, a quarter of them in one class: P(X >= 17) = 0.0116 is not below 1 %, P(X >= 18) is."""
    assert bool(judged(right)) is wrong


def test_nine_wrong_clips_are_too_few_for_another_reading() -> None:
    assert [could_gain(wrong) for wrong in (0, 9, 10, 96)] == [False, False, True, True]


def test_a_result_is_frozen() -> None:
    result = SelfTest(1, 2, (), None, ())
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.clips = 2  # type: ignore[misc]
