"""Calls of Slurm's commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from vidgen_bench.errors import VidgenBenchError

COMMANDS = ("sbatch", "squeue", "scontrol", "scancel")
"""All that is needed; srun and scontrol are called on the node, too."""

PATIENCE = 120
"""Seconds after which a command of Slurm that does not answer is given up."""


def missing_commands() -> list[str]:
    """Return the commands that are not on the PATH."""
    return [name for name in COMMANDS if shutil.which(name) is None]


def call(arguments: Sequence[str], script: bytes = b"") -> str:
    """Return what a command of Slurm prints.

    Args:
        arguments: the command and its arguments.
        script: its standard input.
    Raises:
        VidgenBenchError: the command failed or did not answer; the text has its own words.
    """
    try:
        done = subprocess.run(
            arguments, input=script, env=environment(os.environ), capture_output=True, timeout=PATIENCE
        )
    except FileNotFoundError:
        raise VidgenBenchError(
            f"{arguments[0]} not found: start the command on a machine of the Slurm cluster."
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VidgenBenchError(
            f"{arguments[0]} did not answer: {error}. The cluster's controller may be down."
        ) from None
    if done.returncode:
        words = " ".join(done.stderr.decode(errors="replace").split()) or f"exit code {done.returncode}"
        raise VidgenBenchError(f"{arguments[0]} failed: {words}")
    return done.stdout.decode(errors="replace")


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the variables of a Slurm job, which would pass its limits on to the jobs that it submits."""
    return {name: value for name, value in variables.items() if not name.startswith("SLURM_") or name == "SLURM_CONF"}
