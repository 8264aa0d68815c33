"""Pairs that fit and pairs that do not, and games that break the contract; with declarations made up for the purpose."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from tests.kit import toy_game
from tests.kit.toy_declarations import TRACK, Painter, Table, Walk, WalkOptions
from vidgen_bench.api import Game, LatentSpec, Player
from vidgen_bench.compose.composition import compose
from vidgen_bench.compose.pair import Misfit
from vidgen_bench.config.track import load_track
from vidgen_bench.errors import PluginError, RequestError
from vidgen_bench.host.host import Host
from vidgen_bench.latent import count


def host(painter: Painter | None = None, *temporals: Walk) -> Host:
    return Table(backbone=[painter or Painter()], temporal=list(temporals) or [Walk()])


def test_a_bare_backbone_means_its_own_temporal_generator():
    composition = compose("painter", TRACK, {}, host())
    assert str(composition.resolved) == "painter+walk"
    assert composition.latent is not None
    assert composition.latent.parameters == count(Walk().build(composition.latent, WalkOptions()))


class Twice(Walk):
    """A temporal generator that takes for granted that the backbone has one of its own."""

    def build(self, spec: LatentSpec, options: Any) -> nn.Module:
        return nn.Linear(spec.source, spec.parameters * 2)  # type: ignore[operator]


class Picky(Walk):
    """One that takes it for granted earlier."""

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        return "too large" if spec.parameters > 10 else None  # type: ignore[operator]


@pytest.mark.parametrize("kind", [Twice, Picky])
def test_a_count_that_does_not_exist_is_missed_in_words(kind: type[Walk]):
    table = host(Painter(own=None), kind())
    with pytest.raises(PluginError) as caught:
        compose("painter+walk", TRACK, {}, table).build(0)
    for part in (
        "'walk'",
        "failed: TypeError: ",
        "spec.parameters, which is None here: painter has no temporal generator of its own",
    ):
        assert part in str(caught.value)
    with pytest.raises(PluginError, match=r"spec\.parameters, which is None here"):
        compose("painter+walk", TRACK, {}, table).unseeded_temporal()


def test_an_error_without_a_look_at_the_count_is_the_plugins_own():
    class Wrong(Walk):
        def build(self, spec: LatentSpec, options: Any) -> nn.Module:
            raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        compose("painter+walk", TRACK, {}, host(Painter(own=None), Wrong())).build_temporal(0)


def test_the_count_is_none_where_there_is_no_temporal_generator_of_its_own():
    composition = compose("painter+walk", TRACK, {}, host(Painter(own=None)))
    assert composition.latent is not None
    assert composition.latent.parameters is None
    assert composition.build_temporal(0) is not None


def test_a_backbone_alone_is_not_named_twice():
    composition = compose("vdm-small", load_track("shapes-smoke"), {}, Host.of_environment())
    with pytest.raises(RequestError) as caught:
        composition.check_times((0.01,))
    said = "vdm-small cannot sample between (--fps) the training frames. It samples the training frames only."
    assert str(caught.value) == said


def test_a_pair_serves_the_instants_that_both_sides_serve():
    composition = compose("painter+walk", TRACK, {}, host())
    assert composition.can == {"between"}
    composition.check_times(composition.clip.grid)
    composition.check_times((0.0, 0.01))
    instead = r"It can sample between \(--fps\) them\."
    with pytest.raises(
        RequestError,
        match=rf"cannot sample after \(--extend\) the training frames: not supported by painter\. {instead}",
    ):
        composition.check_times((1 + 1 / 15,))
    with pytest.raises(
        RequestError, match=rf"cannot sample before \(--rewind\) the training frames: not supported by walk\. {instead}"
    ):
        composition.check_times((-1 / 15,))
    both = r"before \(--rewind\) or after \(--extend\) the training frames: not supported by painter and walk"
    with pytest.raises(RequestError, match=both):
        composition.check_times((-0.3, 0.5, 1.3))
    still = compose("painter+walk", TRACK, {}, host(None, Walk(can=frozenset())))
    with pytest.raises(RequestError, match=r"not supported by walk\. It samples the training frames only\."):
        still.check_times((0.01,))


@pytest.mark.parametrize(
    ("text", "painter", "message"),
    [
        ("paintre+walk", Painter(), "There is no backbone named 'paintre'. Did you mean 'painter'"),
        ("painter+wlak", Painter(), "There is no temporal generator named 'wlak'. Did you mean 'walk'"),
        ("painter+walk:wdie", Painter(), "has no variant 'wdie'. Did you mean 'wide'"),
        (
            "painter+walk",
            Painter(refusal="clips must be longer"),
            "painter refuses the clips of the track shapes-smoke: clips must be longer",
        ),
        ("painter+walk", Painter(shape=None), "no latent path through time"),
        ("painter", Painter(own=None), "no temporal generator of its own"),
        ("painter+walk", Painter(shape=(3, 4, 4)), "walk refuses the latent of painter: feature maps are not served"),
        ("painter:wide", Painter(shape=None, own=None), "has no temporal generator, so it has no variant"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(text, painter, message):
    with pytest.raises(RequestError, match=message):
        compose(text, TRACK, {}, host(painter))


def test_a_misfit_has_its_reason_without_the_spec():
    with pytest.raises(Misfit) as caught:
        compose("painter+walk", TRACK, {}, host(Painter(shape=(3, 4, 4))))
    assert caught.value.reason == "walk refuses the latent of painter: feature maps are not served."
    assert str(caught.value) == f"painter+walk does not fit: {caught.value.reason}"


@dataclass(frozen=True)
class Curious(Walk):
    """Reads the count of the backbone's own G_t behind a handler that hides every exception, and copies its latent."""

    name: str = "curious"

    def refuses(self, spec: LatentSpec, options: Any) -> str | None:
        try:
            return f"the own G_t has {dataclasses.replace(spec, noise=1).parameters} and {spec.parameters} parameters"
        except BaseException:
            return "reading the count raised"


