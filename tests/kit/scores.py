"""Softmax, and the Fréchet distance of two feature matrices, as tests of scores call them."""

from __future__ import annotations

import numpy as np
import torch

from vidgen_bench.api import FeatureSet, NoOptions, Reference
from vidgen_bench.measure.metrics.frechet_distance import FrechetDistance
from vidgen_bench.measure.reference.moments import moments_of


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def frechet(x: np.ndarray, y: np.ndarray) -> float:
    return FrechetDistance().scorer(Reference(moments_of(y)), NoOptions())(feature_set(x))


def feature_set(x: np.ndarray) -> FeatureSet:
    return FeatureSet(torch.as_tensor(x).double())


RANK_DEFICIENT = 1e-6
