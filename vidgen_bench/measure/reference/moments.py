"""Mean and covariance of features that arrive in chunks, in float64 on the features' device, and the file format for them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vidgen_bench.api import Moments
from vidgen_bench.errors import RecordError, RequestError
from vidgen_bench.system.hashed_files import read_hashed, write_hashed
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.npy_header import DAMAGES


class MomentAccumulator:
    """Moments of a stream of feature vectors, independent of its division into chunks.

    Two sets with counts n, m, means a, b and scatter matrices S, T combine to
    mean = a + (b - a) m / (n + m),   scatter = S + T + (b - a)(b - a)^T n m / (n + m)

    Reference: Chan, Golub, LeVeque 1979, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", equation 2.1.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = torch.zeros(0, dtype=torch.float64)
        self._scatter = torch.zeros(0, 0, dtype=torch.float64)

    def add(self, features: Tensor | np.ndarray) -> None:
        """Add one chunk of features [n, D], where n may be 0; sums are kept on the device of the first chunk.

        Raises:
            RequestError: not a matrix, or D differs from that of earlier chunks.
        """
        x = torch.as_tensor(features)
        if x.ndim != 2 or (self._count and x.shape[1] != self._mean.shape[0]):
            expected = f"[n, {self._mean.shape[0]}]" if self._count else "[n, D]"
            raise RequestError(f"Moments: expected features {expected}; found an array {list(x.shape)}.")
        n, m = self._count, x.shape[0]
        if not m:
            return
        x = x.to(self._mean.device if n else x.device, torch.float64)
        mean = x.mean(dim=0)
        centred = x - mean
        if not n:
            self._count, self._mean, self._scatter = m, mean, centred.T @ centred
            return
        shift = mean - self._mean
        self._scatter.addmm_(centred.T, centred).addr_(shift, shift, alpha=n * m / (n + m))
        self._count, self._mean = n + m, self._mean + shift * (m / (n + m))

    def result(self) -> Moments:
        """Return the moments of all vectors added; the covariance has divisor n - 1, as in ``numpy.cov``.

        Raises:
            RequestError: fewer than 2 vectors, for which there is no covariance.
        """
        if self._count < 2:
            raise RequestError(f"A covariance needs at least 2 samples; found {self._count}. Give more clips.")
        return Moments(self._count, self._mean.clone(), self._scatter / (self._count - 1))


def moments_of(features: Tensor | np.ndarray) -> Moments:
    """Return the moments of features [n, D], n at least 2."""
    accumulator = MomentAccumulator()
    accumulator.add(features)
    return accumulator.result()


def save_moments(path: Path, moments: Moments) -> None:
    """Write moments to an npz file atomically, with its hash.

    Raises:
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    count, mean, covariance = np.int64(moments.count), moments.mean.cpu().numpy(), moments.covariance.cpu().numpy()
    write_hashed(path, lambda stream: np.savez(stream, count=count, mean=mean, covariance=covariance))


def load_moments(path: Path) -> Moments:
    """Return the moments that :func:`save_moments` wrote, on the CPU; pickles are not opened.

    Raises:
        RecordError: the file is missing, has changed, is not valid, or is a link, pipe or device; moments that are not finite are
            not valid.
        UnreadableError: the file may not be read; it may be intact.
    """
    fix = "Delete the file; it is computed again when needed."
    try:
        with np.load(io.BytesIO(read_hashed(path)), allow_pickle=False) as file:
            count, mean, covariance = int(file["count"]), file["mean"], file["covariance"]
    except DAMAGES as error:
        raise RecordError(
            f"{path}: expected moments (npz with count, mean, covariance): {reason(error)}. {fix}"
        ) from None
    size = mean.shape[0] if mean.ndim == 1 else -1
    if count < 2 or covariance.shape != (size, size) or mean.dtype != np.float64 or covariance.dtype != np.float64:
        found = f"count {count}, mean {mean.dtype} {list(mean.shape)}, covariance {covariance.dtype} {list(covariance.shape)}"
        raise RecordError(
            f"{path}: expected count >= 2, mean [D] and covariance [D, D] in float64; found {found}. {fix}"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise RecordError(f"{path} holds moments that are not finite. {fix}")
    return Moments(count, torch.from_numpy(mean), torch.from_numpy(covariance))
