"""The metric ``motion``: known translations, closed forms of the histogram and the distance, and what it tells apart on shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional
from vidgen_metrics.motion.flow import changed, flow, warped
from vidgen_metrics.motion.frechet import distance_to
from vidgen_metrics.motion.histogram import DIRECTIONS, MAGNITUDES, SIZE, histograms, shares

from vidgen_bench.api import FeatureSet, Metric, Reference
from vidgen_bench.data.shapes.draw import CLASSES, draw_clip
from vidgen_bench.host.host import Host
from vidgen_bench.measure.metrics.frechet_distance import frechet_distance
from vidgen_bench.measure.reference.moments import moments_of
from vidgen_bench.measure.views import viewed

MOTION: Metric = Host.of_environment().find("metric", "motion").declaration

SIDE = 64


def texture(shift: tuple[float, float], seed: int = 0) -> Tensor:
    """Return a smooth texture [64, 64], float64, moved by (x, y) pixels: a sum of plane waves, so that any shift is exact."""
    generator = torch.Generator().manual_seed(seed)
    waves = torch.rand(40, 2, generator=generator, dtype=torch.float64) * 0.8 - 0.4
    phases = torch.rand(40, generator=generator, dtype=torch.float64) * 2 * math.pi
    y, x = torch.meshgrid(torch.arange(SIDE).double(), torch.arange(SIDE).double(), indexing="ij")
    angles = waves[:, 0, None, None] * (x - shift[0]) + waves[:, 1, None, None] * (y - shift[1])
    return (angles + phases[:, None, None]).sin().sum(dim=0) / 40**0.5


def moving(step: tuple[float, float], frames: int = 4) -> Tensor:
    """Return a clip [1, 3, T, 64, 64] of a texture that moves by (x, y) pixels per frame."""
    pictures = torch.stack([texture((t * step[0], t * step[1])) for t in range(frames)])
    return pictures.expand(1, 3, *pictures.shape).clone()


@pytest.mark.parametrize("step", [(0.3, 0.0), (0.0, -0.7), (1.0, 1.0), (-2.0, 1.5), (4.0, -3.0)])
def test_the_flow_of_a_translation_is_the_translation(step: tuple[float, float]) -> None:
    found = flow(texture((0.0, 0.0))[None], texture(step)[None])
    inside = found[0, :, 12:-12, 12:-12]  # what enters at the border was nowhere before
    wanted = torch.tensor(step, dtype=torch.float64)[:, None, None]
    assert float((inside - wanted).abs().median()) < 0.03
    assert float((inside - wanted).abs().mean()) < 0.05


def test_a_picture_that_stands_still_has_no_flow_and_no_change() -> None:
    still = texture((0.0, 0.0))[None]
    assert float(flow(still, still).abs().max()) < 1e-12
    assert float(changed(still, still).abs().max()) == 0.0


def test_warping_by_the_true_flow_takes_a_picture_back() -> None:
    step = torch.tensor([3.0, -2.0], dtype=torch.float64)
    back = warped(texture((3.0, -2.0))[None, None], step[None, :, None, None].expand(1, 2, SIDE, SIDE))
    torch.testing.assert_close(back[0, 0, 4:-4, 4:-4], texture((0.0, 0.0))[4:-4, 4:-4], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("magnitude", "pixels"), [(0, 1.0), (1, 3.0), (2, 7.0), (3, 15.0), (3, 40.0)])
@pytest.mark.parametrize("direction", range(DIRECTIONS))
def test_a_displacement_at_the_centre_of_a_bin_is_in_no_other(magnitude: int, pixels: float, direction: int) -> None:
    angle = 2 * math.pi * direction / DIRECTIONS
    move = torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64) * pixels
    found = shares(move[None, :, None], torch.ones(1, 1, dtype=torch.float64)).view(MAGNITUDES, DIRECTIONS)
    expected = torch.zeros(MAGNITUDES, DIRECTIONS, dtype=torch.float64)
    expected[magnitude, direction] = 1.0
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_shares_are_split_between_neighbours_and_weighted() -> None:
    angle = 2 * math.pi * 0.25 / DIRECTIONS
    moves = torch.tensor([[[math.cos(angle), 0.0], [math.sin(angle), 0.0]]], dtype=torch.float64) * (2**1.5 - 1)
    found = shares(moves, torch.tensor([[0.5, 1.0]], dtype=torch.float64)).view(MAGNITUDES, DIRECTIONS)
    # half of the pixels move, and count half; between 1 and 3 pixels, a quarter of the way from right to down-right
    torch.testing.assert_close(found[:2, :2], torch.tensor([[0.75, 0.25]] * 2, dtype=torch.float64) / 8)
    assert float(found.sum()) == pytest.approx(0.25)


def test_a_translation_fills_the_bins_of_its_speed_and_direction() -> None:
    found = histograms(moving((-2.1, 2.1)))[0].view(MAGNITUDES, DIRECTIONS)  # 3 pixels per frame, to the lower left
    assert int(found.argmax()) == 1 * DIRECTIONS + 3
    assert float(found[:, 3].sum()) > 0.8 * float(found.sum())
    assert 80.0 < float(found.sum()) <= 100.0


def test_speed_is_relative_to_the_size_of_the_frame() -> None:
    large = functional.interpolate(moving((2.0, 0.0))[0], size=(2 * SIZE, 2 * SIZE), mode="nearest")[None]
    small = moving((2.0, 0.0))
    torch.testing.assert_close(histograms(large), histograms(small), rtol=0, atol=1e-3)


def test_a_clip_that_is_not_finite_has_no_histogram() -> None:
    clips = moving((1.0, 0.0)).repeat(2, 1, 1, 1, 1)
    clips[1, 2, 3, 40, 50] = math.nan
    found = histograms(clips)
    assert bool(found[0].isfinite().all())
    assert not bool(found[1].isfinite().any())


def test_the_distance_is_that_of_the_benchmarks_own_metric() -> None:
    generator = torch.Generator().manual_seed(0)
    mixed = torch.randn(6, 6, generator=generator, dtype=torch.float64)
    real = torch.randn(50, 6, generator=generator, dtype=torch.float64) @ mixed
    made = torch.randn(40, 6, generator=generator, dtype=torch.float64) + 0.5
    expected = frechet_distance(moments_of(made), moments_of(real))
    assert distance_to(moments_of(real))(made) == pytest.approx(expected, rel=1e-9)
    assert distance_to(moments_of(real))(real) == pytest.approx(0.0, abs=1e-9)
    few = made[:3]  # a covariance of rank 2
    assert distance_to(moments_of(real))(few) == pytest.approx(
        frechet_distance(moments_of(few), moments_of(real)), rel=1e-6
    )


def shapes(groups: range, clip: int, frames: int = 8) -> Tensor:
    """Return one clip [3, T, 64, 64] of each class and group, as the tracks crop them."""
    videos = np.stack([draw_clip(label, group, clip)[:frames] for group in groups for label in range(len(CLASSES))])
    pictures = torch.from_numpy(videos).flatten(0, 1).permute(0, 3, 1, 2).float() / 127.5 - 1.0
    pictures = functional.interpolate(pictures, size=(64, 85), mode="area")[..., 10:74]
    return pictures.unflatten(0, (-1, frames)).transpose(1, 2).contiguous()


def test_frozen_and_shuffled_shapes_lose_to_held_out_ones_and_order_does_not_matter() -> None:
    held_out = shapes(range(8, 11), 2)
    score = MOTION.scorer(Reference(moments_of(histograms(shapes(range(1, 6), 1)))), MOTION.options())

    def of(clips: Tensor) -> float:
        found = score(FeatureSet(MOTION.features(clips, MOTION.options())))
        assert isinstance(found, float)
        return found

    real = of(held_out)
    order = torch.randperm(len(held_out), generator=torch.Generator().manual_seed(3))
    assert of(held_out[order]) == pytest.approx(real, rel=1e-6)
    assert of(viewed(held_out, "frozen", 0)) > 5 * real
    assert of(viewed(held_out, "shuffled", 0)) > 5 * real
