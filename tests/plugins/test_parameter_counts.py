"""Trainable parameters of every spec of the paper that the installed plugins build, as the facts sheet counts them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from vidgen_backbones.tgan import TGAN

from vidgen_bench.api import Clip, LatentSpec, Temporal
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count, on_meta

CLIP = Clip(frames=16, size=64, classes=101)
MOCOGAN = LatentSpec((16,), 16, 16, 16, "normal", embedding=(64,), parameters=1_632)
"""What MoCoGAN asks for; its own G_t, a GRU cell of 16, has 1,632 parameters."""
TGANV2 = LatentSpec((1024, 3, 3), 16, 256, 256, "uniform", init="xavier-sqrt2", parameters=77_870_080)


def temporal(name: str) -> Temporal:
    return Host.of_environment().find("temporal", name).declaration


def parameters(spec: LatentSpec, name: str, **options: object) -> int:
    declaration = temporal(name)
    chosen = declaration.options(**{**declaration.sets, **options})
    assert declaration.refuses(spec, chosen) is None
    return count(on_meta(lambda: declaration.build(spec, chosen)))


def variant(name: str, word: str | None) -> dict[str, object]:
    return dict(temporal(name).variants[word]) if word else {}


@pytest.mark.parametrize(
    ("name", "word", "options", "of_temporal", "of_generator"),
    [
        ("conv1d", None, {}, 826_468, 4_449_159),
        ("ode1", "single", {"embedding": False}, 10_100, 3_632_791),
        ("ode1", None, {}, 638_424, 4_261_115),
        ("ode1", "single", {}, 638_424, 4_261_115),
        ("ode1", "two-layer", {}, 648_524, 4_271_215),
        ("ode1", None, {"hidden": 978}, 825_002, 4_447_693),
        ("ode1", "equal", {}, 826_409, 4_449_100),
        ("ode2", None, {}, 658_624, 4_281_315),
        ("ode3", None, {}, 668_724, 4_291_415),
        ("sde", None, {}, 648_524, 4_271_215),
    ],
)
def test_tgan(name: str, word: str | None, options: dict, of_temporal: int, of_generator: int) -> None:
    backbone = TGAN()
    chosen = backbone.options()
    spec = replace(backbone.latent(CLIP, chosen), parameters=826_468)
    options = {**variant(name, word), **options}
    assert parameters(spec, name, **options) == of_temporal
    declaration = temporal(name)
    with torch.device("meta"):
        module = declaration.build(spec, declaration.options(**{**declaration.sets, **options}))
        game = backbone.build(CLIP, chosen, module)
    assert count(game.parts["generator"]) == of_generator
    assert count(game.parts["discriminator"]) == 11_033_281


@pytest.mark.parametrize(
    ("name", "word", "options", "expected"),
    [
        ("ode1", "single", {"embedding": False}, 272),
        ("ode1", None, {}, 2_400),
        ("ode1", "two-layer", {}, 2_672),
        ("ode1", "equal", {"embedding": False}, 1_633),
        ("ode2", None, {"hidden": 49, "embedding": False}, 2_177),
        ("ode3", None, {"hidden": 49, "embedding": False}, 2_449),
        ("sde", None, {"hidden": 49, "embedding": False}, 3_266),
    ],
)
def test_mocogan_latent(name: str, word: str | None, options: dict, expected: int) -> None:
    assert parameters(MOCOGAN, name, **{**variant(name, word), **options}) == expected


def test_no_width_equals_mocogan_with_its_embedding() -> None:
    declaration = temporal("ode1")
    reason = declaration.refuses(MOCOGAN, declaration.options(hidden="equal"))
    assert reason is not None
    assert "1,632" in reason
    assert "2,128" in reason


def test_tgan_counts_do_not_depend_on_the_width_of_the_frame_generator() -> None:
    backbone = TGAN()
    narrow, full = (backbone.latent(CLIP, backbone.options(width=w)) for w in (0.25, 1.0))
    assert narrow == full


def test_map_latents_take_convolutions() -> None:
    """TGANv2's maps: the facts' counts plus the Lift 256 -> 9216."""
    lift = 256 * 9216 + 9216
    assert parameters(TGANV2, "ode1") == 9_438_208 + lift == 11_806_720
    assert parameters(TGANV2, "ode2") == 9_438_208 + 2 * lift == 14_175_232
    assert parameters(TGANV2, "sde") == 18_876_416 + lift
    assert parameters(TGANV2, "ode1", hidden="equal") == 75_502_592 + lift
    assert "vectors" in (temporal("conv1d").refuses(TGANV2, temporal("conv1d").options()) or "")
