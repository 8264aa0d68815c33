"""Ray for tests: whether it is there, the environment in which two GPUs are pretended, and the processes that it leaves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.kit.launched_runs import command_of


def require_ray() -> None:
    """Skip the test where Ray is missing; fail where VIDGEN_BENCH_REQUIRE_RAY says that it is there."""
    if find_spec("ray") is not None:
        return
    reason = "Ray is not installed; install it with: pip install 'vidgen-bench[ray]'"
    if os.environ.get("VIDGEN_BENCH_REQUIRE_RAY"):
        pytest.fail(reason)
    pytest.skip(reason)


def ray_environment(gpus: int = 2) -> dict[str, str]:
    """Return variables with which a Ray of one machine has two cores and some GPUs, and writes nothing to the home folder."""
    return {
        "RAY_OVERRIDE_RESOURCES": f'{{"CPU": 2, "GPU": {gpus}}}',
        "RAY_AUTH_TOKEN": "0123456789abcdef" * 4,
        "RAY_USAGE_STATS_ENABLED": "0",
    }


@contextmanager
def ray_cluster() -> Iterator[Any]:
    """Yield a Ray cluster on this machine whose head runs no jobs and notices within seconds that a node is gone."""
    from ray.cluster_utils import Cluster

    noticing = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 500, "health_check_failure_threshold": 4}
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, "_system_config": noticing}
    )
    try:
        yield cluster
    finally:
        cluster.shutdown()


def parent_of(pid: int) -> int:
    """Return the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def descendants(pid: int) -> set[int]:
    """Return the processes below a process."""
    parents = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                parents[int(place.name)] = parent_of(int(place.name))
            except OSError:
                continue
    found, layer = set[int](), {pid}
    while layer := {child for child, parent in parents.items() if parent in layer}:
        found |= layer
    return found


def alive(pids: set[int]) -> dict[int, str]:
    """Return those of some processes that still run, with their command lines."""
    return {pid: command for pid in pids if (command := command_of(pid))}
