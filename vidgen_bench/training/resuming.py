"""Reads the checkpoint that resumes a run: its content is checked against a schema and the game before any of it is used.

The folder may come from somebody else, so nothing in it is trusted: a file is named only inside the folder, and numbers, tensors and
optimiser states have the types and shapes that training continues with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from torch import Tensor
from torch.optim import Optimizer

from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.records.code import AcceptedChange
from vidgen_bench.records.entries import SHA256, Count
from vidgen_bench.records.trace_file import damaged
from vidgen_bench.training import checkpoint
from vidgen_bench.training.progress import Progress


class BestCheckpoint(Strict):
    """The best checkpoint so far, as a run's progress keeps it."""

    iteration: Count
    metric: str
    value: float
    file: str
    sha256: str | None = Field(default=None, pattern=SHA256)
    """Of the file; checkpoints of earlier versions do not keep it."""

    @model_validator(mode="after")
    def _of_this_folder(self) -> BestCheckpoint:
        if self.file != checkpoint.best_file(self.iteration):
            raise ValueError(f"expected the file {checkpoint.best_file(self.iteration)} of the run folder")
        return self


class _State(BaseModel):
    """The content of the checkpoint."""

    model_config = ConfigDict(strict=True, arbitrary_types_allowed=True)

    parts: dict[str, dict[str, Any]]
    optimisers: dict[str, dict[str, Any]]
    losses: dict[str, Tensor]
    progress: Progress
    code: dict[str, str] = {}

    @model_validator(mode="after")
    def _continues(self) -> _State:
        progress, sums = self.progress, self.losses.values()
        if any(t.numel() != 1 or not t.is_floating_point() or t.layout != torch.strided for t in sums):
            raise ValueError("losses: expected one number for each")
        if not progress.ended and bool(self.losses) != bool(progress.loss_count):
            raise ValueError("losses do not match progress.loss_count")
        if progress.pending and not self.losses:
            raise ValueError("progress.pending needs losses")
        if progress.best is not None:
            BestCheckpoint.model_validate(progress.best)
        for change in progress.changes:
            AcceptedChange.model_validate(change)
        if progress.best is None and progress.ended and not progress.diverged:
            raise ValueError("progress.best is missing, although training has ended")
        return self


def read_state(path: Path, device: torch.device) -> dict[str, Any]:
    """Return the parts, the optimiser states, the running losses and the :class:`Progress` in the checkpoint that resumes a run.

    Raises:
        DamagedError: the file has changed since it was written, or a value is missing or not valid; the text names it.
        VidgenBenchError: the file cannot be read.
    """
    content = checkpoint.load(path, device)
    try:
        state = _State.model_validate({key: content[key] for key in _State.model_fields if key in content})
    except ValidationError as error:
        raise damaged(path, f"it is not valid:\n{explain(error, _State).rstrip('.')}") from None
    return {
        **content,
        "progress": state.progress,
    }  # not validated copies, which would lack the versions that torch stores


def load_optimisers(optimisers: Mapping[str, Optimizer], states: Mapping[str, Any], path: Path) -> None:
    """Load the saved states into the optimisers.

    Raises:
        DamagedError: a state is missing or is not one of this optimiser.
    """
    for name, optimiser in optimisers.items():
        try:
            if fault := _unlike(optimiser.param_groups, states[name]["param_groups"]):
                raise ValueError(fault)
            optimiser.load_state_dict(states[name])
            if fault := _misshapen(optimiser):
                raise ValueError(fault)
        except (RuntimeError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            reason = " ".join(str(error).split())[:200]
            raise damaged(path, f"its optimiser {name!r} does not fit the model ({reason})") from None


def _unlike(now: list[dict[str, Any]], saved: list[dict[str, Any]]) -> str | None:
    """Return how the settings of the saved parameter groups differ in kind from the optimiser's own, or None."""
    for group, before in zip(now, saved, strict=True):
        own = {**group, "initial_lr": group["lr"]} if "initial_lr" in before else group
        for key, one in own.items():
            if key != "params" and not _like(one, before[key]):  # parameters are matched by their order
                return f"{key} is {before[key]!r:.40}"
    return None


def _like(one: Any, other: Any) -> bool:
    """Return whether a saved setting can take the place of the optimiser's own: numbers may differ, switches may not."""
    if isinstance(one, bool | str | None):
        return type(one) is type(other) and bool(one == other)
    if isinstance(one, int | float):
        return isinstance(other, int | float) and not isinstance(other, bool) and -(2.0**63) <= other < 2.0**63
    if isinstance(one, tuple | list) and type(one) is type(other):
        return len(one) == len(other) and all(map(_like, one, other))
    return type(one) is type(other)


_ONE_NUMBER = ("step", "eta", "mu", "mu_product")
"""What torch's optimisers keep as one number for each parameter; everything else has the shape of the parameter."""


def _misshapen(optimiser: Optimizer) -> str | None:
    """Return which loaded value is not what the optimiser keeps for its parameter, or None; only torch's own optimisers are known."""
    if not type(optimiser).__module__.startswith("torch.optim") or isinstance(
        optimiser, torch.optim.LBFGS | torch.optim.Adafactor
    ):
        return None
    kept = [
        (p, optimiser.state[p])
        for group in optimiser.param_groups
        for p in group["params"]
        if optimiser.state.get(p, {}) != {}
    ]
    for p, state in kept:
        if not isinstance(state, dict):
            return f"expected a table for every parameter; found {state!r:.40}"
        if state.keys() != kept[0][1].keys():
            return f"expected {', '.join(map(str, kept[0][1]))} for every parameter"
        for key, value in state.items():
            expected = torch.Size() if key in _ONE_NUMBER else p.shape
            if key == "momentum_buffer" and value is None:  # of SGD, before its second step
                continue
            if (
                not isinstance(value, Tensor)
                or value.layout != torch.strided
                or not (value.is_floating_point() or p.is_complex())
            ):
                return f"{key}: expected a tensor of floating-point numbers; found {value!r:.40}"
            if value.shape != expected:
                return f"{key} has the shape {list(value.shape)}, expected {list(expected)}"
            if key == "step" and not 0 <= value.item() < math.inf:
                return f"step is {value.item()}"
    return None
