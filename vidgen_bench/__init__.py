"""vidgen-bench: a benchmark of generative video models in which every model is a plugin.

Plugin authors need :mod:`vidgen_bench.api` and :data:`hookimpl`. :func:`load` returns a trained run, ready to sample from;
:func:`evaluate` scores a run again, or your own clips.
Importing this package imports neither torch nor plugins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vidgen_bench.api import ENTRY_POINT_GROUP, hookimpl
from vidgen_bench.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from torch import Tensor

    from vidgen_bench.config.protocol import Precision
    from vidgen_bench.experiments.sample.trained import Trained
    from vidgen_bench.records.record import Record

__all__ = ["ENTRY_POINT_GROUP", "__version__", "evaluate", "hookimpl", "load"]


def load(run: str | Path, *, device: str = "auto", checkpoint: Literal["best", "last"] = "best") -> Trained:
    """Return a run with its weights, composed from its own record: later changes of defaults have no effect.

    Args:
        run: a run folder (``runs/TRACK/SPEC/seed-N``) or its ``record.json``; the run need not be finished.
        device: auto, cpu, cuda, cuda:1.
        checkpoint: ``best`` is the checkpoint behind the record's scores, ``last`` the newest one.
    Returns:
        An object with ``sample(count, fps=1, rewind=0, extend=0, seed=0, start=0, label=None) -> [count, 3, T, H, W]``
        in [-1, 1].
    Raises:
        RequestError: there is no such run or checkpoint, or a plugin is no longer installed.
        RecordError: the record or checkpoint is damaged, or its weights no longer fit the networks that the plugins build.
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
    follow_links: bool = False,
    conditional: bool = False,
    device: str = "auto",
    runs: str | Path = "runs",
) -> Record:
    """Score a finished run again, or your own clips, and write a record that the leaderboard finds.

    Args:
        what: a run folder; a folder with one .mp4, .avi, .gif or .webp file per clip, or one folder of .png or .jpg frames per clip;
            an .npy, .npz or .safetensors file, or a .zip of .npy files; or an array or tensor in one of the layouts. Clips are
            scored in a pseudo-random order that depends only on their number, so every batch is a random subset.
        track: the track to score clips on, a name or a .toml file; ``shapes-smoke`` unless given. A run keeps its own track.
        protocol: used instead of the track's: a name, or a .toml file.
        name: the name of the clips in tables; the name of their file or folder unless given.
        data, splits: the folders of the data set's videos and splits, for data sets that need them.
        samples: clips per batch, instead of the protocol's number.
        precision: precision of the instrument, instead of the protocol's: ``float32``, ``tf32``, ``bf16``.
        resize: whether to resize square frames of another size to the track's size.
        trim: the frames of longer clips to keep: ``first``, ``centre``.
        layout: axes of an array, if its shape is ambiguous: ``NTHWC``, ``NCTHW``, ``NTCHW``.
        value_range: range of float pixels, if the values are ambiguous: ``-1,1``, ``0,1``, ``0,255``.
        follow_links: whether links in a folder of clips may lead out of it.
        conditional: whether the clips are of a model that is given a class for each; tables keep them apart from others.
        device: auto, cpu, cuda, cuda:1.
        runs: folder of the run folders; clips get ``runs/TRACK/NAME/record.json``.
    Returns:
        The record: ``record.scores["fid"].mean``, ``record.metrics["fid"].protocol``. Existing scores are read, not computed again.
    Raises:
        RequestError: an unknown name, too few clips, or clips that do not fit; the message names the option to change.
        DataError: a damaged file.
    """
    given = dict(locals())
    from vidgen_bench.experiments.evaluate.evaluate import evaluate
    from vidgen_bench.experiments.evaluate.request import EvaluationRequest

    return evaluate(EvaluationRequest.of_arguments(**given)).record
