"""vidgen-bench: a benchmark of generative video models in which every model is a plugin.

A plugin author needs :mod:`vidgen_bench.api` and :data:`hookimpl`; a trained run comes back by :func:`load`, and
:func:`evaluate` scores a run or clips that were made elsewhere.
Importing this package imports neither torch nor a plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vidgen_bench.api import hookimpl
from vidgen_bench.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from torch import Tensor

    from vidgen_bench.config.protocol import Precision
    from vidgen_bench.experiments.sample.trained import Trained
    from vidgen_bench.records.record import Record

__all__ = ["__version__", "evaluate", "hookimpl", "load"]


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
    from vidgen_bench.experiments.sample.trained import load

    return load(run, device=device, checkpoint=checkpoint)


def evaluate(
    what: str | Path | np.ndarray | Tensor,
    *,
    track: str | Path | None = None,
    protocol: str | Path | None = None,
    name: str | None = None,
    data: str | Path | None = None,
    splits: str | Path | None = None,
    samples: int | None = None,
    precision: Precision | None = None,
    resize: bool = False,
    trim: Literal["first", "centre"] | None = None,
    layout: str | None = None,
    value_range: str | None = None,
    device: str = "auto",
    runs: str | Path = "runs",
) -> Record:
    """Score a finished run again, or clips that were made elsewhere, and write a record that the leaderboard finds.

    Args:
        what: a run folder; a folder of .mp4, .avi, .gif and .webp, or of one folder of .png or .jpg a clip; an .npy, .npz,
            .safetensors, or .zip of .npy; or an array or tensor of clips in one of the layouts. They are measured in a keyed order,
            a function of their number alone, so that every batch is a random subset though the clips come class after class.
        track: what clips are measured on (``shapes-smoke`` unless given): a name, or a .toml file; a run has its own.
        protocol: instead of the track's: a name, or a .toml file.
        name: what tables call the clips; unless given, what their file or folder is called.
        data, splits: where the videos of the track's data set are, where it needs to be told.
        samples: clips a batch instead of the protocol's.
        precision: how the instrument computes instead of as the protocol says: ``float32``, ``tf32``, ``bf16``.
        resize: whether square frames of another size are resized to the track's.
        trim: which frames of longer clips are kept: ``first``, ``centre``.
        layout: axes of an array whose shape leaves a doubt: ``NTHWC``, ``NCTHW``, ``NTCHW``.
        value_range: what floats stand for where they leave a doubt: ``-1,1``, ``0,1``, ``0,255``.
        device: auto, cpu, cuda, cuda:1.
        runs: folder of the run folders; clips get ``runs/TRACK/NAME/record.json``.
    Returns:
        The record: ``record.scores["fid"].mean``, ``record.metrics["fid"].protocol``. What has been scored before is only read.
    Raises:
        RequestError: something unknown, too few clips, or clips that do not fit; the text names the option that would change it.
        DataError: a damaged file.
    """
    given = dict(locals())
    from vidgen_bench.experiments.evaluate.evaluate import evaluate
    from vidgen_bench.experiments.evaluate.request import EvaluationRequest

    return evaluate(EvaluationRequest.of_arguments(**given)).record
