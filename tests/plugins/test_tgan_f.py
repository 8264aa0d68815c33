"""tgan-f: TGAN's generator, a discriminator of kernels in space or time, and two ways to keep it Lipschitz."""

from __future__ import annotations

from statistics import mean
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from vidgen_backbones.tgan import TGAN, TGANOptions
from vidgen_backbones.tgan.convolutions import factorised
from vidgen_backbones.tgan.discriminator import Discriminator
from vidgen_backbones.tgan.factorised import TGANF, TGANFOptions
from vidgen_temporal.conv1d import Conv1d

from vidgen_bench.api import Batch, Clip, Game, NoOptions
from vidgen_bench.compose.composition import Composition
from vidgen_bench.compose.pair import fit
from vidgen_bench.config.spec import parse
from vidgen_bench.conformance.checks.autocast import check_autocast
from vidgen_bench.conformance.checks.gradients import check_gradients
from vidgen_bench.conformance.checks.quiet import check_quiet
from vidgen_bench.conformance.checks.saving import check_saving
from vidgen_bench.conformance.small import small_track
from vidgen_bench.conformance.subject import Subject
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count
from vidgen_bench.noise import key_of, sampling_noise, training_noise

SMALL = Clip(frames=4, size=32, classes=3)


def built(backbone: Any, clip: Clip, **options: Any) -> Game:
    torch.manual_seed(0)
    chosen = backbone.options(**options)
    assert backbone.refuses(clip, chosen) is None
    return backbone.build(clip, chosen, Conv1d().build(backbone.latent(clip, chosen), NoOptions()))


def test_counts() -> None:
    assert count(Discriminator(16, 64, 3, 1.0, factorised)) == 4_160_129


def test_the_options_of_both_have_the_same_values() -> None:
    shared = vars(TGANOptions())
    assert vars(TGANFOptions()) == {**shared, "lipschitz": "svc", "discriminator_learning_rate": None}