def test_a_plugin_that_reads_the_count_gets_it():
    with pytest.raises(RequestError, match="the own G_t has 39 and 39 parameters"):
        compose("painter+curious", TRACK, {}, host(None, Walk(), Curious()))


def test_specs_that_differ_in_g_t_start_from_the_same_weights():
    pair = host(None, Walk(), dataclasses.replace(Walk(), name="stroll", variants={}))
    a, b = (compose(spec, TRACK, {}, pair).build(7) for spec in ("painter+walk", "painter+stroll"))
    for name in a.parts:
        for (key, x), y in zip(a.parts[name].state_dict().items(), b.parts[name].state_dict().values(), strict=True):
            assert torch.equal(x, y) or "temporal" in key
    c = compose("painter+walk", TRACK, {}, pair).build(8)
    assert not torch.equal(next(iter(a.parts["generator"].parameters())), next(iter(c.parts["generator"].parameters())))


def test_building_leaves_torchs_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    compose("painter+walk", TRACK, {}, host()).build(0)
    assert torch.equal(torch.rand(3), expected)


def _broken(change):
    def make() -> Game:
        game = toy_game.game()
        return change(game)

    return make


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: Game({"discriminator": g.parts["discriminator"]}, g.players, g.sample), "no 'generator'"),
        (lambda g: Game(g.parts, (), g.sample), "at least one"),
        (lambda g: Game(g.parts, (g.players[0], g.players[0]), g.sample), "distinct names"),
        (
            lambda g: Game(g.parts, (dataclasses.replace(g.players[0], parameters=()), g.players[1]), g.sample),
            "not in any part",
        ),
        (
            lambda g: Game(
                g.parts, (dataclasses.replace(g.players[0], parameters=(nn.Parameter(torch.ones(1)),)),), g.sample
            ),
            "not in any part",
        ),
        (lambda g: Game(g.parts, (dataclasses.replace(g.players[0], batch=0), g.players[1]), g.sample), "at least 1"),
        (
            lambda g: Game(
                {**g.parts, "discriminator": g.parts["discriminator"].requires_grad_(False)}, g.players, g.sample
            ),
            "requires_grad=False",
        ),
    ],
)
def test_a_game_that_breaks_the_contract_is_the_backbones_fault(change, message):
    painter = Painter(shape=None, own=None, game=_broken(change))
    with pytest.raises(PluginError, match=f"'painter' built a game that breaks the contract: .*{message}"):
        compose("painter", TRACK, {}, host(painter)).build(0)


def test_a_backbone_that_drops_its_temporal_generator_is_found_out():
    class Forgetful(Painter):
        def build(self, clip, options, temporal):
            return toy_game.game()

    with pytest.raises(PluginError, match="does not contain the temporal generator"):
        compose("painter", TRACK, {}, host(Forgetful())).build(0)


def test_player_is_part_of_the_public_contract():
    assert {f.name for f in dataclasses.fields(Player)} == {
        "name", "parameters", "batch", "loss", "optimiser", "feed", "turns", "schedule", "after", "every",
    }  # fmt: skip
