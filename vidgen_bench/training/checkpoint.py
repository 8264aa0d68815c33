"""Checkpoints: one file that resumes a run to the same numbers, and one that holds the best weights."""

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
"""What a run folder calls the checkpoint that resumes it."""


def best_file(iteration: int) -> str:
    """Return what a run folder calls the best weights, made at this iteration."""
    return f"best-{iteration:09d}.pt"


def save(path: Path, content: Mapping[str, Any]) -> None:
    """Write a checkpoint whole; tensors and plain values only."""
    memory = io.BytesIO()  # torch's writer hides a full disk behind an error of its own
    torch.save({"format": FORMAT, **content}, memory)
    write_whole(path, lambda stream: stream.write(memory.getbuffer()))


def load(path: Path, device: torch.device) -> dict[str, Any]:
    """Return a checkpoint's content; nothing in it is executed.

    Raises:
        RecordError: damaged, or of another format.
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
            f"The checkpoint {path} has another format than {FORMAT}. Delete its run folder to start afresh."
        )
    return content


def part_states(parts: Mapping[str, nn.Module]) -> dict[str, Any]:
    """Return the state of every part: weights, batch-norm statistics, averages."""
    return {name: part.state_dict() for name, part in parts.items()}


def load_parts(parts: Mapping[str, nn.Module], states: Mapping[str, Any], path: Path) -> None:
    """Put states back into parts.

    Raises:
        RecordError: the parts have other tensors than the checkpoint (a plugin changed since).
    """
    try:
        for name, part in parts.items():
            part.load_state_dict(states[name])
    except (RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())[:300]
        raise RecordError(
            f"The checkpoint {path} does not fit the model that the plugins build now: {reason}. Delete its run folder to start afresh."
        ) from None
