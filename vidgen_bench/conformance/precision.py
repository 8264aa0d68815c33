"""The precision of checks: float64 where a network supports it, and bfloat16 by kernels that compute what they say."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch

from vidgen_bench.conformance.game_inputs import row_noise
from vidgen_bench.conformance.noise_variants import DoubleNoise, convert_noise
from vidgen_bench.noise import Noise

ROUNDING = {torch.float64: 1e-9, torch.float32: 3e-5}
"""The largest difference, relative to the state, that counts as rounding."""


def in_highest_precision(check: Callable[[torch.dtype], None]) -> None:
    """Run a check in float64, or in float32 if the plugin does not support float64.

    torch's default dtype is changed as well, for tensors that a network creates itself.

    Args:
        check: takes the precision to build and run in.
    """
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        check(torch.float64)
    except RuntimeError:  # usually mixed dtypes; other errors are raised again in float32
        torch.set_default_dtype(usual)
        check(torch.float32)
    finally:
        torch.set_default_dtype(usual)


def noise_in(dtype: torch.dtype, rows: Sequence[int]) -> Noise:
    """Return the noise of the samples with these indices, in this precision."""
    return convert_noise(DoubleNoise, row_noise(rows)) if dtype == torch.float64 else row_noise(rows)


@contextmanager
def no_onednn() -> Iterator[None]:
    """Compute with PyTorch's own kernels while the block runs, instead of oneDNN's.

    On processors with bfloat16 instructions, oneDNN's weight gradient of a small 3-D convolution in bfloat16 (3 x 3 x 3, 16 channels, a
    clip of 2 x 2 x 2; torch 2.13) reads memory that nobody has written, so that it is sometimes not finite.
    """
    with ExitStack() as stack:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of TF32, which is not concerned
            stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
        yield
