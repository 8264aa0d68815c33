"""The memory that a batch of real clips takes, checked before anything is drawn."""

from __future__ import annotations

from vidgen_bench.api import Game
from vidgen_bench.errors import RequestError
from vidgen_bench.system.memory import total_memory


def require_memory(game: Game, size: int, world: int) -> None:
    """Refuse a batch of real clips that is larger than the memory, before the machine kills the process for it.

    Raises:
        RequestError: a player's batch does not fit; the text names the player.
    """
    memory = total_memory()
    for player in game.players:
        need = 4 * 3 * size**2 * player.feed.frames * player.batch // world if player.feed else 0
        if memory is not None and need > memory:
            raise RequestError(
                f"Player {player.name!r} takes batches of {player.batch:,} clips: {need / 2**30:,.1f} GiB per process, and this machine "
                f"has {memory / 2**30:,.1f} GiB of memory. Lower the batch, as in --set backbone.batch=64."
            )
