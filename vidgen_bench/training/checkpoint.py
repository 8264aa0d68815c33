"""The files of a run: a checkpoint to resume it with identical results, one with the best weights, and the trace of its scores.

Every file is checked when it is opened. A checkpoint is a zip whose members carry a CRC-32, in files of earlier versions too; the
checkpoint that resumes a run also has the SHA-256 of the best checkpoint and of the trace.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from vidgen_bench.api import Game
from vidgen_bench.errors import DamagedError, RecordError
from vidgen_bench.records.entries import TracePoint
from vidgen_bench.records.trace_file import TRACE, damaged, parse_trace
from vidgen_bench.system.files import disk_errors, sync_file, write_whole
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.regular_files import appending, reading
from vidgen_bench.system.torch_zip import compressed_member
from vidgen_bench.training.optimisers import plain_state
from vidgen_bench.training.progress import Progress

FORMAT = 1

LAST = "last.pt"
"""The file name of the checkpoint that resumes a run."""


def best_file(iteration: int) -> str:
    """Return the file name of the best weights, saved at this iteration."""
    return f"best-{iteration:09d}.pt"


def save(path: Path, content: Mapping[str, Any]) -> str:
    """Write a checkpoint atomically and return the SHA-256 of its bytes; it may hold tensors and plain values only."""
    memory = io.BytesIO()  # torch's file writer hides a full disk behind its own error
    torch.save({"format": FORMAT, **content}, memory)
    write_whole(path, lambda stream: stream.write(memory.getbuffer()))
    return hashlib.sha256(memory.getbuffer()).hexdigest()


def load(path: Path, device: torch.device, sha256: str | None = None) -> dict[str, Any]:
    """Return a checkpoint's content; no code in it is executed.

    Args:
        path: the file.
        device: the device of its tensors.
        sha256: the hash that :func:`save` returned, if it was kept; without it, only the CRC-32 of every member is compared.
    Raises:
        DamagedError: the file has changed since it was written, or has another format version.
        RecordError: it is a link, pipe or device.
        UnreadableError: the file may not be read; it may be intact.
    """
    try:
        with reading(path) as stream:
            data = stream.read()
    except FileNotFoundError:
        raise DamagedError(
            f"The checkpoint {path} no longer exists. Restore it from a copy, or delete its run folder to start afresh."
        ) from None
    try:
        compressed = compressed_member(data)
        changed = None if compressed else zipfile.ZipFile(io.BytesIO(data)).testzip()
    except Exception:  # zipfile raises many types for damaged bytes
        raise damaged(path, "it is not a whole zip archive, as checkpoints are") from None
    if compressed is not None:
        raise damaged(path, f"its member {compressed} is compressed, which checkpoints never are")
    if changed is not None:
        raise damaged(path, f"the bytes of its member {changed} have changed since they were written")
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise damaged(path, f"it is not the file that {path.with_name(LAST)} refers to")
    try:
        content = torch.load(io.BytesIO(data), map_location=device, weights_only=True)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except pickle.UnpicklingError:  # torch's own text advises to load it unsafely
        raise damaged(path, "it contains more than tensors and plain values, which is never loaded") from None
    except Exception as error:  # torch raises many types for damaged bytes
        if "allocate" in str(error):  # the word of torch's allocator; the command says that memory ran out
            raise
        raise damaged(path, f"it does not hold what a checkpoint holds ({type(error).__name__})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise damaged(path, f"it does not have format {FORMAT}")
    return content


def part_states(parts: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Return the state of every part: weights, batch-norm statistics, moving averages."""
    return {name: part.state_dict() for name, part in parts.items()}


def load_parts(parts: Mapping[str, nn.Module], states: Mapping[str, Any] | None, path: Path) -> None:
    """Load the saved states into the parts.

    Raises:
        DamagedError: the checkpoint has no states.
        RecordError: the tensors of parts and checkpoint differ (a plugin has changed since).
    """
    if not isinstance(states, dict) or not all(isinstance(state, dict) for state in states.values()):
        raise damaged(path, "it has no state for each network")
    try:
        for name, part in parts.items():
            part.load_state_dict(states[name])
    except (RuntimeError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(
            f"The checkpoint {path} does not match the model that the plugins now build: {reason(error, 300)}. Delete its run folder to "
            "start afresh."
        ) from None


def save_best(folder: Path, game: Game, iteration: int, code: Mapping[str, Any]) -> dict[str, str]:
    """Write the best weights and the code that trained them; return the name and the SHA-256 of the file."""
    file = best_file(iteration)
    return {"file": file, "sha256": save(folder / file, {"parts": part_states(game.parts), **code})}


def save_last(
    folder: Path,
    game: Game,
    optimisers: Mapping[str, Optimizer],
    losses: Mapping[str, Tensor],
    progress: Progress,
    code: Mapping[str, Any],
) -> None:
    """Write the checkpoint that resumes a run, then delete best checkpoints that it no longer refers to."""
    content = {
        "parts": part_states(game.parts),
        "optimisers": {name: plain_state(o) for name, o in optimisers.items()},
        "losses": losses,
        "progress": asdict(progress),
        **code,
    }
    save(folder / LAST, content)
    kept = progress.best and progress.best["file"]
    for old in folder.glob("best-*.pt"):
        if old.name != kept:
            old.unlink(missing_ok=True)


def append_point(folder: Path, point: TracePoint) -> tuple[int, str]:
    """Append a point to the trace and force it to disk; return the size in bytes and the SHA-256 of the whole trace."""
    path = folder / TRACE
    with disk_errors(path), appending(path) as stream:
        stream.write((json.dumps(point.model_dump(mode="json")) + "\n").encode())
        sync_file(stream)  # before the checkpoint that refers to it
        size = stream.tell()
        stream.seek(0)
        return size, hashlib.sha256(stream.read()).hexdigest()


def truncate_trace(folder: Path, progress: Progress) -> None:
    """Remove the points that the trace has after the checkpoint; a resumed run computes them again, with the same numbers.

    Raises:
        DamagedError: the points before it are missing, are not those that were written, or lack the best checkpoint's.
    """
    path = folder / TRACE
    with disk_errors(path), appending(path) as stream:
        if os.fstat(stream.fileno()).st_size < progress.trace_bytes:
            raise damaged(path, f"it is shorter than {folder / LAST} records")
        stream.seek(0)
        kept = stream.read(progress.trace_bytes)
        if progress.trace_sha256 not in (None, hashlib.sha256(kept).hexdigest()):
            raise damaged(path, f"it is not the one that {folder / LAST} refers to")
        points, best = parse_trace(kept, path), progress.best
        if best is not None and not any(
            p.iteration == best["iteration"] and p.scores.get(best["metric"]) == best["value"] for p in points
        ):
            raise damaged(path, f"it lacks the best checkpoint that {folder / LAST} records")
        stream.truncate(progress.trace_bytes)
