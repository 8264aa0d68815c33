"""gru, lstm, convlstm, convgru: against step loops written out by hand, by drive, by depth, by times; counts; refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d
from vidgen_temporal.recurrent import Recurrent, vidgen_temporal

from vidgen_bench.api import LatentSpec
from vidgen_bench.latent import count, on_meta
from vidgen_bench.noise import GivenNoise, Noise, sampling_noise

ALL: dict[str, Recurrent] = {d.name: d for d in vidgen_temporal()}
VECTOR = LatentSpec((6,), 4, 5, 5, "normal")
MAP = LatentSpec((3, 4, 4), 4, 5, 5, "normal", init="xavier-sqrt2")
GRID = (0.0, 1 / 3, 2 / 3, 1.0)
LONGER = tuple(k / 3 for k in range(9))
NAMES = ("gru", "lstm", "convlstm", "convgru")
DRIVES = ("noise", "impulse", "constant")


def spec_of(name: str) -> LatentSpec:
    return MAP if ALL[name].maps else VECTOR


def built(name: str, **options: Any) -> nn.Module:
    torch.manual_seed(0)
    return ALL[name].build(spec_of(name), ALL[name].options(**options))


def noise(*rows: int) -> Noise:
    return sampling_noise(0, "test", torch.tensor(rows))


# ------------------------------------------------------------------------------------------- the cells, written by hand
def by_hand(cell: nn.Module, name: str, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One step of a cell from its weights, each gate by itself; c is what an LSTM remembers, unused by a GRU."""
    w = dict(cell.named_parameters())
    if name in ("gru", "lstm"):
        parts = 3 if name == "gru" else 4
        a = [x @ m.T + b for m, b in zip(w["weight_ih"].chunk(parts), w["bias_ih"].chunk(parts), strict=True)]
        b = [h @ m.T + b for m, b in zip(w["weight_hh"].chunk(parts), w["bias_hh"].chunk(parts), strict=True)]
        if name == "gru":
            r, u = (a[0] + b[0]).sigmoid(), (a[1] + b[1]).sigmoid()
            return (1 - u) * (a[2] + r * b[2]).tanh() + u * h, c
        i, f, g, o = (p + q for p, q in zip(a, b, strict=True))
    elif name == "convlstm":
        kernels = zip(w["w_x.weight"].chunk(4), w["w_x.bias"].chunk(4), w["w_h.weight"].chunk(4), strict=True)
        i, f, o, g = (conv2d(x, m, b, padding=1) + conv2d(h, n, padding=1) for m, b, n in kernels)
    else:
        both = torch.cat([x, h], dim=1)
        kernels = zip(w["gates.weight"].chunk(2), w["gates.bias"].chunk(2), strict=True)
        r, u = (conv2d(both, m, b, padding=1).sigmoid() for m, b in kernels)
        reset = torch.cat([x, r * h], dim=1)
        new = conv2d(reset, w["candidate.weight"], w["candidate.bias"], padding=1).tanh()
        return h * (1 - u) + u * new, c
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("name", NAMES)
def test_against_a_loop_by_hand_in_float64(name: str, drive: str, layers: int) -> None:
    module = built(name, drive=drive, layers=layers).double()
    shape = spec_of(name).shape
    generator = torch.Generator().manual_seed(3)
    z0 = torch.randn(2, 5, generator=generator, dtype=torch.float64)
    fed = torch.randn(2, 6, *shape, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        start = (z0 @ module.lift.map.weight.T + module.lift.map.bias).view(2, *shape)
        hidden = [torch.zeros_like(start) for _ in range(layers)]
        memory = [torch.zeros_like(start) for _ in range(layers)]
        if drive == "noise":
            hidden[0] = start
        frames = []
        for k in range(6):
            x = {"noise": fed[:, k], "impulse": start if k == 0 else 0 * start, "constant": start}[drive]
            for layer, cell in enumerate(module.cells):
                hidden[layer], memory[layer] = by_hand(cell, name, x, hidden[layer], memory[layer])
                x = hidden[layer]
            frames.append(x)
        path = module(z0, tuple(k / 3 for k in range(6)), GivenNoise({"drive": fed}))
    torch.testing.assert_close(path, torch.stack(frames, dim=1), atol=1e-12, rtol=0)


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("name", NAMES)
def test_more_frames_keep_the_first_and_times_choose(name: str, drive: str) -> None:
    module = built(name, drive=drive, layers=2)
    z0 = noise(4, 7).normal("z", 5)
    with torch.no_grad():
        longer, ordinary = module(z0, LONGER, noise(4, 7)), module(z0, GRID, noise(4, 7))
        chosen = module(z0, (1.0, 1 / 3, 5 / 3), noise(4, 7))
    torch.testing.assert_close(longer[:, :4], ordinary, atol=1e-6, rtol=0)
    torch.testing.assert_close(chosen, longer[:, [3, 1, 5]], atol=1e-6, rtol=0)
    steps = (ordinary[:, 1:] - ordinary[:, :-1]).flatten(2).norm(dim=2)
    assert (steps > 1e-3).all()  # every frame moves


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_independent(name: str) -> None:
    module = built(name)
    with torch.no_grad():
        batch = module(noise(1, 2, 3).normal("z", 5), GRID, noise(1, 2, 3))
        alone = module(noise(2).normal("z", 5), GRID, noise(2))
    torch.testing.assert_close(alone[0], batch[1], atol=1e-6, rtol=0)
    assert not torch.equal(batch[0], batch[1])


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_gets_a_gradient(name: str, drive: str) -> None:
    module = built(name, drive=drive, layers=2)
    path = module(noise(0, 1).normal("z", 5), GRID, noise(0, 1))
    grads = torch.autograd.grad(path.square().sum(), tuple(module.parameters()))
    assert all(g.isfinite().all() for g in grads)
    assert all(g.abs().max() > 0 for g in grads)


def test_the_drive_is_a_default_of_the_name_and_no_more() -> None:
    assert {n: d.options().drive for n, d in ALL.items()} == {
        "gru": "noise",
        "lstm": "noise",
        "convlstm": "impulse",
        "convgru": "constant",
    }
    assert all(d.can == {"after"} for d in ALL.values())
    assert {n for n, d in ALL.items() if d.stochastic} == {"gru", "lstm"}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_declaration_calls_stochastic_is(name: str) -> None:
    module = built(name)
    z0 = noise(0, 1).normal("z", 5)
    with torch.no_grad():
        once, again = module(z0, GRID, noise(0, 1)), module(z0, GRID, noise(2, 3))
    assert torch.equal(once, again) != ALL[name].stochastic


@pytest.mark.parametrize(
    ("name", "spec", "cell", "lift"),
    [
        ("gru", LatentSpec((16,), 16, 16, 16, "normal"), 1_632, 0),
        ("gru", LatentSpec((10,), 16, 10, 10, "normal"), 660, 0),
        ("lstm", LatentSpec((16,), 16, 16, 16, "normal"), 2_176, 0),
        ("convlstm", LatentSpec((8, 3, 3), 16, 5, 5, "uniform"), 4_640, 5 * 72 + 72),
        ("convlstm", LatentSpec((1024, 3, 3), 16, 256, 256, "uniform"), 75_501_568, 2_368_512),
        ("convgru", LatentSpec((8, 4, 4), 16, 5, 5, "normal"), 3 * (9 * 16 * 8 + 8), 5 * 128 + 128),
    ],
)
def test_counts(name: str, spec: LatentSpec, cell: int, lift: int) -> None:
    declaration = ALL[name]
    for layers in (1, 3):
        options = declaration.options(layers=layers)
        assert count(on_meta(lambda options=options: declaration.build(spec, options))) == layers * cell + lift


def test_weights_keep_the_framework_s_law_whatever_the_backbone_asks() -> None:
    """MAP asks for Xavier with gain sqrt 2, whose bound is 1.55 times PyTorch's for the input convolution."""
    weights = torch.cat([built("convlstm", layers=20).cells[i].w_x.weight.flatten() for i in range(20)])
    bound = 1 / math.sqrt(3 * 9)
    assert weights.abs().max() <= bound
    assert weights.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize(
    ("name", "takes", "twin"),
    [
        ("gru", "vectors (d,)", "convgru takes maps"),
        ("lstm", "vectors (d,)", "convlstm takes maps"),
        ("convlstm", "maps (c, h, w)", "lstm takes vectors"),
        ("convgru", "maps (c, h, w)", "gru takes vectors"),
    ],
)
def test_a_refusal_names_the_twin(name: str, takes: str, twin: str) -> None:
    declaration = ALL[name]
    other = VECTOR if declaration.maps else MAP
    reason = declaration.refuses(other, declaration.options())
    assert reason is not None
    assert reason.startswith(f"it takes {takes}, not a latent of shape {other.shape}")
    assert twin in reason
    neither = declaration.refuses(LatentSpec((3, 4), 4, 5, 5, "normal"), declaration.options())
    assert neither == f"it takes {takes}, not a latent of shape (3, 4)"
    still = LatentSpec(spec_of(name).shape, 1, 5, 5, "normal")
    assert "at least 2 frames, not 1" in (declaration.refuses(still, declaration.options()) or "")
