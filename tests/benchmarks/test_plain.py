"""The plain training that ours is compared with is no straw man: the same losses, iteration by iteration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.plain.loader import Fed, Videos, batches_of
from benchmarks.plain.models import PLAIN
from benchmarks.trainer import trained
from vidgen_bench.api import Game
from vidgen_bench.compose.composition import compose
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host

CPU, ITERATIONS = torch.device("cpu"), 20
SMALL = {
    "tgan": ((4, 16), {"width": 0.0625, "batch": 4, "learning_rate": 5e-5}),
    "mocogan": ((10, 16), {"width": 0.03125, "image_batch": 2, "video_batch": 2, "learning_rate": 2e-4}),
}


def videos() -> Videos:
    chance = np.random.default_rng(0)
    frames = chance.integers(0, 256, (8 * 40, 3, 16, 16), dtype=np.uint8)
    return Videos(frames, [40 * v for v in range(8)], [40] * 8, [v % 8 for v in range(8)])


def in_double(game: Game) -> Game:
    """Return the game with weights in float64, whose layers convert what they get: noise and clips are float32."""
    for part in game.parts.values():
        part.double()
        for layer in part.modules():
            if not list(layer.children()):
                layer.register_forward_pre_hook(lambda _, inputs: tuple(x.double() for x in inputs))
    return game


def losses(spec: str, folder: Path, adjoint: bool) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Return the mean losses of ours and of the plain model since the start, at every iteration."""
    backbone = spec.partition("+")[0]
    (frames, size), options = SMALL[backbone]
    track = load_track("shapes-smoke")
    track = track.model_copy(update={"clip_": track.clip_.model_copy(update={"frames": frames, "size": size})})
    given = {f"backbone.{key}": str(value) for key, value in options.items()}
    composition = compose(spec, track, given, Host.of_environment())
    game, shown = in_double(composition.build(0)), videos()
    plain = PLAIN[backbone](composition, game, batches_of(game, shown, 0, CPU), CPU, adjoint)
    found: list[tuple[dict[str, float], dict[str, float]]] = []
    sums: dict[str, float] = {}

    def compare(means: Mapping[str, float], number: int) -> None:
        for name, value in plain.iterate().items():
            sums[name] = sums.get(name, 0.0) + value
        found.append((dict(means), {name: value / number for name, value in sums.items()}))

    trained(game, Fed(batches_of(game, shown, 0, CPU)), folder, CPU, ITERATIONS, 1, compare)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["tgan+ode1", "tgan+sde", "mocogan+ode1"])
def test_the_plain_model_has_the_same_losses(spec: str, tmp_path: Path) -> None:
    """In float64, with gradients through the solver on both sides: 20 iterations multiply rounding of 1e-15 by less than 1e5."""
    found = losses(spec, tmp_path, adjoint=False)
    assert len(found) == ITERATIONS
    for ours, plain in found:
        assert ours == pytest.approx(plain, abs=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "apart"), [("tgan+ode1", 5e-3), ("tgan+sde", 0.2), ("mocogan+ode1", 5e-3)])
def test_gradients_by_the_adjoint_method_differ_by_its_own_error(spec: str, apart: float, tmp_path: Path) -> None:
    """The paper solves a second equation backwards: its steps are not the derivative of the forward steps, above all for the SDE."""
    found = losses(spec, tmp_path, adjoint=True)
    first, last = found[0], found[-1]
    for name in ("discriminator.real", "discriminator.fake", "video_discriminator.real"):
        if name in first[0]:  # before the generator's first step
            assert first[0][name] == pytest.approx(first[1][name], abs=1e-10)
    assert last[0] == pytest.approx(last[1], abs=apart)
