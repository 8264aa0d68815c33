"""Class-conditional backbones: a right one, and wrong ones whose games are in labelled_games.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.kit.wrong.right import Tiny
from vidgen_bench import hookimpl
from vidgen_bench.api import Clip


@dataclass(frozen=True)
class Labelled(Tiny):
    """A perceptron per frame that is given a class."""

    game: str = "LabelledGame"

    def build(self, clip: Clip, options: Any, temporal: Any) -> Any:
        from tests.kit.wrong import labelled_games

        return getattr(labelled_games, self.game)(clip, options, temporal).game()


@hookimpl
def vidgen_backbones() -> tuple[Tiny, ...]:
    return (
        Labelled("labelled"),
        Labelled("floating", "Floating"),
        Labelled("beyond", "Beyond"),
        Labelled("counting", "Counting"),
        Labelled("single", "Single"),
        Labelled("positional", "Positional"),
        Labelled("entangled", "Entangled"),
        Labelled("deaf", "Deaf"),
        Labelled("flipped", "Flipped"),
        Labelled("restless", "Restless"),
        Labelled("carrying", "Carrying"),
        Labelled("tallying", "Tallying"),
        Labelled("hidden-average", "Hidden"),
        Labelled("classless", small=(Clip(4, 8, 1), {})),
    )
