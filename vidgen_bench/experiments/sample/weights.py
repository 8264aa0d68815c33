"""Read the weights of a run's best or last checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import torch
from pydantic import BaseModel, Field, ValidationError

from vidgen_bench.config.toml import explain
from vidgen_bench.errors import DamagedError, RequestError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.run.hashes import checkpoint_hash
from vidgen_bench.experiments.sample.recompose import RunManifest
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.regular_files import is_there
from vidgen_bench.training import checkpoint as checkpoints

Checkpoint = Literal["best", "last"]

_CPU = torch.device("cpu")


class _Weights(BaseModel):
    """The part of a checkpoint that sampling reads: the state of every network."""

    parts: dict[str, dict[str, Any]]
    code: dict[str, str] = {}


class _Best(BaseModel):
    iteration: int = Field(strict=True, ge=0)
    sha256: str | None = None


class _Progress(BaseModel):
    iteration: int = Field(strict=True, ge=0)
    best: _Best | None


class _Last(_Weights):
    """The parts of the resume checkpoint that sampling reads."""

    progress: _Progress


class Weights(NamedTuple):
    """The weights of a checkpoint."""

    path: Path
    iteration: int
    parts: dict[str, Any]
    """The state of every network."""
    code: Mapping[str, str]
    """The hash of each package that trained them; empty in a checkpoint of an earlier version."""


_Content = TypeVar("_Content", bound=_Weights)


def read_weights(manifest: RunManifest, checkpoint: Checkpoint) -> Weights:
    """Return the weights in a run's best or last checkpoint.

    Raises:
        RequestError: there is no such checkpoint.
        DamagedError: it is damaged, or is not the one that the run's record or its last checkpoint names.
    """
    folder, iteration, sha256 = manifest.folder.path, manifest.best, None
    last = folder / checkpoints.LAST
    if checkpoint == "last" or manifest.status == "unfinished":
        if not is_there(last):
            hint = "It is written every minute." if manifest.status == "unfinished" else "Was it deleted?"
            raise RequestError(f"The run {folder} has no checkpoint {last.name}. {hint}")
        content = checkpoints.load(last, _CPU)
        saved = _checked(content, _Last, last)
        if checkpoint == "last":
            return Weights(last, saved.progress.iteration, content["parts"], saved.code)
        if saved.progress.best:
            iteration, sha256 = saved.progress.best.iteration, saved.progress.best.sha256
    if iteration is None:
        why = "diverged before" if manifest.status == "diverged" else "is not finished and has not reached"
        raise RequestError(
            f"The run {folder} {why} its first evaluation, so it has no best checkpoint. Try the checkpoint 'last'."
        )
    path = folder / checkpoints.best_file(iteration)
    if not is_there(path):
        instead = "The checkpoint 'last' is still there." if is_there(last) else "Run the spec again to make it."
        raise RequestError(f"The checkpoint {path} with the run's best weights no longer exists. {instead}")
    content = checkpoints.load(path, _CPU, sha256)
    saved_best = _checked(content, _Weights, path)
    if manifest.best_hash is not None and _hash(path, content["parts"]) != manifest.best_hash:
        raise DamagedError(
            f"The checkpoint {path} is not the one that the record of {folder} was scored on. Restore it from a copy, or delete the "
            "folder and run the spec again."
        )
    # not a validated copy, which would lack the versions that torch stores
    return Weights(path, iteration, content["parts"], saved_best.code)


def _checked(content: dict[str, Any], model: type[_Content], path: Path) -> _Content:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise DamagedError(
            f"The checkpoint {path} is damaged:\n{explain(error, model)}\nDelete its run folder to start afresh."
        ) from None


def _hash(path: Path, parts: dict[str, Any]) -> str:
    """Return the hash of a checkpoint's networks.

    Raises:
        DamagedError: it has something that no run saves, such as a sparse tensor.
    """
    try:
        return checkpoint_hash(parts)
    except (
        RuntimeError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:  # includes NotImplementedError, RecursionError
        raise DamagedError(
            f"The checkpoint {path} has no hash: expected names and dense tensors ({printable(reason(error), 200)}). "
            "Restore it from a copy, or delete the folder and run the spec again."
        ) from None
