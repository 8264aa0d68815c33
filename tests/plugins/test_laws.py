"""The law of every random code: what reaches a temporal generator as z_0, and what backbones and G_t draw for themselves."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from tests.kit.pairs import HOST, LATENT, evaluating, real, small
from vidgen_bench.api import Backbone, Clip, Game, LatentSpec, Temporal, Times
from vidgen_bench.latent import Lift
from vidgen_bench.noise import Noise, key_of, sampling_noise, training_noise

Law = Literal["normal", "uniform"]
VARIANCE = {"normal": 1.0, "uniform": 1.0 / 3.0}
FOURTH = {"normal": 3.0, "uniform": 1.0 / 5.0}
EIGHTH = {"normal": 105.0, "uniform": 1.0 / 9.0}
ENTRIES = 2_000
"""The minimum number of values for a test of a distribution."""


def assert_law(codes: Tensor, law: Law) -> None:
    """Assert that the entries of codes [M, D] are independent draws of N(0, 1) or of U(-1, 1), within five standard errors.

    Of n entries: the mean has variance v / n, the second moment (m4 - v^2) / n, the fourth (m8 - m4^2) / n, and the mean
    product of two neighbours v^2 / n, where v, m4, m8 are the moments of the law. Draws are keyed: nothing here is left to
    chance from run to run.
    """
    codes = codes.detach().double()
    v, m4, m8 = VARIANCE[law], FOURTH[law], EIGHTH[law]
    assert codes.numel() >= ENTRIES
    if law == "uniform":
        assert codes.abs().max() < 1
    else:
        assert codes.abs().max() > 3
    expected = {
        "mean": (codes, 0.0, v),
        "second moment": (codes.square(), v, m4 - v**2),
        "fourth moment": (codes.pow(4), m4, m8 - m4**2),
        "neighbours in a code": (codes[:, 1:] * codes[:, :-1], 0.0, v**2),
        "one entry in two codes": (codes[1:] * codes[:-1], 0.0, v**2),
    }
    for name, (values, want, variance) in expected.items():
        found, error = values.mean().item(), math.sqrt(variance / values.numel())
        assert abs(found - want) < 5 * error, f"{name}: {found} against {want}, standard error {error}"


class Seen(list[Tensor]):
    """A list that copies of a module share: samples may come from a copy, an average of the weights."""

    def __deepcopy__(self, memo: object) -> Seen:
        return self


class Probe(nn.Module):
    """A temporal generator that keeps every z_0 it is given; each frame is the lifted z_0."""

    def __init__(self, spec: LatentSpec) -> None:
        super().__init__()
        self.lift, self.frame = Lift(spec, affine=True), spec.shape
        self.seen = Seen()

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        self.seen.append(z0.detach())
        return self.lift(z0)[:, None].expand(-1, len(times), *self.frame)


def losses(game: Game, clip: Clip, name: str, seen: list[Tensor], width: int | None = None) -> Tensor:
    """Play a player's loss under one key after another until enough different codes are seen; return all [M, D], none where it draws none.

    Args:
        width: leading entries by which codes count as different; None for all.
    """
    (player,) = (p for p in game.players if p.name == name)
    seen.clear()
    for key in range(100):
        for part in game.parts.values():
            part.train()
        batch = real(clip, player.feed.frames, player.batch) if player.feed else None
        player.loss(batch, training_noise(torch.tensor(key_of(key, name)), player.batch))
        codes = torch.cat(seen) if seen else torch.empty(0, 1)
        if not seen or distinct(codes[:, :width]).numel() >= ENTRIES:
            break
    return codes


def samples(game: Game, clip: Clip, width: int, seen: list[Tensor]) -> Tensor:
    """Return the codes [M, D] of samples."""
    seen.clear()
    with torch.no_grad():
        evaluating(game).draw(sampling_noise(0, "law", torch.arange(1 + ENTRIES // width)), clip.grid)
    return torch.cat(seen)


def probed(backbone: Backbone, seed: int = 0) -> tuple[Clip, Game, LatentSpec, Probe]:
    clip, options, spec = small(backbone)
    assert spec is not None
    torch.manual_seed(seed)
    probe = Probe(spec)
    return clip, backbone.build(clip, options, probe), spec, probe


def distinct(codes: Tensor) -> Tensor:
    """Return the rows [M, D] without repetitions, in their order (sorted ones would have neighbours alike)."""
    return torch.tensor(list(dict.fromkeys(map(tuple, codes.tolist()))))


def listening(module: nn.Module) -> list[Tensor]:
    """Return the list that the first argument of every call of a module is put into from now on."""
    seen: list[Tensor] = []
    module.register_forward_pre_hook(lambda module, args: seen.append(args[0].detach()))
    return seen


@pytest.mark.parametrize("backbone", LATENT, ids=lambda b: b.name)
def test_z0_has_the_law_that_the_backbone_declares(backbone: Backbone) -> None:
    """In every player's loss and in samples; a clip that two images are picked from counts once."""
    clip, game, spec, probe = probed(backbone)
    played = {p.name: losses(game, clip, p.name, probe.seen, spec.noise) for p in game.players}
    found = {name: z for name, z in played.items() if len(z)}  # a player may do without fakes, not all of them
    assert found
    found["sample"] = samples(game, clip, spec.noise, probe.seen)
    for name, z in found.items():
        assert z.shape[1] == spec.source
        different = distinct(z)
        assert len(different) > 0.95 * len(z), name
        assert_law(different[:, : spec.noise], spec.prior)


