"""Singular value clipping of TGAN's discriminator, against ``torch.linalg.svd`` of every convolution."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch

from benchmarks.cases import Case
from benchmarks.plain.tgan import clip_by_svd
from benchmarks.tables import Table
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, alternate, ratios

OURS = "as in training"


def tables(quick: bool) -> Iterator[Table]:
    """Yield a table per size; the player's own ``after`` is timed, on weights a little above the limit."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for size in ("smoke",) if quick and device.type == "cpu" else ("smoke", "paper"):
        game = Case("tgan+ode1", size).composed().build(0)
        critic, after = game.parts["discriminator"].to(device), game.players[-1].after
        assert after is not None
        plain = copy.deepcopy(critic)
        start = copy.deepcopy(critic.state_dict())
        step = torch.tensor(0, device=device)

        def ours() -> None:
            critic.load_state_dict(start)  # noqa: B023
            with torch.no_grad():
                after(step)  # noqa: B023

        def theirs() -> None:
            plain.load_state_dict(start)  # noqa: B023
            clip_by_svd(plain)  # noqa: B023

        times = alternate({OURS: ours, "torch.linalg.svd": theirs}, QUICK_ROUNDS if quick else ROUNDS)
        pairs = zip(critic.parameters(), plain.parameters(), strict=True)
        apart = max((a - b).detach().abs().max().item() for a, b in pairs)
        table = ratios(f"Clipping TGAN's discriminator, {size} size, {device.type}", times, OURS)
        yield Table(
            table.title,
            table.columns,
            table.rows,
            f"Both end at the same weights within {apart:.1e}. Every 5th iteration.",
        )
