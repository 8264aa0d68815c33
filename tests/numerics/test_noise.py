"""The noise is uniform or normal, and independent over rows, columns and names."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from vidgen_bench.noise import key_of, sampling_noise, training_noise

ROWS, COLUMNS = 4096, 64
CELLS = ROWS * COLUMNS
DEVIATIONS = 5.0
"""How many standard errors a statistic of independent draws may stray: 6e-7 by chance, and the draws are fixed."""


def block(draw: str, name: str = "z", seed: int = 0) -> np.ndarray:
    noise = sampling_noise(seed, "final", torch.arange(ROWS))
    return getattr(noise, draw)(name, COLUMNS).double().numpy()


@pytest.mark.parametrize(("draw", "law"), [("uniform", stats.uniform), ("normal", stats.norm)])
@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_kolmogorov_smirnov(draw: str, law: stats.rv_continuous, seed: int) -> None:
    draws = block(draw, seed=seed)
    assert stats.kstest(draws.reshape(-1), law.cdf).statistic < 1.95 / math.sqrt(CELLS)  # 0.1 % level
    # rows and columns by themselves follow the law: the smallest of as many p values as there are
    by_column = [stats.kstest(column, law.cdf).pvalue for column in draws.T]
    by_row = [stats.kstest(row, law.cdf).pvalue for row in draws[:256]]
    assert min(by_column) > 1e-3 / len(by_column)
    assert min(by_row) > 1e-3 / len(by_row)


def test_moments_of_the_normal() -> None:
    draws = block("normal").reshape(-1)
    assert abs(draws.mean()) < DEVIATIONS / math.sqrt(CELLS)
    assert abs(draws.var() - 1) < DEVIATIONS * math.sqrt(2 / CELLS)
    assert abs(stats.skew(draws)) < DEVIATIONS * math.sqrt(6 / CELLS)
    assert abs(stats.kurtosis(draws)) < DEVIATIONS * math.sqrt(24 / CELLS)
    assert 4.0 < np.abs(draws).max() < 6.8


def test_uniform_lies_in_the_open_interval() -> None:
    draws = block("uniform")
    assert draws.min() > 0
    assert draws.max() < 1


def test_columns_are_uncorrelated_and_their_spectrum_is_that_of_chance() -> None:
    draws = block("normal")
    correlation = np.corrcoef(draws.T)
    aside = correlation[~np.eye(COLUMNS, dtype=bool)]
    assert np.abs(aside).max() < DEVIATIONS / math.sqrt(ROWS)
    eigenvalues = np.linalg.eigvalsh(np.cov(draws.T))
    edge = math.sqrt(COLUMNS / ROWS)  # Marchenko and Pastur: [(1 - edge)^2, (1 + edge)^2]
    assert eigenvalues.min() > (1 - edge) ** 2 * 0.95
    assert eigenvalues.max() < (1 + edge) ** 2 * 1.05


def test_rows_are_uncorrelated() -> None:
    draws = block("normal")[:512]
    correlation = np.corrcoef(draws)
    aside = correlation[~np.eye(len(draws), dtype=bool)]
    assert np.abs(aside).max() < 6.0 / math.sqrt(COLUMNS)
    assert abs((aside**2).mean() * (COLUMNS - 1) - 1) < 0.02


@pytest.mark.parametrize("lag", [1, 2, 3, 8, 64])
def test_neighbours_along_rows_and_columns_are_uncorrelated(lag: int) -> None:
    draws = block("normal")
    down = (draws[lag:] * draws[:-lag]).mean()
    assert abs(down) < DEVIATIONS / math.sqrt(CELLS - lag * COLUMNS)
    if lag < COLUMNS:
        along = (draws[:, lag:] * draws[:, :-lag]).mean()
        assert abs(along) < DEVIATIONS / math.sqrt(CELLS - lag * ROWS)


@pytest.mark.parametrize("other", ["z1", "z2", "y", "brownian", "Z"])
def test_names_are_uncorrelated(other: str) -> None:
    assert abs((block("normal") * block("normal", other)).mean()) < DEVIATIONS / math.sqrt(CELLS)


def test_seeds_and_turns_are_uncorrelated() -> None:
    turns = [training_noise(torch.tensor(key_of(0, "generator", k)), ROWS).normal("z", 8).double() for k in range(4)]
    turns.append(training_noise(torch.tensor(key_of(1, "generator", 0)), ROWS).normal("z", 8).double())
    for i, a in enumerate(turns):
        for b in turns[i + 1 :]:
            assert abs((a * b).mean().item()) < DEVIATIONS / math.sqrt(ROWS * 8)


def test_bits_avalanche() -> None:
    """Adding one to the row id flips each bit of a uniform with probability 1/2."""
    uniform = sampling_noise(0, "final", torch.arange(2**16)).uniform("z", 1)[:, 0].double()
    bits = (uniform * 2**23).long()
    flipped = bits[1:] ^ bits[:-1]
    for bit in range(23):
        share = ((flipped >> bit) & 1).double().mean().item()
        assert abs(share - 0.5) < DEVIATIONS * 0.5 / math.sqrt(2**16)


@pytest.mark.parametrize("high", [1, 2, 3, 101, 1000])
def test_integers_are_equally_likely(high: int) -> None:
    drawn = sampling_noise(3, "final", torch.arange(100_000)).integers("class", high).numpy()
    counts = np.bincount(drawn, minlength=high)
    assert len(counts) == high
    if high > 1:
        assert stats.chisquare(counts).pvalue > 1e-4


def test_shared_choices_are_equally_likely_over_turns() -> None:
    drawn = [training_noise(torch.tensor(key_of(0, "d", k)), 4).shared("offset", 4).item() for k in range(2000)]
    assert stats.chisquare(np.bincount(drawn, minlength=4)).pvalue > 1e-4


def test_uniforms_pick_frames_without_favour() -> None:
    """Choosing k of T frames by sorting uniforms picks every frame equally often."""
    first = sampling_noise(0, "final", torch.arange(20_000)).uniform("frames", 16).argsort(dim=1)[:, 0].numpy()
    assert stats.chisquare(np.bincount(first, minlength=16)).pvalue > 1e-4
