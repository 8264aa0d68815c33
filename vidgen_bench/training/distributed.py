"""Training on several processes: mean gradients, batch-norm statistics over the whole batch, decisions and writes by rank 0.

Losses are means over rows, so the mean of the processes' gradients is the gradient of the whole batch. Batch norm is
synchronised by intercepting the function instead of replacing modules: modules held by closures work too, and gloo suffices.
"""

from __future__ import annotations

import atexit
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.overrides import TorchFunctionMode

from vidgen_bench.errors import RequestError, VidgenBenchError

_MOST_PROCESSES = 100_000


@dataclass(frozen=True)
class Process:
    """This process among ``world``; rank 0 evaluates and writes."""

    rank: int = 0
    world: int = 1

    @classmethod
    def of_environment(cls, device: torch.device) -> Process:
        """Join the group that ``torchrun`` describes in the environment, once per process; if it describes none, return a single process.

        Raises:
            RequestError: some of torchrun's variables are missing or have values that torchrun never gives.
        VidgenBenchError: the processes cannot reach each other.
        """
        if os.environ.get("WORLD_SIZE", "1") == "1":
            return cls()
        if problem := _problem(os.environ):
            raise RequestError(f"{problem}. Start several processes with torchrun, or unset WORLD_SIZE.")
        # the group is kept for later runs: a process that left it could not join again, as the old addresses stay stored
        if not dist.is_initialized():
            try:
                dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=timedelta(hours=12))
            except (RuntimeError, ValueError) as error:  # the port is in use, or the first process is not there
                reason = " ".join(str(error).split())[:200]
                raise VidgenBenchError(
                    f"The processes could not join each other: {reason}. Start them again."
                ) from None
            atexit.register(dist.destroy_process_group)
        return cls(dist.get_rank(), dist.get_world_size())

    def mean(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the mean of each tensor over the processes, with a single all-reduce."""
        if self.world == 1:
            return tensors
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        flat /= self.world
        return [part.view_as(t) for part, t in zip(flat.split([t.numel() for t in tensors]), tensors, strict=True)]

    def agree(self, value: bool) -> bool:
        """Return rank 0's value on every process."""
        if self.world == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return bool(box[0])

    def first(self, work: Callable[[], Any]) -> Any:
        """Do the work on rank 0 while the others wait; return its result on rank 0, None elsewhere.

        Raises:
            VidgenBenchError: the work failed. The other processes raise too, with the same exit code, so that none keeps waiting.
        """
        if self.world == 1:
            return work()
        result, failure = None, None
        if self.rank == 0:
            try:
                result = work()
            except Exception as error:
                failure = error
        box = [failure and (getattr(failure, "exit_code", 1), str(failure))]
        dist.broadcast_object_list(box, src=0)
        if failure:
            raise failure
        if box[0]:
            raise _failed_elsewhere(*box[0])
        return result

    def barrier(self) -> None:
        """Wait for every process: if one leaves the group early, gloo aborts the others."""
        if self.world > 1:
            dist.barrier()

    def batch_norm(self) -> Any:
        """Return a context in which batch norm computes its statistics over all processes."""
        return nullcontext() if self.world == 1 else SynchronisedBatchNorm(self.world)


def _problem(environment: Mapping[str, str]) -> str | None:
    """Return what is wrong with torchrun's variables, or None; torch itself would wait for hours for a rank that cannot exist."""
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if not environment.get(name)]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        return f"WORLD_SIZE={environment['WORLD_SIZE']} is set, but {', '.join(missing)} {verb} not set"
    world = _whole(environment["WORLD_SIZE"], 1, _MOST_PROCESSES)
    if world is None:
        return f"WORLD_SIZE={environment['WORLD_SIZE']}: expected a number of processes from 1 to {_MOST_PROCESSES:,}"
    for name, least, most in (("RANK", 0, world - 1), ("MASTER_PORT", 1, 65535)):
        if _whole(environment[name], least, most) is None:
            return f"{name}={environment[name]}: expected a number from {least} to {most}"
    try:
        socket.getaddrinfo(environment["MASTER_ADDR"], None)
    except (OSError, UnicodeError) as error:
        return f"MASTER_ADDR={environment['MASTER_ADDR']}: no machine has this name ({error})"
    return None


def _whole(text: str, least: int, most: int) -> int | None:
    """Return the number that a text gives, or None if it is not one from ``least`` to ``most``."""
    valid = text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most
    return int(text) if valid else None


def _failed_elsewhere(exit_code: int, text: str) -> VidgenBenchError:
    """Return the error that the other processes raise when rank 0 ends with an error or Ctrl-C."""
    error = VidgenBenchError(f"The first process ended: {text}")
    error.exit_code = exit_code
    return error


class _Sum(torch.autograd.Function):
    """The sum over processes; its gradient is the sum of the processes' gradients."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        value = value.clone()
        dist.all_reduce(value)
        return value

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        grad = grad.clone()
        dist.all_reduce(grad)
        return grad


class SynchronisedBatchNorm(TorchFunctionMode):
    """Batch norm over the rows of every process, in place of ``torch.nn.functional.batch_norm``."""

    def __init__(self, world: int) -> None:
        super().__init__()
        self._world = world

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.nn.functional.batch_norm:
            return self._batch_norm(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _batch_norm(
        self,
        input: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        if not training:
            return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, False)
        axes = [0, *range(2, input.ndim)]
        count = input.numel() // input.shape[1] * self._world
        mean = _Sum.apply(input.sum(axes)) / count
        shape = [1, -1] + [1] * (input.ndim - 2)
        centred = input - mean.view(shape)
        variance = _Sum.apply((centred * centred).sum(axes)) / count
        if running_mean is not None and running_var is not None:
            with torch.no_grad():
                running_mean.lerp_(mean.to(running_mean.dtype), momentum)
                running_var.lerp_((variance * (count / max(count - 1, 1))).to(running_var.dtype), momentum)
        out = centred * torch.rsqrt(variance + eps).view(shape)
        out = out * weight.view(shape) if weight is not None else out
        return out + bias.view(shape) if bias is not None else out
