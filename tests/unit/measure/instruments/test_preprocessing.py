"""The resize matrices: computed once per size, and valid in inference mode and under autograd."""

from __future__ import annotations

import pytest
import torch

from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.c3d.network import C3D, Layout
from vidgen_bench.measure.instruments.c3d.preprocessing import C3DInstrument
from vidgen_bench.measure.instruments.c3d.resize import resize_matrix, resized


def test_the_matrix_of_a_size_is_made_once() -> None:
    resize_matrix.cache_clear()
    clips = torch.zeros(2, 3, 1, 24, 40)
    for _ in range(3):
        resized(clips, "bicubic", 128)
    assert resize_matrix.cache_info().misses == 2  # rows and columns
    assert resize_matrix("bicubic", 24, 128, clips.device).shape == (128, 24)
    assert resize_matrix.cache_info().misses == 2
    assert resize_matrix("bilinear", 24, 128, clips.device).shape == (128, 24)
    assert resize_matrix.cache_info().misses == 3


def test_a_matrix_made_in_inference_mode_works_under_autograd() -> None:
    resize_matrix.cache_clear()
    with torch.inference_mode():
        resized(torch.zeros(1, 3, 1, 8, 8), "bicubic", 128)
    clips = torch.zeros(1, 3, 1, 8, 8, requires_grad=True)
    resized(clips, "bicubic", 128).sum().backward()
    assert clips.grad is not None
    assert clips.grad.sum().item() == 3 * 128 * 128  # the weights of each of 128 x 128 pixels sum to one


def test_an_unknown_preprocessing_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(
        RequestError, match=r"no preprocessing 'tgan-v2'\. Did you mean 'tganv2'\? Valid: native, tgan, tganv2\."
    ):
        C3DInstrument(C3D(Layout(1, 4, 2)), torch.zeros(3), "tgan-v2")
