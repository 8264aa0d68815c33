"""The launcher local: processes of this machine, one after another or a few side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidgen_bench import hookimpl
from vidgen_bench.api import Handle, Job, option
from vidgen_bench.errors import RequestError


@dataclass(frozen=True)
class LocalOptions:
    """The options of local."""

    jobs: int = option(1, "most processes at the same time", at_least=1, at_most=1024)


@dataclass(frozen=True)
class Local:
    """Starts each job as a child of this process; all of them end with it."""

    name: str = "local"
    api: str = "1.2"
    summary: str = "processes of this machine, one after another or side by side"
    reference: str = "docs/suites.md"
    options: type = LocalOptions
    outlives: bool = False

    def refuses(self, options: LocalOptions) -> None:
        """Refuse nothing: this machine is always there."""

    def submit(self, jobs: Sequence[Job], options: LocalOptions) -> Handle:
        """Start the first of the jobs; :meth:`Handle.poll` starts the others as room is made.

        Raises:
            RequestError: several jobs at a time would share a GPU, which none of them may do.
        """
        if options.jobs > 1 and any(job.gpus for job in jobs):
            raise RequestError(
                f"The launcher local cannot divide GPUs between {options.jobs} jobs at a time. Use --on ray, which gives each job a GPU of "
                "its own; or run one at a time (--jobs 1), or on the CPU (--device cpu)."
            )
        from vidgen_launchers.local.children import Children

        return Children(jobs, options.jobs)

    def attach(self, jobs: Sequence[Job], options: LocalOptions) -> Handle:
        """Return a handle of no jobs: children of an earlier process ended with it."""
        from vidgen_launchers.local.children import Children

        return Children((), options.jobs)


@hookimpl
def vidgen_launchers() -> Sequence[Local]:
    """Register local."""
    return [Local()]
