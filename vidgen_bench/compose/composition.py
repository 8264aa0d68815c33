"""Composes a spec on a track into a game that can be built, or refuses it with the reason, before a device is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vidgen_bench.api import Ability, Game, Times
from vidgen_bench.compose.own_count import lazily_counted, missed
from vidgen_bench.compose.pair import Misfit, Pair, fit
from vidgen_bench.compose.suggestion import nearest
from vidgen_bench.config.spec import parse
from vidgen_bench.config.track import Track
from vidgen_bench.errors import PluginError, RequestError, VidgenBenchError
from vidgen_bench.host.host import Host

if TYPE_CHECKING:
    from torch import nn

_OPTION_OF: dict[Ability, str] = {"between": "--fps", "before": "--rewind", "after": "--extend"}


@dataclass(frozen=True)
class Composition(Pair):
    """A pair that fits, ready to build."""

    @property
    def can(self) -> frozenset[Ability]:
        """The instants besides the training frames that both sides support."""
        return self.backbone.can & self.temporal.can if self.temporal else self.backbone.can

    def check_times(self, times: Times) -> None:
        """Refuse instants that this pair does not support; modules need not check them.

        Raises:
            RequestError: the message names the missing ability, the side that lacks it, and the abilities of the pair.
        """
        last = self.clip.frames - 1
        needed: set[Ability] = set()
        for t in times:
            needed |= {"before"} if t < 0 else {"after"} if t > 1 else set()
            needed |= {"between"} if abs(t * last - round(t * last)) > 1e-9 else set()
        if missing := needed - self.can:
            sides = " and ".join(d.name for d in (self.backbone, self.temporal) if d and missing - d.can)
            whose = f": not supported by {sides}" if self.temporal else ""  # a backbone alone is the spec
            can = f"It can sample {_spelt(self.can)} them." if self.can else "It samples the training frames only."
            raise RequestError(
                f"{self.resolved.spec} cannot sample {_spelt(missing)} the training frames{whose}. {can}"
            )

    def build_temporal(self, seed: int) -> nn.Module | None:
        """Return G_t, its weights drawn from (seed, "temporal") alone."""
        with _seeded(seed, "temporal"):
            return self.unseeded_temporal()

    def unseeded_temporal(self) -> nn.Module | None:
        """Return G_t with weights from torch's global generator, on the default device; None for a backbone without one.

        Raises:
            PluginError: it failed for want of the parameter count of the backbone's own G_t, where there is none.
        """
        temporal, latent = self.temporal, self.latent
        if temporal is None or latent is None:
            return None
        known = latent if latent.parameters is not None else lazily_counted(latent, lambda: None)
        try:
            return _built(self.resolved.spec.temporal, lambda: temporal.build(known, self.temporal_options))
        except VidgenBenchError:
            raise
        except Exception as error:
            if hint := missed(known, self.backbone.name):
                failed = f"{type(error).__name__}: {' '.join(str(error).split())}"
                raise PluginError(f"The temporal generator {temporal.name!r} failed: {failed}.{hint}") from error
            raise

    def build(self, seed: int, class_videos: tuple[int, ...] = ()) -> Game:
        """Return the game on the CPU; specs that differ only in G_t start from the same frame generator and discriminators.

        Args:
            seed: of the weights.
            class_videos: training videos of each class, if the data is at hand; no weight may depend on it.
        Raises:
            PluginError: the backbone returned a game that breaks the contract.
        """
        temporal, clip = self.build_temporal(seed), replace(self.clip, class_videos=class_videos)
        with _seeded(seed, "backbone"):
            game = _built(self.backbone.name, lambda: self.backbone.build(clip, self.backbone_options, temporal))
        if fault := _game_fault(game, temporal):
            raise PluginError(f"The backbone {self.backbone.name!r} built a game that breaks the contract: {fault}.")
        return game


def _built(name: str | None, build: Callable[[], Any]) -> Any:
    """Return the result of a plugin's ``build``; a SystemExit in a plugin would otherwise end the command with exit code 0."""
    try:
        return build()
    except SystemExit as error:
        raise PluginError(f"The plugin {name!r} ends the process while it builds (SystemExit: {error}).") from error


@contextmanager
def _seeded(seed: int, purpose: str) -> Iterator[None]:
    """Seed torch's generator of the CPU from (seed, purpose) for the length of a block, and restore it afterwards."""
    import torch

    from vidgen_bench.noise import key_of

    with torch.random.fork_rng(devices=[]):
        # of the CPU alone: torch.manual_seed also seeds every accelerator, and formats a traceback for each that is not in use
        torch.default_generator.manual_seed(key_of(seed, purpose))
        yield


def compose(text: str, track: Track, given: Mapping[str, Any], host: Host) -> Composition:
    """Return the composition of a spec on a track.

    Args:
        text: ``tgan``, ``tgan+ode1``, ``tgan+ode1:equal``.
        track: sets the clip shape, and defaults of options.
        given: values of ``--set``, ``{"temporal.hidden": "64"}``, as strings or typed values.
        host: the installed plugins.
    Raises:
        Misfit: the pair does not fit; the message has the reason and the nearest pair that fits.
        RequestError: a name is unknown, or an option is out of range.
    """
    spec = parse(text)
    try:
        pair = fit(spec, track, given, host)
    except Misfit as misfit:
        other = nearest(spec, track, given, host)
        without = " without --set" if given else ""
        hint = f" Nearest that works: {other.resolved.spec}{without}." if other else ""
        raise Misfit(f"{misfit.reason}{hint}", misfit.spec) from None
    return Composition(**vars(pair))


def _spelt(abilities: Set[Ability]) -> str:
    """Return abilities with the options that request them: ``between (--fps) or after (--extend)``."""
    return " or ".join(f"{a} ({option})" for a, option in _OPTION_OF.items() if a in abilities)


def _game_fault(game: Game, temporal: nn.Module | None) -> str | None:
    """Return how a game breaks the contract, or None."""
    if "generator" not in game.parts:
        return f"parts has no 'generator' (it has {', '.join(game.parts) or 'nothing'})"
    if not game.players or len({p.name for p in game.players}) < len(game.players):
        return "players must be at least one, with distinct names"
    if temporal is not None and all(m is not temporal for m in game.parts["generator"].modules()):
        return "parts['generator'] does not contain the temporal generator passed to build"
    known = {id(p) for part in game.parts.values() for p in part.parameters()}
    for player in game.players:
        if not player.parameters or any(id(p) not in known for p in player.parameters):
            return f"player {player.name!r} trains parameters that are not in any part, or has none"
        if not all(p.requires_grad for p in player.parameters):
            return f"player {player.name!r} trains parameters with requires_grad=False"
        if player.batch < 1 or player.turns < 1 or player.every < 1:
            return f"player {player.name!r}: batch, turns and every must be at least 1"
    return None
