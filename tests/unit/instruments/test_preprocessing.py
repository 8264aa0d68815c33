"""The matrix that resizes: made once for each size, and fit for inference and for gradients alike."""

from __future__ import annotations

import torch

from vidgen_bench.instruments.c3d.preprocessing import bicubic, resized


def test_the_matrix_of_a_size_is_made_once() -> None:
    bicubic.cache_clear()
    clips = torch.zeros(2, 3, 1, 24, 40)
    for _ in range(3):
        resized(clips)
    assert bicubic.cache_info().misses == 2  # rows and columns
    assert bicubic(24, clips.device).shape == (128, 24)
    assert bicubic.cache_info().misses == 2


def test_a_matrix_made_in_inference_serves_where_gradients_flow() -> None:
    bicubic.cache_clear()
    with torch.inference_mode():
        resized(torch.zeros(1, 3, 1, 8, 8))
    clips = torch.zeros(1, 3, 1, 8, 8, requires_grad=True)
    resized(clips).sum().backward()
    assert clips.grad is not None
    assert clips.grad.sum().item() == 3 * 128 * 128  # the weights of each of 128 x 128 pixels sum to one
