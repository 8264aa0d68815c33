"""Provenance of results: hardware, library versions, code revision."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch

from vidgen_bench.version import __version__


def hardware(device: torch.device, threads: int | None = None) -> str:
    """Return the device's model: the GPU's name, or the processor's name and the number of threads, torch's unless given."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        models = []
    threads = threads or torch.get_num_threads()
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {threads} thread{'' if threads == 1 else 's'}"


def device_name(device: torch.device) -> str:
    """Return a device with its model, ``cuda:0 NVIDIA H100``, or ``cpu``."""
    return f"{device} {torch.cuda.get_device_name(device)}" if device.type == "cuda" else str(device)


def libraries(device: torch.device) -> dict[str, str]:
    """Return the versions of the libraries, apart from torch, that decode videos and compute features."""
    found = {name: version(name) for name in ("numpy", "av", "pillow")}
    if device.type == "cuda":
        found |= {"cuda": str(torch.version.cuda), "cudnn": str(torch.backends.cudnn.version())}
    return found


@cache
def revision() -> str:
    """Return the git commit of this checkout (with ``+changes`` if it is dirty), or the package version if it is installed.

    It is read once per process, which goes on with the code that it began with. Nothing is written to the checkout, not even git's index.
    """
    here = Path(__file__).resolve().parents[1]
    if not (here.parent / ".git").exists():
        return f"version {__version__}"

    def git(*words: str) -> str:
        quiet = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", *words]
        done = subprocess.run(
            quiet, cwd=here, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=True
        )
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+changes" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
        return f"version {__version__}"
