"""The files of a run: a checkpoint to resume it with identical results, one with the best weights, and the trace of its scores."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from vidgen_bench.api import Game
from vidgen_bench.errors import RecordError, VidgenBenchError
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.system.files import disk_errors, sync_file, write_whole
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.regular_files import appending, reading
from vidgen_bench.training.progress import Progress

FORMAT = 1

LAST, TRACE = "last.pt", "trace.jsonl"
"""File names of the checkpoint that resumes a run, and of the trace."""


def best_file(iteration: int) -> str:
    """Return the file name of the best weights, saved at this iteration."""
    return f"best-{iteration:09d}.pt"


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically; it may hold tensors and plain values only."""
    memory = io.BytesIO()  # torch's file writer hides a full disk behind its own error
    torch.save({"format": FORMAT, **content}, memory)
    write_whole(path, lambda stream: stream.write(memory.getbuffer()))


def load(path: Path, device: torch.device) -> dict[str, Any]:
    """Return a checkpoint's content; no code in it is executed.

    Raises:
        RecordError: the file is missing, damaged, a link or of another format version.
        UnreadableError: the file may not be read; it may be intact.
    """
    try:
        with reading(path) as stream:
            content = torch.load(stream, map_location=device, weights_only=True)
    except FileNotFoundError as error:
        raise RecordError(f"The checkpoint {path} cannot be read: {error.strerror}. Restore it.") from None
    except VidgenBenchError:
        raise
    except Exception as error:  # torch's reader raises many kinds of errors for damaged files
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "allocate" in str(error):
            raise VidgenBenchError(
                f"The checkpoint {path} needs more memory than is free: {reason(error)}. Close other programs, then run again."
            ) from None
        raise RecordError(
            f"The checkpoint {path} is damaged: {reason(error)}. Delete its run folder to start afresh."
        ) from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise RecordError(
            f"The checkpoint {path} does not have format {FORMAT}. Delete its run folder to start afresh."
        )
    return content


def part_states(parts: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Return the state of every part: weights, batch-norm statistics, moving averages."""
    return {name: part.state_dict() for name, part in parts.items()}


def load_parts(parts: Mapping[str, nn.Module], states: Mapping[str, Any], path: Path) -> None:
    """Load the saved states into the parts.

    Raises:
        RecordError: the tensors of parts and checkpoint differ (a plugin has changed since).
    """
    try:
        for name, part in parts.items():
            part.load_state_dict(states[name])
    except (RuntimeError, KeyError) as error:
        raise RecordError(
            f"The checkpoint {path} does not match the model that the plugins now build: {reason(error, 300)}. Delete its run folder to "
            "start afresh."
        ) from None


def save_last(
    folder: Path, game: Game, optimisers: Mapping[str, Optimizer], losses: Mapping[str, Tensor], progress: Progress
) -> None:
    """Write the checkpoint that resumes a run, then delete best checkpoints that it no longer refers to."""
    content = {
        "parts": part_states(game.parts),
        "optimisers": {name: o.state_dict() for name, o in optimisers.items()},
        "losses": losses,
        "progress": asdict(progress),
    }
    save(folder / LAST, content)
    kept = progress.best and progress.best["file"]
    for old in folder.glob("best-*.pt"):
        if old.name != kept:
            old.unlink(missing_ok=True)


def append_point(folder: Path, point: TracePoint) -> int:
    """Append a point to the trace and force it to disk; return the trace's size in bytes."""
    path = folder / TRACE
    with disk_errors(path), appending(path) as stream:
        stream.write((json.dumps(point.model_dump(mode="json")) + "\n").encode())
        sync_file(stream)  # before the checkpoint that refers to it
        return stream.tell()


def truncate_trace(folder: Path, size: int) -> None:
    """Remove the points after the first ``size`` bytes of the trace; a resumed run computes them again, with the same numbers.

    Raises:
        RecordError: the trace has fewer bytes, or is a link, pipe or device, which is left as it is.
    """
    path = folder / TRACE
    with disk_errors(path), appending(path) as stream:
        if stream.tell() < size:
            raise RecordError(
                f"{path} is shorter than {folder / LAST} records. Delete the folder {folder} to start afresh."
            )
        stream.truncate(size)
