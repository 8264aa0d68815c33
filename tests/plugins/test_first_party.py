"""What the first-party backbones and temporal generators refuse, and the sizes and solvers they serve."""

from __future__ import annotations

import pytest
import torch

from vidgen_bench.api import Backbone, Clip, LatentSpec, Temporal
from vidgen_bench.host.host import Host
from vidgen_bench.noise import sampling_noise

HOST = Host.of_environment()


def test_tgan_says_why_it_refuses_a_clip() -> None:
    tgan: Backbone = HOST.find("backbone", "tgan").declaration
    options = tgan.options()
    for frames, size, words in (
        (16, 48, "doubled"),
        (16, 4, "doubled"),
        (12, 64, "powers of two"),
        (32, 64, "2, 4 ... 16"),
    ):
        assert words in (tgan.refuses(Clip(frames, size, 3), options) or "")
    for frames, size in ((2, 8), (4, 64), (8, 32), (16, 128), (32, 128)):
        assert tgan.refuses(Clip(frames, size, 3), options) is None


@pytest.mark.parametrize(("frames", "size"), [(2, 8), (2, 32), (8, 32), (4, 128)])
def test_tgan_at_other_sizes(frames: int, size: int) -> None:
    tgan: Backbone = HOST.find("backbone", "tgan").declaration
    clip, options = Clip(frames, size, 3), tgan.options(width=1 / 32, batch=2)
    spec = tgan.latent(clip, options)
    assert spec is not None
    own: Temporal = HOST.find("temporal", "conv1d").declaration
    game = tgan.build(clip, options, own.build(spec, own.options()))
    for part in game.parts.values():
        part.eval()
    with torch.no_grad():
        clips = game.draw(sampling_noise(0, "test", torch.tensor([0, 1])), clip.grid)
    assert clips.shape == (2, 3, frames, size, size)
    assert game.parts["discriminator"](clips).shape == (2,)


def test_conv1d_doubles_to_any_power_of_two_and_refuses_the_rest() -> None:
    own: Temporal = HOST.find("temporal", "conv1d").declaration
    for frames in (2, 4, 8, 32):
        spec = LatentSpec((10,), frames, 20, 20, "normal")
        assert own.refuses(spec, own.options()) is None
        assert own.build(spec, own.options())(
            torch.randn(2, 20), (), sampling_noise(0, "x", torch.arange(2))
        ).shape == (2, frames, 10)
    for frames in (1, 3, 12, 24):
        assert f"not {frames}" in (own.refuses(LatentSpec((10,), frames, 20, 20, "normal"), own.options()) or "")


def test_solver_and_backend_must_fit() -> None:
    ode: Temporal = HOST.find("temporal", "ode1").declaration
    spec = LatentSpec((10,), 16, 20, 20, "normal")
    assert "torchdiffeq only" in (ode.refuses(spec, ode.options(solver="dopri5", backend="native")) or "")
    for chosen in (
        {"solver": "dopri5"},
        {"solver": "dopri5", "backend": "torchdiffeq"},
        {"backend": "torchdiffeq"},
        {"backend": "native"},
    ):
        options = ode.options(**chosen)
        assert ode.refuses(spec, options) is None
        torch.manual_seed(0)
        module = ode.build(spec, options)
        path = module(torch.ones(2, 20), (0.0, 0.5, 1.0), sampling_noise(0, "x", torch.arange(2)))
        torch.manual_seed(0)
        reference = ode.build(spec, ode.options())(
            torch.ones(2, 20), (0.0, 0.5, 1.0), sampling_noise(0, "x", torch.arange(2))
        )
        torch.testing.assert_close(path, reference, atol=1e-4, rtol=0)
