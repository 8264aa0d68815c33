"""Reads golden files: pattern weights, inputs and fingerprints, by the rules of ``../shared/golden/README.md``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def load(shared: Path, name: str) -> dict[str, Any]:
    """Return the one golden file whose name begins with ``name``."""
    (path,) = sorted((shared / "golden").glob(f"{name}*.json"))
    return json.loads(path.read_text())


def base(k: int, count: int) -> np.ndarray:
    """Return b(k, 0 .. count - 1), float64 in (-1, 1) (golden README, section 1)."""
    h = np.arange(count, dtype=np.uint32)  # uint32 arrays wrap at 2^32, as the README's "and 0xFFFFFFFF" does
    h *= np.uint32(2654435761)
    h += np.uint32((k * 40503 + 12345) & 0xFFFFFFFF)
    for shift, multiplier in ((16, 2246822507), (13, 3266489909)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(multiplier)
    h ^= h >> np.uint32(16)
    return (h.astype(np.float64) + 0.5) / 2.0**31 - 1.0


def tensor_of(entry: Mapping[str, Any]) -> Tensor:
    """Return the float32 tensor that one ``state`` entry describes (golden README, section 3)."""
    shape = tuple(entry["shape"])
    b = base(entry["k"], math.prod(shape))
    role = entry["role"]
    if role in ("weight", "convT_weight"):
        value = math.sqrt(6.0 / entry["fan_in"]) * b
    elif role == "bn_gamma":
        value = 1.0 + 0.1 * b
    elif role == "bn_var":
        value = 1.0 + 0.1 * b * b
    elif role in ("bias", "bn_beta", "bn_mean"):
        value = 0.1 * b
    else:
        raise ValueError(f"unknown role {role!r}")
    return torch.from_numpy((value * entry.get("mult", 1.0)).astype(np.float32)).reshape(shape)


def fill(module: nn.Module, entries: Iterable[Mapping[str, Any]], order: Iterable[str] | None = None) -> None:
    """Load pattern weights into a module: entry by entry in the order of its floating-point state, or of ``order`` (our names)."""
    state = module.state_dict()
    names = list(order) if order is not None else [n for n, t in state.items() if t.is_floating_point()]
    entries = list(entries)
    assert len(names) == len(entries), f"{len(names)} tensors of ours against {len(entries)} of the reference"
    values = {}
    for name, entry in zip(names, entries, strict=True):
        assert tuple(state[name].shape) == tuple(entry["shape"]), f"{name} {tuple(state[name].shape)} against {entry}"
        values[name] = tensor_of(entry)
    missing, unexpected = module.load_state_dict(values, strict=False)
    assert not unexpected
    assert all(not state[name].is_floating_point() for name in missing), f"not filled: {missing}"


def latent(*shape: int, rate: float = 0.13, phase: float = 0.5) -> Tensor:
    """Return sin(rate i + phase) over the flat index, float32."""
    return torch.from_numpy(np.sin(rate * np.arange(math.prod(shape)) + phase).astype(np.float32)).reshape(shape)


def video(*shape: int) -> Tensor:
    """Return 0.6 sin(0.13 i + 0.5) + 0.4 sin(0.00037 i) over the flat index, float32."""
    i = np.arange(math.prod(shape), dtype=np.float64)
    return torch.from_numpy((0.6 * np.sin(0.13 * i + 0.5) + 0.4 * np.sin(0.00037 * i)).astype(np.float32)).reshape(
        shape
    )


def tolerance(expected: Mapping[str, Any]) -> float:
    """Return 20 times the rounding noise of the case, never tighter than 1e-6 (golden README, section 5)."""
    return max(20.0 * expected.get("maxabs_diff_to_float64_run", 0.0), 1e-6)


def assert_fingerprint(actual: Tensor | np.ndarray, expected: Mapping[str, Any], atol: float | None = None) -> None:
    """Assert shape, the sampled values, and mean, std, min, max of an output against its golden fingerprint."""
    array = np.asarray(actual.detach().cpu() if isinstance(actual, Tensor) else actual, dtype=np.float64)
    assert list(array.shape) == list(expected["shape"])
    atol = tolerance(expected) if atol is None else atol
    n = array.size
    want = np.asarray(expected["values"])
    at = np.arange(n) if n <= 64 and len(want) == n else np.floor(np.arange(64) * (n - 1) / 63).astype(int)
    relative = 2e-7  # eight printed digits of float32 values
    np.testing.assert_allclose(array.reshape(-1)[at], want, atol=atol, rtol=relative)
    for statistic in ("mean", "std", "min", "max"):
        np.testing.assert_allclose(
            getattr(array, statistic)(), expected[statistic], atol=atol, rtol=relative, err_msg=statistic
        )
