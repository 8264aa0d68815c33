"""Makes every check, one after the other; a check that fails itself is a fault like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from vidgen_bench.escaping import printable
from vidgen_bench.experiments.doctor.decoders import check_decoders
from vidgen_bench.experiments.doctor.device import check_device, check_threads, check_torch
from vidgen_bench.experiments.doctor.finding import Finding
from vidgen_bench.experiments.doctor.plugins import check_instruments, check_plugins
from vidgen_bench.experiments.doctor.software import check_extras, check_libraries, check_python
from vidgen_bench.experiments.doctor.storage import check_disk, check_folders
from vidgen_bench.host.host import Host


def examine(host: Host, runs: Path) -> Iterator[Finding]:
    """Yield what the checks find, as soon as each is made.

    Args:
        host: the plugins of this environment.
        runs: the folder of runs.
    """
    checks: dict[str, Callable[[], Finding | list[Finding]]] = {
        "python": check_python,
        "libraries": check_libraries,
        "torch": check_torch,
        "device": check_device,
        "threads": check_threads,
        "decoders": check_decoders,
        "plugins": lambda: check_plugins(host),
        "instruments": lambda: check_instruments(host),
        "folders": lambda: check_folders(runs),
        "disk": lambda: check_disk(runs),
        "extras": check_extras,
    }
    for name, check in checks.items():
        try:
            found = check()
        except Exception as error:  # what breaks a check may break anything
            text = f"the check failed: {type(error).__name__}: {printable(str(error), 300)}"
            found = Finding(name, "fault", text, "please report it, with the output of `vidgen-bench doctor --json`")
        yield from found if isinstance(found, list) else [found]