@pytest.mark.parametrize("backbone", [TGAN(), TGANF()], ids=["tgan", "tgan-f"])
def test_a_warm_up_raises_both_rates_linearly(backbone: Any) -> None:
    for player in built(backbone, SMALL, width=1 / 16).players:
        assert [player.schedule(i) for i in (0, 1, 1000)] == [1.0, 1.0, 1.0]
    for player in built(backbone, SMALL, width=1 / 16, warmup=4).players:
        assert [player.schedule(i) for i in (0, 1, 2, 3, 4, 1000)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_the_first_step_of_rmsprop_is_ten_times_the_rate_and_a_warm_up_avoids_it() -> None:
    for warmup, first in ((0, 10.0), (50, 0.2)):
        player = built(TGAN(), SMALL, width=1 / 16, warmup=warmup, learning_rate=1e-3).players[1]
        weight = nn.Parameter(torch.ones(3))
        optimiser = player.optimiser([weight])
        for group in optimiser.param_groups:
            group["lr"] *= player.schedule(0)
        weight.grad = torch.tensor([1.0, -2.0, 1e-3])
        optimiser.step()
        moved = (weight.detach() - 1.0) / 1e-3
        assert torch.allclose(moved, first * torch.tensor([-1.0, 1.0, -1.0]), rtol=1e-3)


@pytest.mark.parametrize("lipschitz", ["svc", "spectral-norm"])
def test_the_generator_is_tgan_s(lipschitz: str) -> None:
    ours, theirs = built(TGANF(), SMALL, width=1 / 16, lipschitz=lipschitz), built(TGAN(), SMALL, width=1 / 16)
    noise = sampling_noise(0, "test", torch.arange(2))
    with torch.no_grad():
        assert torch.equal(ours.sample(noise, SMALL.grid), theirs.sample(noise, SMALL.grid))


def test_the_discriminator_equals_its_layers_written_out() -> None:
    """4 frames of 32 x 32: three layers, the last of which has one frame left and no kernel in time."""
    generator = torch.Generator().manual_seed(1)
    critic = Discriminator(4, 32, 3, 1 / 16, factorised).double()
    state: dict[str, Tensor] = {}
    with torch.no_grad():
        for name, parameter in critic.named_parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64) / 4)
            state[name] = parameter
    x = clips = torch.randn(3, 3, 4, 32, 32, generator=generator, dtype=torch.float64)

    def space(x: Tensor, layer: int) -> Tensor:
        """Frame by frame with a 2-D convolution."""
        w, b = state[f"layers.{layer}.weight"], state[f"layers.{layer}.bias"]
        return torch.stack([F.conv2d(f, w[:, :, 0], b, stride=2, padding=1) for f in x.unbind(2)], dim=2)

    def time(x: Tensor, layer: int) -> Tensor:
        """Position by position with a 1-D convolution."""
        w, b = state[f"layers.{layer}.weight"], state[f"layers.{layer}.bias"]
        n, c, t, h, v = x.shape
        lines = x.permute(0, 3, 4, 1, 2).reshape(-1, c, t)
        made = F.conv1d(lines, w[:, :, :, 0, 0], b, stride=2, padding=1)
        return made.view(n, h, v, -1, t // 2).permute(0, 3, 4, 1, 2)

    def normal(x: Tensor, layer: int) -> Tensor:
        mean, var = (m[:, None, None, None] for m in (x.mean((0, 2, 3, 4)), x.var((0, 2, 3, 4), unbiased=False)))
        w, b = (state[f"layers.{layer}.{name}"][:, None, None, None] for name in ("weight", "bias"))
        return (x - mean) / (var + 1e-5).sqrt() * w + b

    def leaky(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.2 * x)

    x = leaky(time(leaky(space(x, 0)), 2))
    x = leaky(normal(time(leaky(space(x, 4)), 6), 7))
    x = leaky(normal(space(x, 9), 10))
    expected = F.conv2d(x[:, :, 0], state["score.weight"], state["score.bias"])[:, 0, 0, 0]
    torch.testing.assert_close(critic(clips), expected, atol=1e-12, rtol=1e-12)
    kernels = {tuple(m.kernel_size) for m in critic.modules() if isinstance(m, nn.Conv3d)}
    assert kernels == {(1, 4, 4), (4, 1, 1)}


def largest(layer: nn.Module) -> float:
    weight: Any = layer.weight
    return torch.linalg.matrix_norm(weight.flatten(1), 2).item()


def test_svc_clips_both_kinds_of_kernels_and_spectral_norm_needs_no_clipping() -> None:
    game = built(TGANF(), SMALL, width=1 / 4)
    _, player = game.players
    assert player.after is not None
    assert player.every == 5
    convolutions = [m for m in game.parts["discriminator"].modules() if isinstance(m, nn.Conv2d | nn.Conv3d)]
    assert len(convolutions) == 3 + 2 + 1
    assert max(map(largest, convolutions)) > 1.1
    player.after(torch.tensor(0))
    assert max(map(largest, convolutions)) == pytest.approx(1, abs=1e-5)

    other = built(TGANF(), SMALL, width=1 / 4, lipschitz="spectral-norm")
    critic = other.parts["discriminator"].train()
    assert all(p.after is None for p in other.players)
    assert len([m for m in critic.modules() if isinstance(m, nn.BatchNorm3d)]) == 2
    with torch.no_grad():
        for _ in range(30):
            critic(torch.zeros(1, 3, 4, 32, 32))
    found = [largest(m) for m in critic.eval().modules() if isinstance(m, nn.Conv2d | nn.Conv3d)]
    assert found == pytest.approx([1] * len(convolutions), abs=0.02)


class Means(nn.Module):
    """A critic of known scores: three times the mean of each clip's pixels, less a half."""

    def forward(self, clips: Tensor) -> Tensor:
        return 3 * clips.flatten(1).mean(1) - 0.5


def test_the_loss_is_wasserstein_s_with_clipping_and_the_hinge_loss_with_spectral_norm() -> None:
    clips = torch.tensor([-1.0, -0.2, 0.6, 1.0]).view(4, 1, 1, 1, 1).expand(4, 3, 4, 32, 32)
    batch = Batch(clips=clips, labels=torch.zeros(4, dtype=torch.long))
    real = [-3.5, -1.1, 1.3, 2.5]
    for lipschitz in ("svc", "spectral-norm"):
        game = built(TGANF(), SMALL, width=1 / 16, lipschitz=lipschitz)
        cast(dict[str, nn.Module], game.parts)["discriminator"] = Means()
        noise = training_noise(torch.tensor(key_of(1, "test")), 4)
        with torch.no_grad():
            fake = Means()(game.sample(noise, SMALL.grid)).tolist()
        if lipschitz == "svc":
            expected = {"real": -mean(real), "fake": mean(fake)}
        else:
            expected = {"real": mean(max(0.0, 1 - s) for s in real), "fake": mean(max(0.0, 1 + s) for s in fake)}
        critic, generator = game.players
        assert {k: v.item() for k, v in critic.loss(batch, noise).items()} == pytest.approx(expected, abs=1e-5)
        assert {k: v.item() for k, v in generator.loss(None, noise).items()} == pytest.approx(
            {"fake": -mean(fake)}, abs=1e-5
        )


def test_the_discriminator_may_have_a_learning_rate_of_its_own() -> None:
    for given, expected in ((None, [2e-4, 2e-4]), (1e-4, [1e-4, 2e-4])):
        game = built(TGANF(), SMALL, width=1 / 16, learning_rate=2e-4, discriminator_learning_rate=given)
        assert [p.name for p in game.players] == ["discriminator", "generator"]
        assert [p.optimiser(p.parameters).param_groups[0]["lr"] for p in game.players] == expected


def test_spectral_norm_conforms_as_the_default_does() -> None:
    host = Host.of_environment()
    track = small_track(host.find("backbone", "tgan-f"))
    made = fit(parse("tgan-f"), track, {"backbone.lipschitz": "spectral-norm"}, host)
    subject = Subject(Composition(**vars(made)))
    for check in (check_gradients, check_saving, check_quiet, check_autocast):
        check(subject)
