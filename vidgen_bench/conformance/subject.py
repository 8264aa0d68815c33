"""What is checked: a declaration by itself, and every pair that it makes at the reduced size of the backbone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vidgen_bench.api import Game, Player
from vidgen_bench.compose.composition import Composition
from vidgen_bench.compose.pair import fit
from vidgen_bench.config.spec import Spec
from vidgen_bench.conformance.small import small_track
from vidgen_bench.errors import PluginError, VidgenBenchError
from vidgen_bench.host.host import Host, LoadedPlugin


@dataclass(frozen=True)
class Declared:
    """A declaration by itself, and the plugins that it may be paired with."""

    plugin: LoadedPlugin
    host: Host

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.plugin.name

    @property
    def packages(self) -> set[str]:
        """The top-level packages that the plugin's code is in."""
        return {type(self.plugin.declaration).__module__.partition(".")[0]}


@dataclass(frozen=True)
class Subject:
    """A pair at the backbone's reduced size, or a backbone that stands alone."""

    composition: Composition

    @property
    def name(self) -> str:
        """The spec, as ``run`` takes it."""
        return str(self.composition.resolved.spec)

    @property
    def packages(self) -> set[str]:
        """The top-level packages that the code of both sides is in."""
        sides = (self.composition.backbone, self.composition.temporal)
        return {type(side).__module__.partition(".")[0] for side in sides if side is not None}

    def players(self, game: Game) -> list[Player]:
        """Return the players whose losses are asked one by one.

        With its own temporal generator all those of a backbone; with another one, and with variants, those that move the
        generator: the others are the backbone's alone, and every one of them plays in ``step``.
        """
        backbone, temporal = self.composition.backbone, self.composition.temporal
        if temporal is None or backbone.own is None or self.name == f"{backbone.name}+{backbone.own}":
            return list(game.players)
        inside = {id(p) for p in game.parts["generator"].parameters()}
        return [player for player in game.players if any(id(p) in inside for p in player.parameters)]

    def game(self, seed: int = 0) -> Game:
        """Return the game, built anew: what one check does to it, another does not see."""
        return self.composition.build(seed)


@dataclass(frozen=True)
class Trial:
    """One attempt to pair; it gave a subject, or why not."""

    spec: Spec
    subject: Subject | None
    refusal: VidgenBenchError | None


def trials(declared: Declared, *, variants: bool = True) -> Iterator[Trial]:
    """Yield every attempt to pair a plugin: a temporal generator with all backbones, each of its variants among them; a
    backbone with all temporal generators, or alone where it has no latent path.
    """
    found, host = declared.plugin, declared.host
    if found.kind == "backbone":
        yield from _attempts(found, [Spec(found.name), *(Spec(found.name, t.name) for t in host.of("temporal"))], host)
        return
    words = [None, *found.declaration.variants] if variants else [None]
    for backbone in host.of("backbone"):
        yield from _attempts(backbone, [Spec(backbone.name, found.name, word) for word in words], host)


def _attempts(backbone: LoadedPlugin, specs: list[Spec], host: Host) -> Iterator[Trial]:
    for spec in specs:
        try:
            composition = Composition(**vars(fit(spec, small_track(backbone), {}, host)))
        except VidgenBenchError as refusal:
            yield Trial(spec, None, refusal)
        except (Exception, SystemExit) as error:
            text = f"{type(error).__name__}: {' '.join(str(error).split())}"
            yield Trial(spec, None, PluginError(f"{spec} cannot be composed: {text}"))
        else:
            yield Trial(spec, Subject(composition), None)


def subjects(declared: Declared) -> list[Subject]:
    """Return every pair that fits, once (a variant that changes nothing is the pair without it)."""
    found = {trial.subject.name: trial.subject for trial in trials(declared) if trial.subject is not None}
    return list(found.values())
