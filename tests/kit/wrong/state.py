"""Backbones whose games are in state_games.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.kit.wrong.right import Tiny
from vidgen_bench import hookimpl
from vidgen_bench.api import Clip


@dataclass(frozen=True)
class Stateful(Tiny):
    """A perceptron per frame whose game keeps or reads too much."""

    def build(self, clip: Clip, options: Any, temporal: Any) -> Any:
        from tests.kit.wrong import state_games

        return getattr(state_games, self.game)(clip, options, temporal).game()


@hookimpl
def vidgen_backbones() -> tuple[Tiny, ...]:
    return (
        Stateful("torch-after", "TorchAfter"),
        Stateful("numpy-after", "NumpyAfter"),
        Stateful("python-after", "PythonAfter"),
        Stateful("remembering", "Remembering"),
        Stateful("decaying", "Decaying"),
        Stateful("listing", "Listing"),
        Stateful("copying", "Copying"),
        Stateful("fetching", "Fetching"),
        Stateful("arraying", "Arraying"),
        Stateful("numbering", "Numbering"),
        Stateful("masking", "Masking"),
        Stateful("selecting", "Selecting"),
    )
