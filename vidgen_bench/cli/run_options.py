"""The command-line options that several commands share, and the parser of seeds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.config.defaults import MOST_THREADS
from vidgen_bench.errors import RequestError

if TYPE_CHECKING:
    from vidgen_bench.experiments.run.plan import WhereChanged

_SEEDS = 2**31
_RANGE = re.compile(r"([0-9]{1,10})(?:-([0-9]{1,10}))?")

TRACK = typer.Option("--track", help="Name of a track (see `tracks`), or a TOML file of your own.")

RealTrack = Annotated[
    str, typer.Option("--track", help="Track with the real clips: a name (see `tracks`), or a TOML file of your own.")
]
Protocols = Annotated[
    list[str] | None,
    typer.Option(
        "--protocol",
        help="Protocol to use instead of the track's: a name, or a TOML file of your own. Repeatable.",
        show_default=False,
    ),
]
Data = Annotated[
    Path | None, typer.Option(help="Folder of videos, with one folder per class, if the track's data set needs one.")
]
Splits = Annotated[
    Path | None, typer.Option(help="Folder with classInd.txt, trainlist0N.txt and testlist0N.txt, as UCF101 has.")
]
Options = Annotated[
    list[str] | None,
    typer.Option("--set", help="Set an option of a plugin: temporal.hidden=64, backbone.batch=16. Repeatable."),
]
BudgetText = Annotated[
    str | None,
    typer.Option(
        "--budget",
        help="Replace the track's budget: iterations=5, or device-hours=0.5,iterations=1000. This makes a derived track.",
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        "--precision",
        help="Replace the track's precision of training: fp32, tf32 or bf16. This makes a derived track.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Seed of weights, clips and noise; 0 by default.")]
Seeds = Annotated[str | None, typer.Option(help="Several seeds, one run per seed: 0-2 or 0,3,7.")]
Runs = Annotated[Path, typer.Option(help="Folder that holds one folder per run.")]
Device = Annotated[str, typer.Option(help="Device to compute on: auto, cpu, cuda or cuda:1.")]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1, max=MOST_THREADS, help="Number of CPU threads; a resumed run keeps the number it started with."
    ),
]
AllowMissing = Annotated[
    int, typer.Option(min=0, help="Tolerate up to this many missing or unreadable videos; the record lists them.")
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=MOST_THREADS, help="Number of decoding processes; by default one per processor."),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Start a run over if its code has changed since it began; the earlier folder is kept beside it, under its date.",
    ),
]
AcceptChangedCode = Annotated[
    bool,
    typer.Option(
        "--accept-changed-code",
        help="Go on with a run whose code has changed, which its record will say, and show a finished one as it is.",
    ),
]


def where_changed(again: bool, accept: bool) -> WhereChanged:
    """Return what to do with a run whose code has changed.

    Raises:
        RequestError: both are given.
    """
    if again and accept:
        raise RequestError("--again and --accept-changed-code exclude each other; give one of them.")
    return "start over" if again else "accept" if accept else "refuse"


def parse_seeds(seed: int | None, seeds: str | None) -> list[int]:
    """Return the seeds: ``[0, 1, 2]`` for ``0-2``, ``[0, 3]`` for ``0,3``, and ``[seed]`` or [0] without ``seeds``.

    Raises:
        RequestError: both are given, or ``seeds`` is not a valid list.
    """
    if seeds is None:
        chosen = [seed or 0]
    elif seed is not None:
        raise RequestError("Give either --seed or --seeds, not both.")
    else:
        chosen = []
        for part in seeds.split(","):
            found = _RANGE.fullmatch(part.strip())
            first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, _SEEDS)
            if not first <= last < _SEEDS:
                shown = seeds if len(seeds) <= 80 else f"{seeds[:77]}..."
                raise RequestError(f"--seeds {shown}: expected 0-2 or 0,3,7, whole numbers below 2^31.")
            if last - first >= 1000:
                raise RequestError(f"--seeds {seeds}: that is more than 1,000 runs.")
            chosen += range(first, last + 1)
    if any(not 0 <= s < _SEEDS for s in chosen) or len(set(chosen)) < len(chosen):
        raise RequestError(f"seeds {chosen}: expected distinct whole numbers from 0 to {_SEEDS - 1}.")
    return chosen
