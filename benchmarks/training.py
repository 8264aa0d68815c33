"""The time of an iteration of the default run: each player's turn, clipping and noise."""

from __future__ import annotations

import torch

from benchmarks.timing import alternate, report
from vidgen_bench.api import Batch
from vidgen_bench.compose.composition import compose
from vidgen_bench.config.track import load_track
from vidgen_bench.host.host import Host
from vidgen_bench.noise import key_of, training_noise
from vidgen_bench.system.memory import keep_freed_memory
from vidgen_bench.training.step import take_turn


def main() -> None:
    """Print the times of the parts of an iteration of ``tgan+ode2`` on ``shapes-smoke``."""
    keep_freed_memory()
    game = compose("tgan+ode2", load_track("shapes-smoke"), {}, Host.of_environment()).build(0)
    rows = game.players[0].batch
    batch = Batch(torch.rand(rows, 3, 16, 64, 64) * 2 - 1, torch.zeros(rows, dtype=torch.int64))
    noise = training_noise(torch.tensor(key_of(0)), rows)
    optimisers = {p.name: p.optimiser(p.parameters) for p in game.players}

    def turn(index: int) -> None:
        player = game.players[index]
        take_turn(player, optimisers[player.name], batch if player.feed else None, noise, 1.0, lambda grads: grads)

    @torch.no_grad()
    def clip() -> None:
        player = game.players[1]
        assert player.after is not None
        player.after(torch.tensor(0))

    def whole() -> None:
        turn(0)
        turn(1)

    parts = {
        "both turns": whole,
        "discriminator's turn": lambda: turn(0),
        "generator's turn": lambda: turn(1),
        "singular value clipping (every 5th)": clip,
        "noise of one turn": lambda: noise.uniform("z", 100),
    }
    report(f"tgan+ode2, width 0.25, {rows} clips, {torch.get_num_threads()} threads", alternate(parts), "both turns")