@pytest.mark.parametrize("player", ["both", "sample"])
def test_the_z_of_vgan_is_normal(player: str) -> None:
    vgan: Backbone = HOST.find("backbone", "vgan").declaration
    clip, options, _ = small(vgan)
    game = vgan.build(clip, options, None)
    seen = listening(game.parts["generator"])
    z = samples(game, clip, 100, seen) if player == "sample" else losses(game, clip, player, seen)
    assert z.shape[1] == 100
    assert len(distinct(z)) == len(z)
    assert_law(z, "normal")


@pytest.mark.parametrize("player", ["image_discriminator", "video_discriminator", "generator", "sample"])
def test_the_content_code_of_mocogan_is_normal(player: str) -> None:
    """The renderer sees [content, motion] of every frame: content is the same on all frames of a clip."""
    clip, game, spec, probe = probed(HOST.find("backbone", "mocogan").declaration)
    seen = listening(game.parts["generator"].get_submodule("frame"))
    codes = samples(game, clip, 50, seen) if player == "sample" else losses(game, clip, player, seen, width=50)
    assert codes.shape[1] == 50 + spec.source
    content = distinct(codes[:, :50])
    assert_law(content, "normal")
    if player == "sample":
        assert len(content) * clip.frames == len(codes)
        product = content[:, : spec.source] * probe.seen[-1]
        assert abs(product.mean().item()) < 5 / math.sqrt(product.numel())  # independent of z_0


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_what_a_recurrent_cell_is_driven_with_is_normal_and_fresh(name: str) -> None:
    temporal: Temporal = HOST.find("temporal", name).declaration
    clip, spec = Clip(8, 32, 2), LatentSpec((10,), 8, 10, 10, "uniform")
    module = temporal.build(spec, temporal.options())
    seen = listening(module.get_submodule("cells.0"))
    noise = sampling_noise(0, "law", torch.arange(60))
    module(2.0 * noise.uniform("z", 10) - 1.0, clip.grid, noise)
    driven = torch.stack(seen, dim=1).flatten(0, 1)  # the steps of a row one after another
    assert driven.shape == (480, 10)
    assert len(distinct(driven)) == 480
    assert_law(driven, "normal")


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_what_iid_redraws_has_the_prior_and_the_condition_stays(prior: Law) -> None:
    temporal: Temporal = HOST.find("temporal", "iid").declaration
    spec = LatentSpec((10,), 8, 10, 6, prior)
    noise = sampling_noise(0, "law", torch.arange(60))
    z0 = torch.full((60, 10), 9.0)
    path = temporal.build(spec, temporal.options())(z0, Clip(8, 32, 2).grid, noise)
    assert torch.equal(path[:, 0], z0)
    assert torch.equal(path[..., 6:], torch.full((60, 8, 4), 9.0))
    redrawn = path[:, 1:, :6].flatten(0, 1)
    assert len(distinct(redrawn)) == 420
    assert_law(redrawn, prior)


def test_wrong_distributions_are_detected() -> None:
    """The other law, a wrong range, wrong scale, one number in all entries of a code, one code in all rows: refused."""
    noise = sampling_noise(0, "judge", torch.arange(200))
    normal, uniform = noise.normal("n", 20), 2.0 * noise.uniform("u", 20) - 1.0
    assert_law(normal, "normal")
    assert_law(uniform, "uniform")
    wrong: list[tuple[Tensor, Law]] = [
        (uniform, "normal"),
        (uniform * math.sqrt(3.0), "normal"),
        (normal, "uniform"),
        (normal / math.sqrt(3.0), "uniform"),
        (noise.uniform("u", 20), "uniform"),
        (1.2 * normal, "normal"),
        (normal[:, :1].expand(-1, 20), "normal"),
        (normal[:1].expand(200, -1), "normal"),
    ]
    for codes, law in wrong:
        with pytest.raises(AssertionError):
            assert_law(codes, law)
