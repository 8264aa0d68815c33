"""A trained run that renders clips at the training frames, and between, before and after them."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vidgen_bench.api import Clip, Game, Times
from vidgen_bench.compose.composition import Composition
from vidgen_bench.compose.sampling import samples
from vidgen_bench.errors import RecordError, RequestError, VidgenBenchError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.experiments.sample.changed_code import warn_of_changed_code
from vidgen_bench.experiments.sample.class_label import class_label, class_names
from vidgen_bench.experiments.sample.recompose import read_run, recompose, sides, versions
from vidgen_bench.experiments.sample.weights import Checkpoint, read_weights
from vidgen_bench.host.host import Host
from vidgen_bench.system.batch_size import CHUNK
from vidgen_bench.system.device import choose_device
from vidgen_bench.system.faults import is_out_of_memory
from vidgen_bench.training import checkpoint as checkpoints

FASTEST = 1000
"""The largest factor on the training frame rate."""
CLIP_BYTES, CALL_BYTES = 2**28, 2**31
"""The largest clip (its frames are rendered at once), and the largest tensor that one call returns."""
_MOST = 2**31
_GRID = 1e-9
"""An instant closer than this to a training frame, in frame intervals, counts as that frame."""


@dataclass(frozen=True)
class Trained:
    """A run with its weights loaded, ready to render; see :func:`load`."""

    folder: Path
    """The run folder."""
    composition: Composition
    game: Game
    """On ``device``, in eval mode."""
    device: torch.device
    checkpoint: Checkpoint
    iteration: int
    """The training iteration at which the weights were saved."""

    def times(self, *, fps: float = 1, rewind: int = 0, extend: int = 0) -> Times:
        """Return the instants that :meth:`sample` renders, checked against the pair's abilities: see :func:`instants`.

        Raises:
            RequestError: a number out of range, or instants that this pair cannot render.
        """
        times = instants(self.composition.clip, fps=fps, rewind=rewind, extend=extend)
        self.composition.check_times(times)
        return times

    def label(self, chosen: int | str) -> int:
        """Return the label of a class, given by its name or its number.

        Raises:
            RequestError: the run is not class-conditional, or there is no such class.
        """
        if self.game.labels is None:
            raise RequestError(
                f"The run {self.folder} is not class-conditional, so it has no class {chosen!r} to sample from."
            )
        count = self.composition.clip.classes
        return class_label(chosen, count, class_names(RunFolder(self.folder), count))

    def sample(
        self,
        count: int,
        *,
        fps: float = 1,
        rewind: int = 0,
        extend: int = 0,
        seed: int = 0,
        start: int = 0,
        label: int | str | None = None,
    ) -> Tensor:
        """Return clips ``start`` .. ``start + count - 1`` of a seed.

        A clip depends only on the seed and its number, up to rounding: ``count`` and ``start`` do not change it, and frames
        at instants that two calls share are equal.

        Args:
            count: number of clips.
            fps: factor on the training frame rate, 1 to 1000; 4 renders four times the frames in the same time span.
            rewind: training frame intervals to add before the first training frame.
            extend: training frame intervals to add after the last training frame.
            seed: seed of the noise.
            start: number of the first clip.
            label: the class of all clips, by name or number, if the run is class-conditional; None draws a class for each.
        Returns:
            float32 [count, 3, T, H, W] in [-1, 1] on the CPU, T = ``len(self.times(...))``.
        Raises:
            RequestError: a number out of range, instants that this pair cannot render, no such class, or a tensor of more than 2 GiB.
            VidgenBenchError: the device has too little memory, or the weights render non-finite pixels.
        """
        count, seed, start = _whole("count", count, 1), _whole("seed", seed, 0), _whole("start", start, 0)
        times = self.times(fps=fps, rewind=rewind, extend=extend)
        chosen = None if label is None else self.label(label)
        self.check_size(count, times)
        rows = max(1, CHUNK * self.composition.clip.frames // len(times))  # as many frames per batch as an evaluation
        stop, made = start + count, []
        for first in range(start, stop, rows):
            made.extend(self._rendered(range(first, min(first + rows, stop)), times, seed, chosen))
        return torch.cat(made)

    def check_size(self, count: int, times: Times) -> None:
        """Refuse a tensor of more than 2 GiB; :meth:`sample` checks this too, before it renders anything.

        Raises:
            RequestError: the tensor is too large; the text has its size and the number of clips that fit.
        """
        each = _clip_bytes(self.composition.clip, len(times))
        if count * each > CALL_BYTES:
            raise RequestError(
                f"{count:,} clips of {len(times):,} frames are {_size(count * each)}; one call returns at most "
                f"{_size(CALL_BYTES)}, here {CALL_BYTES // each:,} clips. Request fewer clips or frames."
            )

    def _rendered(self, indices: range, times: Times, seed: int, label: int | None) -> list[Tensor]:
        try:
            drawn = samples(self.game, seed, "sample", indices, times, self.device, label)
            clips = [c.float().cpu() for c in drawn]
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            instead = "" if self.device.type == "cpu" else ", or use the device cpu"
            raise VidgenBenchError(
                f"{self.device} has too little memory for {len(indices) * len(times):,} frames at once. "
                f"Request fewer frames per clip{instead}."
            ) from None
        if not all(bool(c.isfinite().all()) for c in clips):
            raise VidgenBenchError(
                f"The {self.checkpoint} weights of {self.folder} (iteration {self.iteration}) render non-finite pixels: "
                "training diverged."
            )
        return [c.clamp_(-1.0, 1.0) for c in clips]


def instants(clip: Clip, *, fps: float = 1, rewind: int = 0, extend: int = 0) -> Times:
    """Return the instants of a denser or longer clip; at the training frames they equal ``clip.grid`` exactly.

    t_j = j / (fps (frames - 1)) for every integer j with -rewind <= j / fps <= frames - 1 + extend.

    Args:
        clip: the training clip.
        fps: factor on the training frame rate, 1 to 1000.
        rewind, extend: training frame intervals to add before the first and after the last training frame.
    Raises:
        RequestError: a number out of range, or a clip of more than 256 MiB.
    """
    if isinstance(fps, bool | str) or not _real(fps) or not 1 <= fps <= FASTEST:
        raise RequestError(
            f"fps={fps}: expected a factor on the training frame rate from 1 to {FASTEST}; 4 renders four times the frames."
        )
    last = clip.frames - 1
    first_step = -math.floor(_whole("rewind", rewind, 0) * fps + _GRID)
    last_step = math.floor((last + _whole("extend", extend, 0)) * fps + _GRID)
    need = _clip_bytes(clip, last_step - first_step + 1)
    if need > CLIP_BYTES:
        raise RequestError(
            f"A clip of {last_step - first_step + 1:,} frames is {_size(need)}; the limit is {_size(CLIP_BYTES)}, here "
            f"{CLIP_BYTES // _clip_bytes(clip, 1):,} frames. Choose a smaller fps, rewind or extend."
        )
    positions = (step / fps for step in range(first_step, last_step + 1))
    return tuple((round(p) if abs(p - round(p)) < _GRID else p) / last for p in positions)


def load(run: str | Path, *, device: str = "auto", checkpoint: Checkpoint = "best") -> Trained:
    """Load a run with its weights; see :func:`vidgen_bench.load`."""
    if checkpoint not in ("best", "last"):
        raise RequestError(f"checkpoint={checkpoint!r}: expected 'best' or 'last'.")
    chosen = choose_device(device)
    manifest, host = read_run(Path(run)), Host.of_environment()
    composition = recompose(manifest, host)
    path, iteration, parts, code = read_weights(manifest, checkpoint)
    warn_of_changed_code(path, code, sides(manifest), host)
    game = composition.build(manifest.seed)
    try:
        checkpoints.load_parts(game.parts, parts, path)
    except RecordError as error:
        raise RecordError(
            f"{error}{versions(manifest, host)} Install the version that trained it to sample from it."
        ) from None
    for part in game.parts.values():
        part.to(chosen).eval()
    return Trained(manifest.folder.path, composition, game, chosen, checkpoint, iteration)


def _real(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except (TypeError, OverflowError):
        return False


def _whole(name: str, value: Any, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if not least <= number < _MOST:
        raise RequestError(f"{name}={value!r}: expected a whole number from {least} to {_MOST - 1}.")
    return number


def _clip_bytes(clip: Clip, frames: int) -> int:
    return 4 * 3 * frames * clip.size**2


def _size(count: int) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= 2**30 else f"{count / 2**20:,.0f} MiB"
