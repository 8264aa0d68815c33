"""Precision, recall, density, coverage and the nearest training clip: against loops over pairs, on known arrangements, at equality."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vidgen_bench.api import FeatureSet, NoOptions, Reference
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.metrics import distances
from vidgen_bench.measure.metrics.nearest_neighbour import NearestNeighbour
from vidgen_bench.measure.metrics.neighbours import vidgen_metrics

FOUR = {metric.name: metric for metric in vidgen_metrics()}


def drawn(seed: int, n: int, d: int = 8, scale: float = 1.0) -> Tensor:
    return scale * torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def scores(x: Tensor, y: Tensor, k: int | None = None) -> dict[str, float]:
    """All four of samples x against real y; with their own k, or all with this one."""
    samples, reference = FeatureSet(x), Reference(clips=FeatureSet(y))
    options = {name: m.options() if k is None else m.options(neighbours=k) for name, m in FOUR.items()}
    return {name: m.scorer(reference, options[name])(samples) for name, m in FOUR.items()}


def nearest(x: Tensor, y: Tensor) -> float:
    return NearestNeighbour().scorer(Reference(clips=FeatureSet(y)), NoOptions())(FeatureSet(x))


def by_definition(x: np.ndarray, y: np.ndarray, k: int) -> dict[str, float]:
    """The formulas, pair by pair, with differences and no products."""

    def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.array([[np.sqrt(np.square(p - q).sum()) for q in b] for p in a])

    def radii(a: np.ndarray) -> np.ndarray:
        return np.array([sorted(np.delete(row, i))[k - 1] for i, row in enumerate(apart(a, a))])

    d, real, made = apart(x, y), radii(y), radii(x)
    return {
        "precision": float(np.mean([any(d[j, i] <= real[i] for i in range(len(y))) for j in range(len(x))])),
        "recall": float(np.mean([any(d[j, i] <= made[j] for j in range(len(x))) for i in range(len(y))])),
        "density": sum(d[j, i] < real[i] for j in range(len(x)) for i in range(len(y))) / (k * len(x)),
        "coverage": float(np.mean([any(d[j, i] < real[i] for j in range(len(x))) for i in range(len(y))])),
    }


@given(
    seed=st.integers(0, 10**6), n=st.integers(5, 24), d=st.integers(1, 6), k=st.integers(1, 4), shift=st.floats(0, 3)
)
@settings(max_examples=40, deadline=None)
def test_the_definitions(seed: int, n: int, d: int, k: int, shift: float) -> None:
    x, y = drawn(seed, n, d) + shift, drawn(seed + 1, n, d)
    assert scores(x, y, k) == pytest.approx(by_definition(x.numpy(), y.numpy(), k), abs=1e-12)


def test_the_papers_numbers_of_neighbours() -> None:
    assert {name: m.options().neighbours for name, m in FOUR.items()} == {
        "precision": 3,
        "recall": 3,
        "density": 5,
        "coverage": 5,
    }


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_identical_sets(offset: float) -> None:
    """With < a neighbourhood holds its own clip and k - 1 others, so that the density is 1 exactly."""
    x = drawn(1, 60) + offset
    assert scores(x, x) == {"precision": 1.0, "recall": 1.0, "density": 1.0, "coverage": 1.0}
    assert nearest(x, x) == 0.0


def test_a_clip_on_the_border() -> None:
    """Pairs 1 apart, k = 1, and one clip of each side exactly 1 from the other side: inside for <=, outside for <."""
    y, x = (torch.tensor(at, dtype=torch.float64)[:, None] for at in ([0.0, 1.0, 10.0, 11.0], [2.0, 3.0, 20.0, 21.0]))
    assert scores(x, y, k=1) == {"precision": 1 / 4, "recall": 1 / 4, "density": 0.0, "coverage": 0.0}


def test_sets_far_apart_share_nothing() -> None:
    assert set(scores(drawn(1, 60) + 100.0, drawn(2, 60)).values()) == {0.0}


def test_swapped_roles_swap_precision_and_recall() -> None:
    x, y = drawn(1, 80, scale=0.6), drawn(2, 80)
    ours, swapped = scores(x, y), scores(y, x)
    assert (ours["precision"], ours["recall"]) == (swapped["recall"], swapped["precision"])
    assert ours["precision"] > ours["recall"] + 0.2  # less varied than real clips
    assert ours["density"] != swapped["density"]


def test_mode_collapse_lowers_recall_and_coverage() -> None:
    """Samples from fewer and fewer of 8 distant modes: precision stays, recall and coverage fall."""
    modes = 50.0 * torch.eye(8, dtype=torch.float64)
    real = modes[torch.arange(160) % 8] + drawn(2, 160)
    found = [scores(modes[torch.arange(160) % m] + drawn(1, 160), real) for m in (8, 4, 2, 1)]
    for name in ("recall", "coverage"):
        values = [f[name] for f in found]
        assert values == sorted(values, reverse=True)
        assert values[-1] < 0.2 < 0.7 < values[0]
    assert min(f["precision"] for f in found) > 0.7


def test_one_clip_again_and_again() -> None:
    """All radii of the samples are 0 and contain only the clip itself."""
    y = drawn(2, 40)
    found = scores(y[:1].repeat(40, 1), y)
    assert (found["precision"], found["recall"]) == (1.0, 1 / 40)
    apart = scores(drawn(1, 1).repeat(40, 1), y)
    assert apart["recall"] == 0.0


def test_the_real_side_is_as_many_clips_as_were_generated() -> None:
    x, y = drawn(1, 30), drawn(2, 100)
    assert scores(x, y) == scores(x, y[:30]) != scores(x, y[30:])


def test_batches_share_the_real_neighbourhoods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches, four metrics and the nearest clip: real neighbours once, each batch's own once, each pair of sets once."""
    calls: list[tuple[int, int]] = []
    original = distances._by_rows

    def counted(x: Tensor, y: Tensor) -> Iterator[tuple[int, Tensor]]:
        calls.append((len(x), len(y)))
        return original(x, y)

    monkeypatch.setattr(distances, "_by_rows", counted)
    reference = Reference(clips=FeatureSet(drawn(2, 50)))
    rules = [m.scorer(reference, m.options()) for m in FOUR.values()]
    rules.append(NearestNeighbour().scorer(reference, NoOptions()))
    for seed in (1, 3):
        samples = FeatureSet(drawn(seed, 40))
        for rule in rules:
            rule(samples)
    assert sorted(calls) == sorted([(40, 40)] + 2 * [(40, 40), (40, 40), (40, 10)])


