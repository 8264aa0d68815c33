"""ray: jobs as tasks of Ray, on the GPUs of this machine or on a cluster: the declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidgen_bench import hookimpl
from vidgen_bench.api import Job, option

if TYPE_CHECKING:
    from vidgen_launchers.ray.handle import RayHandle


@dataclass(frozen=True)
class RayOptions:
    """The options of ray."""

    address: str = option(
        "", "a cluster, as ray.init takes it: auto, HOST:PORT; RAY_ADDRESS if empty, else a Ray of its own"
    )
    gpus: int | None = option(None, "GPUs per job, instead of those that vidgen-bench requests", at_least=0)
    cpus: int | None = option(None, "cores per job, instead of those that vidgen-bench requests", at_least=1)
    memory: float | None = option(
        None, "GiB of memory per job, instead of those that vidgen-bench requests", at_least=0.0
    )
    autoscaling: bool = option(
        False, "wait for nodes that do not exist yet, where the cluster adds them as they are needed"
    )


@dataclass(frozen=True)
class Ray:
    """Each job is a Ray task, repeated elsewhere if its worker or node dies; all of them end with this process."""

    name: str = "ray"
    summary: str = "tasks of Ray: the GPUs of this machine, or a Ray cluster"
    api: str = "1.2"
    reference: str = "docs/scale.md"
    options: type = RayOptions
    outlives: bool = False

    def refuses(self, options: RayOptions) -> str | None:
        """Refuse an environment without Ray, which is not imported for it."""
        from importlib.util import find_spec

        return None if find_spec("ray") else "Ray is not installed; install it with: pip install 'vidgen-bench[ray]'"

    def submit(self, jobs: Sequence[Job], options: RayOptions) -> RayHandle:
        """Start a task per job; the first call connects to Ray, or starts one on this machine."""
        from vidgen_launchers.ray.connection import connect, require_room
        from vidgen_launchers.ray.handle import RayHandle
        from vidgen_launchers.ray.resources import needs
        from vidgen_launchers.ray.task import submit_tasks
        from vidgen_launchers.ray.versions import require_same_versions

        connect(options)
        require_room(jobs, options)
        require_same_versions([needs(job, options) for job in jobs])
        return RayHandle(submit_tasks(jobs, options))

    def attach(self, jobs: Sequence[Job], options: RayOptions) -> RayHandle:
        """Return a handle of no jobs: tasks end with the process that submitted them."""
        from vidgen_launchers.ray.handle import RayHandle

        return RayHandle(())


@hookimpl
def vidgen_launchers() -> tuple[Ray, ...]:
    """Return ray."""
    return (Ray(),)
