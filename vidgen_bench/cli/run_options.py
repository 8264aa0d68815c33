"""The command-line options that ``run`` and ``ablate`` share, and how seeds are written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.errors import RequestError

_SEEDS = 2**31
_RANGE = re.compile(r"([0-9]{1,10})(?:-([0-9]{1,10}))?")

TRACK = typer.Option("--track", help="Name of a track (see `tracks`), or a TOML file of your own.")

Data = Annotated[
    Path | None,
    typer.Option(help="Folder of the videos, one folder a class, where the track's data set needs one."),
]
Splits = Annotated[Path | None, typer.Option(help="Folder of classInd.txt, trainlist0N.txt and testlist0N.txt.")]
Options = Annotated[
    list[str] | None,
    typer.Option("--set", help="Set an option: temporal.hidden=64, backbone.batch=16. Repeatable."),
]
BudgetText = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="Another budget: iterations=5, or device-hours=0.5,iterations=1000. Makes a derived track.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Seed of weights, clips and noise (0 unless given).")]
Seeds = Annotated[str | None, typer.Option(help="Several seeds, one run each: 0-2 or 0,3,7.")]
Runs = Annotated[Path, typer.Option(help="Folder of the run folders.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads (a resumed run keeps those it was begun with).")]
AllowMissing = Annotated[
    int, typer.Option(min=0, help="Go on with up to this many videos missing or unreadable; the record names them.")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes that decode videos.")]


def parse_seeds(seed: int | None, seeds: str | None) -> list[int]:
    """Return ``[0, 1, 2]`` for ``0-2``, ``[0, 3]`` for ``0,3``, and [seed] (0 by default) where only one is given.

    Raises:
        RequestError: both are given, or it is no list of seeds.
    """
    if seeds is None:
        chosen = [seed or 0]
    elif seed is not None:
        raise RequestError("--seed and --seeds exclude each other.")
    else:
        chosen = []
        for part in seeds.split(","):
            found = _RANGE.fullmatch(part.strip())
            first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, _SEEDS)
            if not first <= last < _SEEDS:
                shown = seeds if len(seeds) <= 80 else f"{seeds[:77]}..."
                raise RequestError(f"--seeds {shown}: expected 0-2 or 0,3,7, whole numbers below 2^31.")
            if last - first >= 1000:
                raise RequestError(f"--seeds {seeds}: these are more than 1,000 runs.")
            chosen += range(first, last + 1)
    if any(not 0 <= s < _SEEDS for s in chosen) or len(set(chosen)) < len(chosen):
        raise RequestError(f"seeds {chosen}: expected different whole numbers from 0 to {_SEEDS - 1}.")
    return chosen
