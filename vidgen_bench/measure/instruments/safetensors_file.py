"""The weights files that vidgen-bench writes: safetensors, whose metadata is one JSON text under one key.

The JSON names no path and its keys are sorted, so equal content gives equal bytes and an equal hash on every machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.safetensors_header import KEY, description, header
from vidgen_bench.system.files import write_whole
from vidgen_bench.system.library_errors import reason

C = TypeVar("C", bound=Strict)
_FOREIGN = {
    b"PK": "a zip archive (.npz, or a PyTorch file with a pickle inside)",
    b"\x80": "a pickle",
    b"\x89HDF": "an HDF5 file",
}


def write_tensors(path: Path, tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> str:
    """Write a weights file atomically and return its sha256.

    Raises:
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    content = safetensors.save(dict(tensors), metadata={KEY: json.dumps(card, sort_keys=True)})
    write_whole(path, lambda stream: stream.write(content))
    return hashlib.sha256(content).hexdigest()


def card_of(path: Path, content: bytes, card: type[C], expected: str, fix: str) -> C:
    """Return the description in the metadata of a weights file.

    Args:
        path: the file, for errors.
        content: its bytes.
        card: the type of the description.
        expected: what the file should hold, for errors ("an instrument").
        fix: how to get a valid file, the end of every error.
    Raises:
        RecordError: the file is not safetensors, or has no valid description.
    """
    if not (parsed := header(content)):
        found = next((what for magic, what in _FOREIGN.items() if content.startswith(magic)), "something else")
        raise RecordError(f"{path}: expected {expected} in safetensors; found {found}. Pickles are never opened. {fix}")
    if (text := description(parsed)) is None:
        raise RecordError(f"{path}: expected {expected}; found safetensors without the metadata {KEY!r}. {fix}")
    try:
        return card.model_validate_json(text)
    except ValidationError as error:
        raise RecordError(f"{path}: its metadata {KEY!r} is not valid:\n{explain(error, card)}\n{fix}") from None


def tensors_of(path: Path, content: bytes, fix: str) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file.

    Raises:
        RecordError: the file is damaged.
    """
    try:
        return safetensors.load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise RecordError(f"{path} is damaged: {reason(error)}. {fix}") from None


def require_finite(path: Path, name: str, tensor: Tensor, fix: str) -> None:
    """Check that a tensor holds no NaN and no infinity.

    Raises:
        RecordError: the tensor holds one.
    """
    if not torch.isfinite(tensor).all():
        raise RecordError(f"{path}: {name!r} holds values that are not finite (NaN or infinity). {fix}")
