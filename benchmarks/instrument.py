"""Clips per second of the slim C3D with preprocessing, for two memory layouts and resize methods."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.nn import functional as F

from benchmarks.tables import Table
from benchmarks.timing import QUICK_ROUNDS, ROUNDS, alternate, ratios
from vidgen_bench.host.host import Host
from vidgen_bench.system.memory import keep_freed_memory

CLIPS = 16
OURS = "two matrix products, channels last"


def tables(quick: bool) -> Iterator[Table]:
    """Yield the table."""
    keep_freed_memory()
    clips = torch.rand(CLIPS, 3, 16, 64, 64) * 2 - 1
    ours = Host.of_environment().find("instrument", "c3d-shapes").declaration.build("tgan")
    plain = Host.of_environment().find("instrument", "c3d-shapes").declaration.build("tgan")
    plain.network.to(memory_format=torch.contiguous_format)

    def straightforward() -> None:
        frames = F.interpolate(
            (clips * 128 + 128).flip(1).flatten(1, 2), size=(128, 128), mode="bicubic", align_corners=False
        )
        plain.network(frames.unflatten(1, (3, 16))[..., 8:120, 8:120].contiguous() - 100.0)

    with torch.no_grad():
        times = alternate(
            {OURS: lambda: ours(clips), "interpolate, contiguous": straightforward}, QUICK_ROUNDS if quick else ROUNDS
        )
    yield ratios(f"slim C3D, {CLIPS} clips of 16 x 64 x 64", times, OURS)
