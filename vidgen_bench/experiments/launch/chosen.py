"""The launcher that a command line chooses, with its options and with what each job gets."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vidgen_bench.api import Handle, Job, Launcher
from vidgen_bench.errors import PluginError, RequestError, VidgenBenchError
from vidgen_bench.host.host import Host
from vidgen_bench.host.options import checked

_PREFIX = "launcher."


@dataclass(frozen=True)
class ChosenLauncher:
    """A launcher with its options."""

    declaration: Launcher
    options: Any

    @property
    def name(self) -> str:
        """The name that ``--on`` takes."""
        return self.declaration.name

    @property
    def outlives(self) -> bool:
        """Whether its jobs go on without the process that submitted them."""
        return self.declaration.outlives

    def submit(self, jobs: Sequence[Job]) -> Handle:
        """Start jobs.

        Raises:
            VidgenBenchError: none was started; a fault of the plugin itself is reported with its name.
        """
        return self._ask("submit", jobs)

    def attach(self, jobs: Sequence[Job]) -> Handle:
        """Return a handle of those jobs that an earlier process started and that have not ended.

        Raises:
            VidgenBenchError: their state cannot be read.
        """
        return self._ask("attach", jobs)

    def _ask(self, method: str, jobs: Sequence[Job]) -> Handle:
        try:
            return getattr(self.declaration, method)(tuple(jobs), self.options)
        except VidgenBenchError:
            raise
        except Exception as error:  # a plugin may raise anything
            text = " ".join(str(error).split())
            raise PluginError(
                f"The launcher {self.name!r} failed in {method}: {type(error).__name__}: {text}"
            ) from error


def split_options(pairs: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the pairs of ``--set`` that belong to models, and those of the launcher without their prefix.

    Raises:
        RequestError: a launcher's option has no value, or is given twice.
    """
    others, own = [], dict[str, str]()
    for pair in pairs:
        key, sign, value = (part.strip() for part in pair.partition("="))
        if not key.startswith(_PREFIX):
            others.append(pair)
            continue
        if not sign:
            raise RequestError(f"--set {pair}: expected launcher.OPTION=VALUE, as in --set launcher.jobs=2.")
        if own.setdefault(key.removeprefix(_PREFIX), value) != value:
            raise RequestError(f"--set {key} is given twice.")
    return others, own


def choose_launcher(on: str | None, jobs: int | None, given: dict[str, str], host: Host) -> ChosenLauncher | None:
    """Return the launcher of ``--on``, or ``local`` for ``--jobs``; None if the command line names none.

    Args:
        on: the name of a launcher.
        jobs: the number after ``--jobs``, which is short for ``--on local --set launcher.jobs=N``.
        given: the options of the launcher, from :func:`split_options`.
        host: the installed plugins.
    Raises:
        RequestError: an unknown launcher or option, options that contradict each other, a launcher that cannot start jobs here, or
            torchrun.
    """
    if jobs is not None and on not in (None, "local"):
        raise RequestError(f"--jobs is short for --on local --set launcher.jobs={jobs}; leave it out with --on {on}.")
    if jobs is not None and given.setdefault("jobs", str(jobs)) != str(jobs):
        raise RequestError(f"--jobs {jobs} and --set launcher.jobs={given['jobs']} contradict each other.")
    if on is None and (jobs is None or jobs == 1):
        extra = [name for name in given if name != "jobs" or jobs is None]
        if extra:
            raise RequestError(f"--set launcher.{extra[0]} is an option of a launcher; add --on and its name.")
        return None
    if os.environ.get("WORLD_SIZE", "1") != "1":
        shown = "--jobs" if on is None else "--on"
        raise RequestError(
            f"{shown} runs a process per run; leave it out under torchrun, whose processes share every run."
        )
    found = host.find("launcher", on or "local").declaration
    options = found.options(
        **{name: checked(found.options, name, value, where=f"launcher.{name}") for name, value in given.items()}
    )
    if reason := found.refuses(options):
        raise RequestError(f"The launcher {found.name!r} cannot start jobs here: {reason}")
    return ChosenLauncher(found, options)


def gpus_for(device: str) -> int:
    """Return the number of GPUs that a job needs for ``--device``: none on a CPU, else one; ``auto`` means what this machine has.

    Raises:
        RequestError: the device is one GPU of this machine, which the launcher chooses.
    """
    if re.fullmatch(r"cuda:\d+", device):
        raise RequestError(f"--device {device}: a launcher chooses the GPU of each job; write --device cuda.")
    if device == "auto":
        import torch

        return int(torch.cuda.is_available())
    return int(device == "cuda")
