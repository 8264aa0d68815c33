"""Warping by flow against SciPy and finite differences, and what flow is learnt from: it must find the true displacement."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from torch import Tensor
from vidgen_backbones.moflowgan.flow import FlowHead, photometric, total_variation, warp


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def shift(u: float, v: float, size: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """The flow of a clip of two frames that points u pixels to the right and v pixels down everywhere."""
    return torch.tensor([u, v], dtype=dtype).view(1, 1, 2, 1, 1).expand(1, 1, 2, size, size)


def moving_texture(u: float, v: float, size: int = 16) -> Tensor:
    """Return two frames [1, 2, 1, size, size] of a smooth texture without a period that moves by (u, v) pixels."""

    def texture(x: Tensor, y: Tensor) -> Tensor:
        return (
            torch.sin(0.5 * x + 0.2 * y)
            + torch.cos(0.13 * x - 0.4 * y)
            + torch.sin(0.31 * x * 0.7 + 0.05 * y * y / size)
        )

    y, x = torch.meshgrid(*(torch.arange(size, dtype=torch.float64),) * 2, indexing="ij")
    return torch.stack([texture(x, y), texture(x - u, y - v)])[None, :, None]


def test_warping_is_scipys_interpolation_with_repeated_borders() -> None:
    for height, width in ((16, 16), (7, 12)):
        frames, flow = drawn(2, 3, height, width), 12 * drawn(2, 2, height, width, seed=1) - 6  # many point outside
        found = warp(frames, flow).numpy()
        rows, columns = np.mgrid[:height, :width]
        for n in range(2):
            u, v = flow[n].numpy()
            for c in range(3):
                expected = map_coordinates(frames[n, c].numpy(), [rows + v, columns + u], order=1, mode="nearest")
                np.testing.assert_allclose(found[n, c], expected, atol=1e-12)


def test_a_shift_by_whole_pixels_copies_them_exactly_in_float32() -> None:
    for size in (16, 64, 128):
        frames = drawn(1, 3, size, size).float()
        warped = warp(frames, shift(3.0, -2.0, size, torch.float32)[0])
        assert torch.equal(warped[..., 2:, :-3], frames[..., :-2, 3:])
        assert torch.equal(warp(frames, shift(0.0, 0.0, size, torch.float32)[0]), frames)


def test_the_gradients_of_warping_are_those_of_finite_differences() -> None:
    frames = drawn(1, 2, 5, 6).requires_grad_()
    flow = (0.2 + 0.6 * drawn(1, 2, 5, 6, seed=1) + torch.tensor([1.0, -2.0]).view(1, 2, 1, 1)).requires_grad_()
    assert torch.autograd.gradcheck(warp, (frames, flow))  # between pixels: at a whole one the slope jumps


def test_a_position_outside_the_frame_gives_flow_no_gradient() -> None:
    frames, flow = drawn(1, 1, 8, 8), shift(-20.3, 0.4, 8)[0].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(warp(frames, flow).sum(), flow)
    assert not gradient[:, 0].any()  # to the left of the frame
    assert gradient[:, 1, :-1].all()  # but between its rows


def test_bfloat16_positions_are_not_rounded() -> None:
    frames, flow = drawn(1, 1, 64, 64).float(), shift(0.5, 0.0, 64, torch.float32)[0]
    assert torch.equal(warp(frames.bfloat16(), flow.bfloat16()), warp(frames.bfloat16().float(), flow))


def test_the_photometric_error_is_least_at_the_true_displacement() -> None:
    for true in ((2.0, -1.0), (-1.5, 0.5)):
        frames = moving_texture(*true)
        candidates = [(u / 2, v / 2) for u in range(-6, 7) for v in range(-6, 7)]
        errors = {at: float(photometric(frames, shift(*at, 16))) for at in candidates}
        assert min(errors, key=lambda at: errors[at]) == true
        assert errors[true] < 0.5 * sorted(errors.values())[1]


def test_flow_descends_to_the_true_displacement_from_warped_frames_alone() -> None:
    frames, guess = moving_texture(1.5, -0.75), torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([guess], lr=0.08)
    for _ in range(60):
        optimiser.zero_grad()
        photometric(frames, guess.view(1, 1, 2, 1, 1).expand(1, 1, 2, 16, 16)).backward()
        optimiser.step()
    torch.testing.assert_close(guess.detach(), torch.tensor([1.5, -0.75], dtype=torch.float64), atol=0.1, rtol=0)


def test_the_photometric_error_moves_both_frames() -> None:
    """Frame 0 is only a target and the last frame is only warped: both get a gradient."""
    frames = drawn(1, 3, 1, 4, 4).requires_grad_()
    (gradient,) = torch.autograd.grad(photometric(frames, torch.zeros(1, 2, 2, 4, 4, dtype=torch.float64)), frames)
    by_hand = torch.sign(frames.detach().diff(dim=1)) / 32
    torch.testing.assert_close(gradient[:, 0], -by_hand[:, 0])
    torch.testing.assert_close(gradient[:, 2], by_hand[:, 1])


def test_total_variation_by_hand() -> None:
    u, v = torch.tensor([[0.0, 1.0], [3.0, 3.0]]), torch.tensor([[2.0, 2.0], [2.0, -2.0]])
    across, down = (1 + 0 + 0 + 4) / 4, (3 + 2 + 0 + 4) / 4
    assert float(total_variation(torch.stack([u, v])[None, None])) == across + down
    assert float(total_variation(shift(3.0, -1.0, 8))) == 0.0


def test_a_new_flow_head_moves_nothing_and_its_displacements_are_limited() -> None:
    head, maps = FlowHead(4, size=16, largest=3.0), torch.randn(2, 5, 4, 8, 8)
    assert head(maps).shape == (2, 4, 2, 16, 16)
    assert not head(maps).any()
    torch.nn.init.normal_(head.layers[2].weight, std=10.0)
    assert 2.9 < head(maps).abs().max() <= 3.0
    same = maps.clone()
    same[:, 3:] += 1.0
    assert torch.equal(head(same)[:, :2], head(maps)[:, :2])  # flow t is of the frames t and t + 1
    assert not torch.equal(head(same)[:, 2], head(maps)[:, 2])