def test_too_few_clips_are_refused() -> None:
    with pytest.raises(RequestError, match=r"precision needs at least 4 samples on each side.*k = 3.*found 3"):
        scores(drawn(1, 3), drawn(2, 50))
    with pytest.raises(RequestError, match="found 2"):
        scores(drawn(1, 50), drawn(2, 2))
    with pytest.raises(RequestError, match="samples have 7, the reference 8"):
        scores(drawn(1, 20, 7), drawn(2, 20, 8))
    assert set(scores(drawn(1, 4), drawn(2, 4), k=3)) == set(FOUR)


# ----------------------------------------------------------------------------------------------------------- nearest clip
def test_the_nearest_clip_by_definition() -> None:
    x, y = drawn(1, 30), drawn(2, 70)
    expected = np.mean([min(float((a - b).norm()) for b in y) for a in x])
    assert nearest(x, y) == pytest.approx(expected, rel=1e-12)
    assert nearest(y, x) == pytest.approx(np.mean([min(float((a - b).norm()) for b in x) for a in y]), rel=1e-12)


def test_copies_of_training_clips_are_found_out() -> None:
    """Copies with noise lie far nearer to the training clips than unseen clips of the same law do."""
    training, unseen = drawn(1, 200), drawn(2, 50)
    copies = training[150:] + drawn(3, 50, scale=0.01)
    assert nearest(copies, training) < 0.05 * nearest(unseen, training)


# ------------------------------------------------------------------------------------------------------------- distances
@pytest.mark.parametrize("offset", [0.0, 30.0, -1e4])
def test_distances_are_those_of_differences(offset: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distances, "ROWS", 7)
    x, y = drawn(1, 40, 50) + offset, drawn(2, 30, 50) + offset
    y[3], y[4] = x[5], x[5] + 1e-4
    exact = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")
    found = distances.distances(x, y)
    torch.testing.assert_close(found, exact, rtol=1e-6, atol=0.0)
    assert found[5, 3] == 0.0
    torch.testing.assert_close(distances.nearest(x, y), exact.amin(dim=1), rtol=1e-6, atol=0.0)
    own = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").sort(dim=1).values
    torch.testing.assert_close(distances.neighbour_distances(x, 6), own[:, 1:7], rtol=1e-12, atol=0.0)


def test_equal_rows_have_distance_0_with_4096_features() -> None:
    x = drawn(1, 64, 4096).relu() * torch.linspace(0.01, 40, 4096, dtype=torch.float64)
    x = x.float().double()
    assert not distances.distances(x, x).diagonal().any()
    assert not distances.distances(x.flip(0), x).flip(0).diagonal().any()
