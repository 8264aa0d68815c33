"""vdm-small's diffusion in float64: the schedule, the identities of v, DDIM for a Gaussian law of data, and both attentions."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor
from vidgen_backbones.vdm_small.attention import HEAD, SpatialAttention, TemporalAttention
from vidgen_backbones.vdm_small.diffusion import ddim, signal_and_noise, velocity
from vidgen_backbones.vdm_small.layers import GROUP
from vidgen_backbones.vdm_small.time_embedding import TimeEmbedding


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ------------------------------------------------------------------------------------------------------------- schedule
def test_the_schedule_and_its_ends() -> None:
    times = torch.linspace(0, 1, 101, dtype=torch.float64)
    alpha, sigma = signal_and_noise(times)
    torch.testing.assert_close(alpha**2 + sigma**2, torch.ones_like(times), atol=1e-15, rtol=0)
    snr = 2 * (alpha.log() - sigma.log())
    assert snr[0].item() == pytest.approx(20, abs=1e-9)
    assert snr[-1].item() == pytest.approx(-20, abs=1e-9)
    assert snr[50].item() == pytest.approx(0, abs=1e-12)
    assert (snr.diff() < 0).all()
    # the cosine schedule: cos^2 of an angle that is linear in t, up to the ends
    torch.testing.assert_close(alpha**2, (math.pi / 2 * times).cos() ** 2, atol=1e-4, rtol=0)


def test_x_and_the_noise_come_back_from_z_and_v() -> None:
    x, e = drawn(5, 3), drawn(5, 3, seed=1)
    alpha, sigma = (s[:, None] for s in signal_and_noise(torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0], dtype=torch.float64)))
    z, v = alpha * x + sigma * e, velocity(x, e, alpha, sigma)
    torch.testing.assert_close(alpha * z - sigma * v, x, atol=1e-14, rtol=0)
    torch.testing.assert_close(sigma * z + alpha * v, e, atol=1e-14, rtol=0)
    # v is the velocity of z along its circle: dz / d(angle)
    h = 1e-5
    turned = (torch.arccos(alpha) + h).cos() * x + (torch.arccos(alpha) + h).sin() * e
    torch.testing.assert_close((turned - z) / h, v, atol=1e-4, rtol=0)


# ----------------------------------------------------------------------------------------------------------------- DDIM
S = 0.4
"""The standard deviation of the Gaussian data."""


def gaussian(z: Tensor, times: Tensor) -> Tensor:
    """E[v | z] for x ~ N(0, S^2): x = alpha S^2 / (alpha^2 S^2 + sigma^2) z on average, and v = (alpha z - x) / sigma."""
    alpha, sigma = (s[:, None] for s in signal_and_noise(times))
    return z * alpha * sigma * (1 - S**2) / (alpha**2 * S**2 + sigma**2)


def factor(steps: int) -> float:
    """The closed form of the map: a step turns (z, e) by the angle d, so z becomes (cos d - k sin d) z, with v = k z."""
    edge = math.atan(math.exp(-10))
    angles = [edge + (math.pi / 2 - 2 * edge) * (1 - k / steps) for k in range(steps + 1)]
    made = 1.0
    for here, there in pairwise(angles):
        a, s = math.cos(here), math.sin(here)
        k = a * s * (1 - S**2) / (a**2 * S**2 + s**2)
        x = (a - s * k) * made
        made *= math.cos(here - there) - k * math.sin(here - there)
    return x  # the last prediction is the result, not z at the angle of t = 0


@pytest.mark.parametrize("steps", [1, 2, 8, 33])
def test_ddim_is_the_closed_form_for_gaussian_data(steps: int) -> None:
    z = drawn(4, 6)
    torch.testing.assert_close(ddim(gaussian, z, steps, clip=False), factor(steps) * z, atol=1e-13, rtol=1e-12)


def test_ddim_converges_to_the_flow_with_order_one() -> None:
    """The flow keeps z / sqrt(alpha^2 S^2 + sigma^2), so noise of variance 1 becomes data of variance S^2."""
    errors = [abs(ddim(gaussian, torch.ones(1, 1, dtype=torch.float64), n, False).item() - S) for n in (50, 100, 200)]
    orders = [math.log2(a / b) for a, b in pairwise(errors)]
    assert orders == pytest.approx([1, 1], abs=0.1)
    assert errors[-1] < 0.01 * S


def test_one_step_is_the_prediction_at_the_end_and_clipping_keeps_z_on_its_way() -> None:
    z = drawn(3, 50) * 3
    one = ddim(lambda z, t: -2.0 * torch.ones_like(z), z, 1, clip=False)
    torch.testing.assert_close(one, torch.full_like(z, 2.0), atol=1e-3, rtol=0)  # v = -x at the end, but for alpha z
    clipped = ddim(gaussian, z, 8, clip=True)
    assert clipped.abs().max() == 1
    inside = ddim(gaussian, 0.1 * z, 8, clip=True)  # predictions that need no clipping
    torch.testing.assert_close(inside, ddim(gaussian, 0.1 * z, 8, clip=False), atol=1e-14, rtol=0)


# ------------------------------------------------------------------------------------------------------------- networks
def filled(module: torch.nn.Module) -> torch.nn.Module:
    for seed, parameter in enumerate(module.double().parameters()):
        parameter.data = drawn(*parameter.shape, seed=seed) / 2
    return module


def normalised(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Group normalisation of one frame [C, H, W]."""
    groups = x.reshape(len(x) // GROUP, -1)
    groups = (groups - groups.mean(1, keepdims=True)) / np.sqrt(groups.var(1, keepdims=True) + 1e-5)
    return groups.reshape(x.shape) * weight[:, None, None] + bias[:, None, None]


def attended(x: np.ndarray, state: dict[str, np.ndarray], bias: np.ndarray | None) -> np.ndarray:
    """Multi-head attention of one sequence [L, C], head by head."""
    q, k, v = np.split(x @ state["attention.into.weight"].T, 3, axis=1)
    found = []
    for head in range(q.shape[1] // HEAD):
        part = slice(head * HEAD, (head + 1) * HEAD)
        logits = q[:, part] @ k[:, part].T / math.sqrt(HEAD) + (0 if bias is None else bias[head])
        shares = np.exp(logits - logits.max(1, keepdims=True))
        found.append(shares / shares.sum(1, keepdims=True) @ v[:, part])
    return np.concatenate(found, axis=1) @ state["attention.out.weight"].T + state["attention.out.bias"]


def numbers(module: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy() for name, p in module.named_parameters()}


@pytest.mark.parametrize("channels", [24, 64])
def test_attention_between_positions_equals_numpy(channels: int) -> None:
    module, x = filled(SpatialAttention(channels)), drawn(2, channels, 3, 2, seed=90)
    state, expected = numbers(module), []
    for frame in x.numpy():
        rows = normalised(frame, state["norm.weight"], state["norm.bias"]).reshape(channels, -1).T
        expected.append(frame + attended(rows, state, None).T.reshape(frame.shape))
    torch.testing.assert_close(module(x), torch.from_numpy(np.stack(expected)), atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("channels", [24, 64])
def test_attention_between_frames_equals_numpy(channels: int) -> None:
    frames = 5
    module, x = filled(TemporalAttention(channels, frames)), drawn(2 * frames, channels, 3, 2, seed=90)
    state, found = numbers(module), module(x).detach().numpy().reshape(2, frames, channels, 3, 2)
    bias = np.empty((len(state["bias"]), frames, frames))
    for i in range(frames):
        for j in range(frames):
            bias[:, i, j] = state["bias"][:, i - j + frames - 1]
    maps = np.stack([normalised(f, state["norm.weight"], state["norm.bias"]) for f in x.numpy()])
    maps, clips = (a.reshape(2, frames, channels, 3, 2) for a in (maps, x.numpy()))
    for n, row, column in np.ndindex(2, 3, 2):
        expected = clips[n, :, :, row, column] + attended(maps[n, :, :, row, column], state, bias)
        np.testing.assert_allclose(found[n, :, :, row, column], expected, atol=1e-11, rtol=1e-11)


def test_the_embedding_of_the_time() -> None:
    module = TimeEmbedding(8, 5).double()
    module.layers = torch.nn.Identity()
    found = module(torch.tensor([0.0, 0.25], dtype=torch.float64))
    frequencies = [1.0, 0.1, 0.01, 0.001]  # 1e-4 to the power of 0, 1/4, 1/2, 3/4
    expected = [[math.sin(250 * f) for f in frequencies] + [math.cos(250 * f) for f in frequencies]]
    assert found[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    np.testing.assert_allclose(found[1:].numpy(), expected, atol=1e-4)
