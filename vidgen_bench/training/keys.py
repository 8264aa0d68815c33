"""The keys of the noise: one per turn of a player, computed on the device for many turns at once."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from vidgen_bench.noise import keys_of

AHEAD = 64
"""Turns of a player whose keys are computed at once."""


class TurnKeys:
    """The noise keys of a run's turns; each is ``key_of(seed, "train", player, position)``."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed, self._device = seed, device
        self._blocks = lru_cache(maxsize=16)(self._block)

    def of(self, player: str, position: int) -> Tensor:
        """Return the key of a player's turn ``position``, an int64 scalar on the device."""
        block, turn = divmod(position, AHEAD)
        return self._blocks(player, block)[turn]

    def _block(self, player: str, block: int) -> Tensor:
        positions = torch.arange(block * AHEAD, (block + 1) * AHEAD, dtype=torch.int64, device=self._device)
        return keys_of((self._seed, "train", player), positions)
