"""The state of the whole process: a plugin must not change it, and any change is undone."""

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
    """A setting or state that all code of a process shares."""

    name: str
    get: Callable[[], Any]
    put: Callable[[Any], None]
    shown: bool = True
    """Whether a message shows its value."""


def _folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was removed
        return None


def _change_folder(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def numpy_state() -> tuple[Any, ...]:
    """Return the state of numpy's global random generator as comparable values."""
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
    Setting("torch's deterministic mode", torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    Setting("the working directory", _folder, _change_folder),
    Setting("the state of Python's `random`", random.getstate, random.setstate, shown=False),
    Setting("the state of numpy's global random generator", numpy_state, _set_numpy, shown=False),
)
"""The state of torch's generator is restored as well; the check ``quiet`` covers it."""


def run_and_restore(run: Callable[[], None]) -> None:
    """Call a function, restore the state of the process, and require that the function left it unchanged.

    Raises:
        Nonconformance: the function changed a setting; its own exceptions take precedence.
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
        f"expected the process to be unchanged: the plugin changed {' and '.join(changed)}, which all plugins share. Restore a setting "
        "after use (in a `finally` block); take random numbers from the noise, and in build() from torch.",
    )
