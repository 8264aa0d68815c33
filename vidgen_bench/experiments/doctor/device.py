"""torch, the device and the threads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_bench.escaping import printable
from vidgen_bench.experiments.doctor.finding import Finding
from vidgen_bench.system.regular_files import read_file
from vidgen_bench.system.waiting import POLICY, wait_policy

_NVIDIA = Path("/proc/driver/nvidia/version")
"""It is there if the driver of an NVIDIA GPU is loaded."""

_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")

_INSTALL = "install the build of torch for this machine: https://pytorch.org/get-started/locally/"


def check_torch() -> Finding:
    """Return the version of torch, or why it does not work."""
    try:
        import torch

        product = torch.ones(64, 64) @ torch.ones(64, 64)
        works = bool((product == 64).all())
    except Exception as error:  # a broken installation may raise anything
        return Finding("torch", "fault", f"torch cannot be used: {_words(error)}", _INSTALL)
    if not works:
        return Finding("torch", "fault", f"torch {torch.__version__} multiplies matrices wrongly on this CPU", _INSTALL)
    return Finding("torch", "ok", f"torch {torch.__version__}", details={"torch": torch.__version__})


def check_device() -> Finding:
    """Return the device that ``--device auto`` chooses, after a small computation on it."""
    try:
        import torch

        from vidgen_bench.system.device import choose_device
        from vidgen_bench.system.provenance import hardware
    except Exception:  # check_torch says why
        return Finding("device", "fault", "not known without torch", _INSTALL)
    try:
        device = choose_device("auto")
        float(torch.ones(8, 8, device=device).sum())
    except (RuntimeError, RequestError) as error:
        return Finding(
            "device", "fault", f"the GPU cannot be used: {_words(error)}", f"use --device cpu, or {_INSTALL}"
        )
    details: dict[str, Any] = {"device": str(device), "hardware": hardware(device), "cuda": torch.version.cuda}
    if device.type == "cuda":
        details["memory"] = torch.cuda.get_device_properties(device).total_memory
        details["gpus"] = torch.cuda.device_count()
        text = f"{details['gpus']} x {details['hardware']}, {details['memory'] / 2**30:.0f} GiB each, CUDA {torch.version.cuda}"
        return Finding("device", "ok", text, details=details)
    if _NVIDIA.exists() and os.environ.get("CUDA_VISIBLE_DEVICES") not in ("", "-1"):  # not hidden on purpose
        why = "this torch is built for CPUs only" if torch.version.cuda is None else "torch sees none"
        return Finding("device", "fault", f"cpu, although this machine has an NVIDIA GPU: {why}", _INSTALL, details)
    return Finding("device", "ok", f"cpu, {details['hardware'].rpartition(',')[0]}; no NVIDIA GPU", details=details)


def check_threads() -> Finding:
    """Return how many threads torch uses, and how many cores this process may use."""
    cores, given = usable_cores(), os.environ.get("OMP_NUM_THREADS", "")
    try:
        import torch

        threads = torch.get_num_threads()
    except Exception:  # check_torch says why
        return Finding("threads", "fault", "not known without torch", _INSTALL)
    details = {"torch": threads, "cores": cores, "OMP_NUM_THREADS": given, POLICY: wait_policy()}
    text = f"torch uses {threads}, this process may use {cores:g} cores; OMP_NUM_THREADS is {printable(given, 20) if given else 'not set'}"
    if threads > cores:
        number = max(int(cores), 1)
        return Finding(
            "threads",
            "note",
            f"{text}: they get in each other's way",
            f"pass --threads {number}",
            details,
        )
    if wait_policy() == "active":
        return Finding(
            "threads",
            "note",
            f"{text}; idle threads spin ({POLICY}=active)",
            f"unset {POLICY} where other programs run, too",
            details,
        )
    return Finding("threads", "ok", text, details=details)


def usable_cores() -> float:
    """Return the cores that this process may use: those that it may run on, or the share that its container grants."""
    count = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    try:
        quota, period = read_file(_CPU_MAX, most=1000).decode().split()
        return min(count, int(quota) / int(period))
    except (OSError, ValueError, ZeroDivisionError, VidgenBenchError):  # no container, or one without a limit
        return count


def _words(error: BaseException) -> str:
    return printable(" ".join(f"{type(error).__name__}: {error}".split()), 300)
