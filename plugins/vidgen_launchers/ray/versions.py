"""Which versions a node has: a run that continues on a node with others would be another run."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, entry_points, version

from vidgen_bench.api import ENTRY_POINT_GROUP
from vidgen_bench.errors import RequestError
from vidgen_launchers.ray.connection import has_room

ANSWER = 120.0
"""Seconds within which a node must say its versions; it starts a Python for that."""


def versions() -> dict[str, str]:
    """Return the version of Python, torch, vidgen-bench and each distribution with plugins; of torch without the kind of build."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    try:
        found["torch"] = version("torch").partition("+")[0]
    except PackageNotFoundError:
        found["torch"] = "none"
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.dist is not None:
            found[point.dist.name] = point.dist.version
    return found


def difference(here: Mapping[str, str], there: Mapping[str, str]) -> str | None:
    """Return what differs on a node, on one line, or None."""
    names = [name for name in sorted({*here, *there}) if here.get(name) != there.get(name)]
    return "; ".join(f"{n} {there.get(n, 'missing')} instead of {here.get(n, 'none')}" for n in names) or None


def require_same_versions(wanted: Sequence[Mapping[str, float]]) -> None:
    """Compare the versions of each node that may run a job with those here.

    Args:
        wanted: what each job needs.
    Raises:
        RequestError: a node has others, or does not have vidgen-bench.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = versions()
    ask = ray.remote(num_cpus=0)(versions)
    nodes = [n for n in ray.nodes() if n["Alive"] and any(has_room(n["Resources"], needed) for needed in wanted)]
    asked = {
        node["NodeManagerHostname"]: ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote()
        for node in nodes
    }
    for host, answer in asked.items():
        try:
            there = ray.get(answer, timeout=ANSWER)
        except ray.exceptions.RayError as error:
            raise RequestError(_refusal(host, f"it cannot run vidgen-bench: {last_line(error)}")) from None
        if wrong := difference(here, there):
            raise RequestError(_refusal(host, f"it has {wrong}"))


def last_line(error: BaseException) -> str:
    """Return the last line of an error of Ray, which holds a whole traceback."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def _refusal(host: str, reason: str) -> str:
    return f"The Ray node {host} is refused: {reason}. Install the same versions on every node, vidgen-bench and plugins included."
