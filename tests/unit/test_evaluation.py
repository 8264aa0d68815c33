"""Sampling and scoring: a sample depends on its index alone, and what a game or metric gets wrong is told."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests import toy
from vidgen_bench.api import Game
from vidgen_bench.errors import PluginError, RequestError
from vidgen_bench.evaluation import CHUNK, Meter, Scorer, samples
from vidgen_bench.metrics.frechet_distance import vidgen_metrics as fid
from vidgen_bench.metrics.inception_score import vidgen_metrics as inception
from vidgen_bench.plan import find_metrics

TIMES = (0.0, 1 / 3, 2 / 3, 1.0)
METRICS = (*inception(), *fid())
CPU = torch.device("cpu")


class Instrument(torch.nn.Module):
    """Channel means as features, and their softmax as probabilities."""

    def forward(self, clips: torch.Tensor) -> dict[str, torch.Tensor]:
        features = clips.mean(dim=(3, 4)).flatten(1)
        return {"prob": torch.softmax(features * 10, dim=1), "fc7": features}


def draw(game: Game, start: int, stop: int, purpose: str = "final", seed: int = 0) -> torch.Tensor:
    return torch.cat(list(samples(game, seed, purpose, range(start, stop), TIMES, CPU)))


def test_a_sample_depends_on_seed_purpose_and_index_alone():
    game = toy.game()
    whole = draw(game, 0, CHUNK + 9)
    assert whole.shape == (CHUNK + 9, 3, 4, 4, 4)
    torch.testing.assert_close(draw(game, 7, 8)[0], whole[7], rtol=0, atol=1e-6)
    torch.testing.assert_close(draw(game, CHUNK - 2, CHUNK + 3), whole[CHUNK - 2 : CHUNK + 3], rtol=0, atol=1e-6)
    assert not torch.allclose(draw(game, 0, 4, purpose="evaluate-2"), whole[:4])
    assert not torch.allclose(draw(game, 0, 4, seed=1), whole[:4])


def test_sampling_leaves_batch_norm_statistics_alone():
    game = toy.game()
    game.parts["generator"].train()
    before = [b.clone() for b in game.parts["generator"].buffers()]
    draw(game, 0, 5)
    assert all(torch.equal(a, b) for a, b in zip(before, game.parts["generator"].buffers(), strict=True))


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        (lambda noise, times: torch.zeros(len(noise.rows), 3, 3, 4, 4), r"expected \[5, 3, 4, H, W\]"),
        (lambda noise, times: torch.zeros(2, 3, 4, 4, 4), r"expected \[5, 3, 4, H, W\]"),
        (lambda noise, times: torch.full((5, 3, 4, 4, 4), 1.5), r"pixels up to 1\.5; expected \[-1, 1\]"),
        (lambda noise, times: noise.sized(4), "sized"),
    ],
)
def test_a_game_that_samples_wrongly_is_told(sample, message):
    with pytest.raises(PluginError, match=message):
        draw(dataclasses.replace(toy.game(), sample=sample), 0, 5)


def test_all_metrics_read_one_pass():
    calls = []

    class Counted(Instrument):
        def forward(self, clips):
            calls.append(len(clips))
            return super().forward(clips)

    meter = Meter(Counted(), METRICS, CPU)
    clips = [torch.rand(6, 3, 4, 4, 4), torch.rand(3, 3, 4, 4, 4)]
    features = meter.features(clips)
    assert calls == [6, 3]
    moments = meter.moments(clips)
    assert set(moments) == {"fc7"}
    np.testing.assert_allclose(moments["fc7"].covariance, np.cov(features["fc7"].T.astype(np.float64)), atol=1e-12)
    scores = Scorer(METRICS, moments)(features)
    assert set(scores) == {"is", "fid"}
    assert abs(scores["fid"]) < 1e-6


def test_a_metric_whose_layer_the_instrument_lacks_is_refused():
    by_name = {m.name: m for m in METRICS}
    with pytest.raises(RequestError, match="'fid' reads the layer 'fc7', but eye emits prob"):
        find_metrics(["is", "fid"], by_name.__getitem__, ("prob",), "eye")
