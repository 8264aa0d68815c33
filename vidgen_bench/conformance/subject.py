"""The subjects of checks: a declaration by itself, and every pair it fits, at the reduced size of the backbone."""

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
    """A declaration by itself, and the plugins for its pairs."""

    plugin: LoadedPlugin
    host: Host

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.plugin.name

    @property
    def packages(self) -> set[str]:
        """The top-level packages of the plugin's code."""
        return {type(self.plugin.declaration).__module__.partition(".")[0]}


@dataclass(frozen=True)
class Subject:
    """A pair at the backbone's reduced size, or a backbone without a latent path."""

    composition: Composition

    @property
    def name(self) -> str:
        """The spec, as passed to ``run``."""
        return str(self.composition.resolved.spec)

    @property
    def packages(self) -> set[str]:
        """The top-level packages of the code of both sides."""
        sides = (self.composition.backbone, self.composition.temporal)
        return {type(side).__module__.partition(".")[0] for side in sides if side is not None}

    @property
    def is_own(self) -> bool:
        """Whether the backbone is alone or with its own temporal generator; True in every pair of one that has none of its own."""
        backbone, temporal = self.composition.backbone, self.composition.temporal
        return temporal is None or backbone.own is None or self.name == f"{backbone.name}+{backbone.own}"

    def players(self, game: Game) -> list[Player]:
        """Return the players whose losses are checked one by one.

        With the backbone's own temporal generator, every player; with another one or a variant, only those that train the
        generator, since the others depend on the backbone alone (``step`` runs all of them).
        """
        if self.is_own:
            return list(game.players)
        inside = {id(p) for p in game.parts["generator"].parameters()}
        return [player for player in game.players if any(id(p) in inside for p in player.parameters)]

    def game(self, seed: int = 0) -> Game:
        """Return a newly built game, so that checks do not affect one another."""
        return self.composition.build(seed)


@dataclass(frozen=True)
class PairingAttempt:
    """One attempt to compose a pair: the subject, or the reason why there is none."""

    spec: Spec
    subject: Subject | None
    refusal: VidgenBenchError | None


def pairing_attempts(declared: Declared) -> Iterator[PairingAttempt]:
    """Yield every attempt to pair a plugin.

    A temporal generator is paired with all backbones, in each of its variants; a backbone with all temporal generators, and alone.
    """
    found, host = declared.plugin, declared.host
    if found.kind == "backbone":
        yield from _attempts(found, [Spec(found.name), *(Spec(found.name, t.name) for t in host.of("temporal"))], host)
        return
    for backbone in host.of("backbone"):
        yield from _attempts(
            backbone, [Spec(backbone.name, found.name, word) for word in (None, *found.declaration.variants)], host
        )


def _attempts(backbone: LoadedPlugin, specs: list[Spec], host: Host) -> Iterator[PairingAttempt]:
    for spec in specs:
        try:
            composition = Composition(**vars(fit(spec, small_track(backbone), {}, host)))
        except VidgenBenchError as refusal:
            yield PairingAttempt(spec, None, refusal)
        except (Exception, SystemExit) as error:
            text = f"{type(error).__name__}: {' '.join(str(error).split())}"
            yield PairingAttempt(spec, None, PluginError(f"{spec} cannot be composed: {text}"))
        else:
            yield PairingAttempt(spec, Subject(composition), None)


def subjects(declared: Declared) -> list[Subject]:
    """Return every pair that fits, once (a variant that changes nothing equals the pair without it)."""
    found = {
        attempt.subject.name: attempt.subject for attempt in pairing_attempts(declared) if attempt.subject is not None
    }
    return list(found.values())
