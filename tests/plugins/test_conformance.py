"""What the contract asks of every installed backbone and temporal generator; there is no list of exceptions."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.plugins.lone_backbone import Lone
from vidgen_bench.api import Backbone, Batch, Clip, Game, LatentSpec, Temporal, Times
from vidgen_bench.host import Host
from vidgen_bench.latent import Lift, count, on_meta
from vidgen_bench.noise import Noise, key_of, sampling_noise, training_noise

HOST = Host.of_environment()
BACKBONES: list[Backbone] = [f.declaration for f in HOST.of("backbone")]
TEMPORAL: list[Temporal] = [f.declaration for f in HOST.of("temporal")]


def small(backbone: Backbone) -> tuple[Clip, Any, LatentSpec | None]:
    """The reduced clip, its options, and what is then asked of a temporal generator."""
    clip, chosen = backbone.small
    options = backbone.options(**chosen)
    assert backbone.refuses(clip, options) is None
    spec = backbone.latent(clip, options)
    if spec is not None and backbone.own is not None:
        asked = spec
        own: Temporal = HOST.find("temporal", backbone.own).declaration
        if own.refuses(asked, own.options(**own.sets)) is None:
            spec = replace(spec, parameters=count(on_meta(lambda: own.build(asked, own.options(**own.sets)))))
    return clip, options, spec


Pair = tuple[str, Backbone, Temporal | None, dict[str, Any]]


def pairs() -> list[Pair]:
    """Every backbone with every temporal generator and variant that takes its latent; alone where it has no latent path."""
    found: list[Pair] = []
    for backbone in BACKBONES:
        _, _, spec = small(backbone)
        if spec is None:
            found.append((backbone.name, backbone, None, {}))
            continue
        for temporal in TEMPORAL:
            for word, changes in {"": {}, **temporal.variants}.items():
                chosen = {**temporal.sets, **changes}
                if temporal.refuses(spec, temporal.options(**chosen)) is None:
                    found.append(
                        (f"{backbone.name}+{temporal.name}{':' if word else ''}{word}", backbone, temporal, chosen)
                    )
    return found


def able(backbone: Backbone, temporal: Temporal | None) -> frozenset[str]:
    """What a pair can do beyond the training frames."""
    return backbone.can if temporal is None else backbone.can & temporal.can


PAIRS = pairs()
WITHOUT_VARIANT = [p for p in PAIRS if ":" not in p[0]]
ABLE = [p for p in WITHOUT_VARIANT if able(p[1], p[2])]
WITH_TEMPORAL = [p for p in PAIRS if p[2] is not None]
LATENT = [b for b in BACKBONES if small(b)[2] is not None]


def each(found: list[Pair]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("backbone", "temporal", "chosen"), [p[1:] for p in found], ids=[p[0] for p in found]
    )


each_pair, each_without_variant, each_able = each(PAIRS), each(WITHOUT_VARIANT), each(ABLE)
each_with_temporal = each(WITH_TEMPORAL)


class Still(nn.Module):
    """The plainest temporal generator: every frame is the lifted z_0. ``spare`` makes it draw more weights than it needs."""

    def __init__(self, spec: LatentSpec, spare: int) -> None:
        super().__init__()
        self.lift, self.spare = Lift(spec, affine=True), nn.Linear(1, spare)

    def forward(self, z0: Tensor, times: Times, noise: Noise) -> Tensor:
        return self.lift(z0)[:, None].expand(-1, len(times), *self.lift.shape)


def play(backbone: Backbone, temporal: Temporal | None, chosen: dict[str, Any]) -> tuple[Clip, Game]:
    clip, options, spec = small(backbone)
    assert (spec is None) == (temporal is None)
    torch.manual_seed(0)
    module = None if temporal is None or spec is None else temporal.build(spec, temporal.options(**chosen))
    return clip, backbone.build(clip, options, module)


def real(clip: Clip, frames: int, rows: int) -> Batch:
    generator = torch.Generator().manual_seed(5)
    shape = (rows, clip.channels, frames, clip.size, clip.size)
    return Batch(torch.rand(shape, generator=generator) * 2 - 1, torch.arange(rows) % clip.classes)


def evaluating(game: Game) -> Game:
    for part in game.parts.values():
        part.eval()
    return game


def sample(game: Game, indices: list[int], times: tuple[float, ...]) -> Tensor:
    with torch.no_grad():
        return game.sample(sampling_noise(0, "test", torch.tensor(indices)), times)


def test_the_paper_is_covered() -> None:
    specs = {p[0] for p in PAIRS}
    assert {"tgan+conv1d", "tgan+ode1", "tgan+ode1:equal", "tgan+ode2", "tgan+ode3", "tgan+sde"} <= specs


def test_declarations_import_neither_torch_nor_numpy() -> None:
    modules = [p.value for p in _entry_points() if p.value.split(".")[0].startswith("vidgen_")]
    assert len(modules) >= 5
    code = f"import sys, importlib\n[importlib.import_module(m) for m in {modules}]\n" + (
        "print([m for m in ('torch', 'numpy', 'scipy') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def _entry_points() -> list[Any]:
    from importlib.metadata import entry_points

    return [p for p in entry_points(group="vidgen_bench") if p.dist and p.dist.name == "vidgen-bench"]


@pytest.mark.parametrize("declaration", [*BACKBONES, *TEMPORAL], ids=lambda d: d.name)
def test_a_declaration_is_frozen_and_its_options_have_help(declaration: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        declaration.name = "another"
    for field in dataclasses.fields(declaration.options):
        assert field.metadata["help"], field.name
    assert declaration.options(**getattr(declaration, "sets", {})) is not None


@each_pair
def test_shapes_and_range(backbone: Backbone, temporal: Temporal | None, chosen: dict) -> None:
    clip, game = play(backbone, temporal, chosen)
    clips = sample(evaluating(game), [0, 1, 2], clip.grid)
    assert clips.shape == (3, clip.channels, clip.frames, clip.size, clip.size)
    assert clips.dtype == torch.float32
    assert clips.isfinite().all()
    assert clips.abs().max() <= 1
    assert not torch.equal(clips[0], clips[1])


@each_with_temporal
def test_the_temporal_generator_answers_in_the_shape_it_was_asked_for(
    backbone: Backbone, temporal: Temporal, chosen: dict
) -> None:
    clip, _, spec = small(backbone)
    assert spec is not None
    module = temporal.build(spec, temporal.options(**chosen))
    path = module(torch.randn(3, spec.source), clip.grid, sampling_noise(0, "test", torch.arange(3)))
    assert path.shape == (3, clip.frames, *spec.shape)


@each_without_variant
def test_a_sample_alone_is_the_sample_in_a_batch(backbone: Backbone, temporal: Temporal | None, chosen: dict) -> None:
    clip, game = play(backbone, temporal, chosen)
    evaluating(game)
    batch = sample(game, [10, 11, 12, 13], clip.grid)
    torch.testing.assert_close(sample(game, [12], clip.grid)[0], batch[2], atol=1e-5, rtol=0)
    torch.testing.assert_close(sample(game, [13, 10], clip.grid)[1], batch[0], atol=1e-5, rtol=0)


@each_able
def test_what_a_pair_can_it_does_without_changing_the_training_frames(
    backbone: Backbone, temporal: Temporal | None, chosen: dict
) -> None:
    clip, game = play(backbone, temporal, chosen)
    evaluating(game)
    last = clip.frames - 1
    ordinary = sample(game, [0, 1], clip.grid)
    asked = {
        "between": tuple(i / (4 * last) for i in range(4 * last + 1)),
        "after": tuple(i / last for i in range(2 * clip.frames)),
        "before": tuple(i / last for i in range(-clip.frames, clip.frames)),
    }
    for ability in sorted(able(backbone, temporal)):
        times = asked[ability]
        other = sample(game, [0, 1], times)
        assert other.shape[2] == len(times)
        assert other.isfinite().all()
        at = [j for t in clip.grid for j, u in enumerate(times) if abs(t - u) < 1e-9]
        assert len(at) == clip.frames
        torch.testing.assert_close(other[:, :, at], ordinary, atol=1e-5, rtol=0)


@each_without_variant
def test_noise_alone_makes_the_difference(backbone: Backbone, temporal: Temporal | None, chosen: dict) -> None:
    """One key, one loss; torch's global generator is not touched by any player's step."""
    clip, game = play(backbone, temporal, chosen)
    for player in game.players:
        batch = real(clip, player.feed.frames, player.batch) if player.feed else None
        states = [{k: v.clone() for k, v in part.state_dict().items()} for part in game.parts.values()]
        before = torch.get_rng_state()
        totals = []
        for key in (1, 1, 2):
            for part, state in zip(game.parts.values(), states, strict=True):
                part.load_state_dict(state)
                part.train()
            noise = training_noise(torch.tensor(key_of(key, player.name)), player.batch)
            terms = player.loss(batch, noise)
            assert terms
            assert all(term.shape == () for term in terms.values())
            totals.append(sum(t.item() for t in terms.values()))
        assert torch.equal(before, torch.get_rng_state())
        assert totals[0] == totals[1] != totals[2]


@each_pair
def test_every_parameter_of_a_player_gets_a_gradient_and_moves(
    backbone: Backbone, temporal: Temporal | None, chosen: dict
) -> None:
    clip, game = play(backbone, temporal, chosen)
    moved: set[int] = set()
    for player in game.players:
        for part in game.parts.values():
            part.train()
        batch = real(clip, player.feed.frames, player.batch) if player.feed else None
        terms = player.loss(batch, training_noise(torch.tensor(key_of(3, player.name)), player.batch))
        grads = torch.autograd.grad(torch.stack(list(terms.values())).sum(), player.parameters)
        assert all(g.isfinite().all() for g in grads)
        before = [p.detach().clone() for p in player.parameters]
        for parameter, grad in zip(player.parameters, grads, strict=True):
            parameter.grad = grad
        player.optimiser(player.parameters).step()
        changed = [not torch.equal(a, p) for a, p in zip(before, player.parameters, strict=True)]
        assert sum(changed) > len(changed) / 2
        moved |= {id(p) for p in player.parameters}
        if player.after is not None:
            with torch.no_grad():
                player.after(torch.tensor(0))
            assert all(p.isfinite().all() for p in player.parameters)
    everything = {id(p) for part in game.parts.values() for p in part.parameters() if p.requires_grad}
    assert moved == everything  # nothing trainable is left without a player


@pytest.mark.parametrize("backbone", LATENT, ids=lambda b: b.name)
def test_specs_that_differ_in_time_alone_start_from_one_renderer(backbone: Backbone) -> None:
    """The backbone draws the same weights whatever temporal generator it is given; two of them are always at hand."""
    clip, options, spec = small(backbone)
    assert spec is not None
    drawn = []
    installed = [t for t in TEMPORAL if t.refuses(spec, t.options(**t.sets)) is None]
    modules = [Still(spec, 1), Still(spec, 2), *(t.build(spec, t.options(**t.sets)) for t in installed)]
    for module in modules:
        torch.manual_seed(11)
        game = backbone.build(clip, options, module)
        own = {id(p) for p in module.parameters()}
        drawn.append([p for part in game.parts.values() for p in part.parameters() if id(p) not in own])
    for other in drawn[1:]:
        assert all(torch.equal(a, b) for a, b in zip(drawn[0], other, strict=True))


def test_pairings_name_options_that_exist() -> None:
    """Those whose both sides are installed must be buildable; the others must name a temporal generator that is."""
    from vidgen_bench.spec import parse

    pairings = [f.declaration for f in HOST.of("pairing")]
    assert pairings
    for pairing in pairings:
        spec = parse(pairing.spec)
        assert spec.temporal is not None
        temporal: Temporal = HOST.find("temporal", spec.temporal).declaration
        assert spec.variant is None or spec.variant in temporal.variants
        names = {f.name for f in dataclasses.fields(temporal.options)}
        assert {k.removeprefix("temporal.") for k in pairing.options if k.startswith("temporal.")} <= names


def test_a_backbone_without_a_latent_path_is_asked_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract allows one; it is then no pair with anybody, and is not let off."""
    monkeypatch.setattr(sys.modules[__name__], "BACKBONES", [Lone()])
    ((name, backbone, temporal, chosen),) = pairs()
    assert (name, backbone, temporal, chosen) == ("lone", Lone(), None, {})
    test_a_declaration_is_frozen_and_its_options_have_help(backbone)
    for check in (
        test_shapes_and_range,
        test_a_sample_alone_is_the_sample_in_a_batch,
        test_noise_alone_makes_the_difference,
        test_every_parameter_of_a_player_gets_a_gradient_and_moves,
    ):
        check(backbone, temporal, chosen)
