"""vidgen-bench: a benchmark of generative video models in which every model is a plugin.

A plugin author needs :mod:`vidgen_bench.api` and :data:`hookimpl`; a trained run comes back by :func:`load`.
Importing this package imports neither torch nor a plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pluggy

if TYPE_CHECKING:
    from pathlib import Path

    from vidgen_bench.trained import Trained

__version__ = "0.1.0"

ENTRY_POINT_GROUP = "vidgen_bench"

hookimpl = pluggy.HookimplMarker(ENTRY_POINT_GROUP)
"""Marks a function of a plugin module as an implementation of one of :mod:`vidgen_bench.hookspecs`."""


def load(run: str | Path, *, device: str = "auto", checkpoint: Literal["best", "last"] = "best") -> Trained:
    """Return a run with its weights, composed as the run wrote itself down: the defaults of today change nothing.

    Args:
        run: a run folder (``runs/TRACK/SPEC/seed-N``) or its ``record.json``; the run need not be finished.
        device: auto, cpu, cuda, cuda:1.
        checkpoint: ``best`` is the one that the record's scores are of, ``last`` the end of training so far.
    Returns:
        An object with ``sample(count, fps=1, rewind=0, extend=0, seed=0, start=0) -> [count, 3, T, H, W]`` in [-1, 1].
    Raises:
        RequestError: no such run, a plugin that is not installed any more, or no such checkpoint.
        RecordError: a damaged record or checkpoint, or weights that no longer fit what the plugins build.
    """
    from vidgen_bench.trained import load

    return load(run, device=device, checkpoint=checkpoint)
