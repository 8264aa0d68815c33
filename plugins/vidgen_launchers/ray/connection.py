"""Connects to Ray, or starts one on this machine, and checks that the jobs can ever run there."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vidgen_bench.api import Job
from vidgen_bench.errors import RequestError, VidgenBenchError
from vidgen_launchers.ray.resources import needs

if TYPE_CHECKING:
    from vidgen_launchers.ray import RayOptions

_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # what Ray prints to standard output when a worker dies; the events of the jobs have it
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    # it kills workers when memory is short; the process that needs the memory is their child, which the system's own killer finds
    "RAY_memory_monitor_refresh_ms": "0",
    # a worker whose Ray is gone would kill its child, which gets SIGTERM from the system instead and saves its run
    "RAY_kill_child_processes_on_worker_exit": "0",
}
"""How Ray behaves, unless the environment says otherwise; it reads some of them when it is imported."""

_STORE = 2**27
"""Bytes of shared memory for objects: ours are exit codes, and Ray would take a third of the memory."""


def connect(options: RayOptions) -> None:
    """Connect this process to Ray if it is not connected yet; without an address, start a Ray of its own.

    Raises:
        VidgenBenchError: there is no Ray at the address, or none can be started; the text has Ray's own words.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        return
    address = address_of(options)
    local: dict[str, Any] = {}
    if address == "local":
        # nobody else is to reach it, so it listens on this machine alone
        local = {"include_dashboard": False, "object_store_memory": _STORE, "_node_ip_address": "127.0.0.1"}
    in_main = threading.current_thread() is threading.main_thread()
    before, numbers = signal.getsignal(signal.SIGTERM), random.getstate()
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **local)
    except Exception as error:  # Ray raises its own, OSError, RuntimeError and others
        where = "cannot be started on this machine" if local else f"does not answer at {address}"
        raise VidgenBenchError(f"Ray {where}: {' '.join(str(error).split())[:500]}") from None
    finally:
        random.setstate(numbers)
        if in_main:  # Ray replaces the handler that saves the runs
            signal.signal(signal.SIGTERM, before)


def address_of(options: RayOptions) -> str:
    """Return the address that ray.init takes; ``local`` starts a Ray that ends with this process."""
    return options.address or os.environ.get("RAY_ADDRESS") or "local"


def require_room(jobs: Sequence[Job], options: RayOptions) -> None:
    """Refuse jobs that no node can hold: Ray would wait for such a node without a word.

    Raises:
        RequestError: no node has what a job needs, and none will be added.
    """
    import ray

    if options.autoscaling:
        return
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    for job in jobs:
        wanted = needs(job, options)
        if not any(has_room(node, wanted) for node in nodes):
            words = ", ".join(f"{amount:g} {name}" for name, amount in wanted.items())
            raise RequestError(
                f"No node of this Ray has room for {job.name}: it needs {words}, and {_largest(nodes)}. Lower it with --device cpu, "
                "--threads or --set launcher.gpus, .cpus or .memory; --set launcher.autoscaling=true waits for a node that fits."
            )


def has_room(node: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    """Return whether a node with these resources can ever hold a job with these needs."""
    return all(node.get(name, 0) >= amount for name, amount in wanted.items())


def _largest(nodes: Sequence[Mapping[str, float]]) -> str:
    most = {name: max((node.get(name, 0) for node in nodes), default=0) for name in ("CPU", "GPU")}
    return f"the largest nodes have {most['CPU']:g} CPU and {most['GPU']:g} GPU"
