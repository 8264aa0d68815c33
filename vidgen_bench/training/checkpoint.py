"""Checkpoints: one file to resume a run with identical results, and one with the best weights."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vidgen_bench.errors import RecordError
from vidgen_bench.system.files import write_whole

FORMAT = 1

LAST = "last.pt"
"""File name of the checkpoint that resumes a run."""


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
        RecordError: the file is damaged or has another format version.
    """
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RecordError(
            f"The checkpoint {path} cannot be read ({reason}). Delete its run folder to start afresh."
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
        reason = " ".join(str(error).split())[:300]
        raise RecordError(
            f"The checkpoint {path} does not match the model that the plugins now build: {reason}. Delete its run folder to start afresh."
        ) from None
