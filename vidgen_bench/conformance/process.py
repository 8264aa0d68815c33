"""What belongs to the whole process: a case may not change it, and what it did change is put back."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from vidgen_bench.conformance.nonconformance import demand


@dataclass(frozen=True)
class Setting:
    """One thing that all code of a process shares."""

    name: str
    get: Callable[[], Any]
    put: Callable[[Any], None]
    shown: bool = True
    """Whether its value says something to a reader."""


def _folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # somebody removed it
        return None


def _go(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _deterministic(level: int) -> None:
    torch.set_deterministic_debug_mode(level)


def numpy_state() -> tuple[Any, ...]:
    """Return the state of numpy's global random numbers as a value that can be compared."""
    state: Any = np.random.get_state(legacy=True)
    kind, numbers, *rest = state
    return (kind, numbers.tobytes(), *rest)


def _set_numpy(state: tuple[Any, ...]) -> None:
    kind, numbers, *rest = state
    np.random.set_state((kind, np.frombuffer(numbers, dtype=np.uint32), *rest))


SETTINGS = (
    Setting("torch's gradient mode (torch.set_grad_enabled)", torch.is_grad_enabled, torch._C._set_grad_enabled),
    Setting("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
    Setting("torch's number of threads", torch.get_num_threads, torch.set_num_threads),
    Setting("torch's deterministic mode", torch.get_deterministic_debug_mode, _deterministic),
    Setting("the working directory", _folder, _go),
    Setting("the state of Python's `random`", random.getstate, random.setstate, shown=False),
    Setting("the state of numpy's global random numbers", numpy_state, _set_numpy, shown=False),
)
"""Torch's own random numbers are put back, too; the check ``quiet`` asks for them."""


def ask_as_it_was(run: Callable[[], None]) -> None:
    """Call something, put back what it changed of the process, and ask that it changed nothing.

    Raises:
        Nonconformance: it changed something; whatever else it raises comes first.
    """
    before, generator = [setting.get() for setting in SETTINGS], torch.get_rng_state()
    try:
        run()
    finally:
        changed = []
        for setting, was in zip(SETTINGS, before, strict=True):
            now = setting.get()
            if now != was:
                setting.put(was)
                changed.append(f"{setting.name} ({was} before, {now} after)" if setting.shown else setting.name)
        torch.set_rng_state(generator)
    demand(
        not changed,
        f"expected the process to be left as it was: the plugin changed {' and '.join(changed)}. Every other plugin shares it. "
        "Change such a thing for the length of a block and put it back; take random numbers from the noise, in build from torch.",
    )
