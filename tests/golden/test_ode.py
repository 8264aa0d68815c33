"""Latent ODEs against the reference's trajectories and gradients: golden 04, 05, 06, 09, 11d, 16."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from vidgen_backbones.mocogan import MoCoGAN, MoCoGANOptions
from vidgen_backbones.tgan import TGAN, TGANOptions
from vidgen_temporal.ode import ODEOptions, vidgen_temporal

from tests.kit import golden
from vidgen_bench.api import Clip, LatentSpec
from vidgen_bench.noise import GivenNoise

CLIP = Clip(frames=16, size=64, classes=101)
NO_NOISE = GivenNoise({})

CASES: dict[str, dict[str, Any]] = {
    "04_tgan_ode_single_fcn": {},
    "04_tgan_ode_single_nofcn": {"embedding": False},
    "05_tgan_ode_deep_100": {"hidden": "state"},
    "05_tgan_ode_deep_978": {"hidden": 978},
    "06_tgan_noode_order2": {"order": 2},
}


def build(**options: Any) -> nn.Module:
    chosen = ODEOptions(**options)
    return vidgen_temporal()[chosen.order - 1].build(TGAN().latent(CLIP, TGANOptions()), chosen)


def reference_order(module: nn.Module) -> list[str]:
    """Our names in the reference's order: f, the embedding, then the affine layers of a higher order."""
    groups = ("f.", "embedding.", "initial.")
    return sorted(module.state_dict(), key=lambda n: next(i for i, g in enumerate(groups) if n.startswith(g)))


@pytest.mark.parametrize("backend", ["native", "torchdiffeq"])
@pytest.mark.parametrize("name", CASES)
def test_trajectory(shared: Path, name: str, backend: str) -> None:
    case = golden.load(shared, name)
    module = build(backend=backend, **CASES[name])
    assert sum(p.numel() for p in module.parameters()) == case["param_count"]
    golden.fill(module, case["state"], reference_order(module))
    golden.assert_fingerprint(module(golden.latent(2, 100), CLIP.grid, NO_NOISE), case["output"])


@pytest.mark.parametrize("backend", ["native", "torchdiffeq"])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("09_mocogan_ode_deep16", {"hidden": "state"}),
        ("09_mocogan_ode_eq49_nolinear", {"hidden": 49, "embedding": False}),
        ("09_mocogan_ode_single_linear", {}),
    ],
)
def test_09_trajectory_of_mocogan(shared: Path, name: str, options: dict[str, Any], backend: str) -> None:
    """The reference's whole generator is numbered, its renderer and its dead GRU too; ours is the path alone."""
    case = golden.load(shared, name)
    chosen: dict[str, Any] = {"backend": backend, **options}
    module = vidgen_temporal()[0].build(MoCoGAN().latent(CLIP, MoCoGANOptions()), ODEOptions(**chosen))
    assert sum(p.numel() for p in module.parameters()) == case["param_count_motion_only_without_gru"]
    entries = [e for e in case["state"] if e["name"].startswith(("ode_fn.", "linear."))]
    assert entries[0]["k"] == 25
    golden.fill(module, entries, reference_order(module))
    z = torch.from_numpy((math.sqrt(2) * np.sin(0.13 * np.arange(48) + 0.5)).astype(np.float32)).view(3, 16)
    golden.assert_fingerprint(module(z, CLIP.grid, NO_NOISE), case["output"])


@pytest.mark.parametrize("backend", ["native", "torchdiffeq"])
@pytest.mark.parametrize(("name", "hidden"), [("11d_tganv2_odegen_single", "none"), ("11d_tganv2_odegen_hidden4", 4)])
def test_11d_trajectory_of_maps(shared: Path, name: str, hidden: Any, backend: str) -> None:
    """The reference's f on maps (8, 3, 3); its case begins at the first state, so our Lift only gives it its shape."""
    case = golden.load(shared, name)
    spec = LatentSpec((8, 3, 3), 16, source=72, noise=72, prior="uniform", init="xavier-sqrt2")
    module = vidgen_temporal()[0].build(spec, ODEOptions(hidden=hidden, backend=backend))  # type: ignore[arg-type]
    module.initial = nn.ModuleList([nn.Unflatten(1, spec.shape)])
    assert sum(p.numel() for p in module.parameters()) == case["param_count"]
    golden.fill(module, case["state"])
    golden.assert_fingerprint(module(golden.latent(2, 72), CLIP.grid, NO_NOISE), case["output"])


def _gradients(case: dict[str, Any], **options: Any) -> tuple[float, dict[str, torch.Tensor], torch.Tensor]:
    module = build(**options)
    order = reference_order(module)
    golden.fill(module, case["state"], order)
    z = golden.latent(2, 100).requires_grad_()
    loss = module(z, CLIP.grid, NO_NOISE).square().sum()
    parameters = dict(module.named_parameters())
    *grads, of_input = torch.autograd.grad(loss, [*(parameters[n] for n in order), z])
    return loss.item(), dict(zip([e["name"] for e in case["state"]], grads, strict=True)), of_input


@pytest.mark.parametrize(
    ("name", "options"),
    [("single_nofcn", {"embedding": False}), ("single_fcn", {}), ("deep100_fcn", {"hidden": "state"})],
)
def test_16_gradients(shared: Path, name: str, options: dict[str, Any]) -> None:
    case = golden.load(shared, "16")["cases"][name]
    loss, grads, of_input = _gradients(case, **options)
    assert loss == pytest.approx(case["loss"], rel=2e-6)
    assert set(case["output_grads"]) == {n for n in grads if n.startswith("ode_fn.")}  # the file prints f's alone
    for parameter, expected in case["output_grads"].items():
        golden.assert_fingerprint(grads[parameter], expected["plain"])
    golden.assert_fingerprint(of_input, case["output_grad_input_plain"])


def test_16_stiff_gradients(shared: Path) -> None:
    """Weights times 8, where the 3/8 rule and the classic one part by 7.6e-4."""
    case = golden.load(shared, "16")
    stiff = case["stiff_single_nofcn"]
    state = [
        dict(e, mult=stiff["mult"]) if e["role"] == "weight" else e for e in case["cases"]["single_nofcn"]["state"]
    ]
    loss, grads, _ = _gradients({"state": state}, embedding=False)
    assert loss == pytest.approx(stiff["loss"], rel=2e-6)
    golden.assert_fingerprint(grads["ode_fn.fn.0.weight"], stiff["output_grad_weight_plain"])


def test_equal_solves_985_and_the_published_978_is_a_setting() -> None:
    spec = replace(TGAN().latent(CLIP, TGANOptions()), parameters=826_468)
    ode1 = vidgen_temporal()[0]
    solved = ode1.build(spec, ODEOptions(hidden="equal"))
    published = ode1.build(spec, ODEOptions(hidden=978))
    assert dict(solved.named_parameters())["f.0.weight"].shape == (985, 100)
    assert sum(p.numel() for p in published.parameters()) == 825_002
