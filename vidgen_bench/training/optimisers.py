"""Optimisers on the device: learning rate and step count are tensors there, so that a step reads nothing from the host.

A CUDA graph replays such a step with other rates; numbers would be frozen into it. Checkpoints hold numbers on every device.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

DEVICES = ("cuda",)
"""Types of the devices on which an optimiser is made ``capturable``, if it can be."""

_BEFORE = "capturable_before"
"""What a placed group remembers; checkpoints do not have it."""


def place(optimiser: Optimizer, device: torch.device) -> None:
    """Make learning rates and step counts tensors on the device, if the optimiser supports it; call it again after loading a state.

    A rate that is already a tensor is the plugin's own choice and stays as it is.
    """
    for group in optimiser.param_groups:
        if device.type in DEVICES and _placeable(group):
            rate = float(group["lr"])
            group.setdefault("initial_lr", rate)
            group[_BEFORE] = group["capturable"]
            group["capturable"] = True
            group["lr"] = torch.full((), rate, dtype=torch.float32, device=device)
            for parameter in group["params"]:
                state = optimiser.state.get(parameter, {})
                if isinstance(state.get("step"), Tensor):
                    state["step"] = state["step"].to(device=device, dtype=torch.float32)


def _placeable(group: dict[str, Any]) -> bool:
    """Return whether a group's rate may become a tensor; one parameter at a time, RMSprop would read it on the host in every step."""
    return "capturable" in group and not isinstance(group["lr"], Tensor) and group.get("foreach") is not False


def set_rate(optimiser: Optimizer, factor: float) -> None:
    """Set every learning rate to ``factor`` times its first value."""
    for group in optimiser.param_groups:
        rate = group["lr"]
        if isinstance(rate, Tensor):
            first = group["initial_lr"] if "initial_lr" in group else group.setdefault("initial_lr", rate.clone())
            rate.fill_(first * factor)
        else:
            group["lr"] = group.setdefault("initial_lr", rate) * factor


def plain_state(optimiser: Optimizer) -> dict[str, Any]:
    """Return the state for a checkpoint, which is the same whether the optimiser is on a device or not."""
    state = optimiser.state_dict()
    return state | {"param_groups": [_plain(group) for group in state["param_groups"]]}


def _plain(group: dict[str, Any]) -> dict[str, Any]:
    """Return a group as it was before :func:`place`, with the rate of now."""
    if _BEFORE not in group:
        return group
    plain = group | {"lr": float(group["lr"]), "capturable": group[_BEFORE]}
    del plain[_BEFORE]
    return plain
