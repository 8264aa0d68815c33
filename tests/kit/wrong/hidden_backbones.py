"""Backbones with one fault each that is hard to detect, like those of hidden.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.kit.wrong.right import Tiny
from vidgen_bench import hookimpl
from vidgen_bench.api import Clip


@dataclass(frozen=True)
class HiddenTiny(Tiny):
    """``game`` names the class in hidden_games.py."""

    def build(self, clip: Clip, options: Any, temporal: Any) -> Any:
        from tests.kit.wrong import hidden_games

        return getattr(hidden_games, self.game)(clip, options, temporal).game()


@hookimpl
def vidgen_backbones() -> tuple[HiddenTiny, ...]:
    return (
        HiddenTiny("largest", "Largest"),
        HiddenTiny("squared", "Squared"),
        HiddenTiny("editing", "Editing"),
        HiddenTiny("silent", "Silent"),
    )
