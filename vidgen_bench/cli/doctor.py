"""``vidgen-bench doctor``: check this machine and installation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import AsJson, output, print_json
from vidgen_bench.errors import VidgenBenchError

if TYPE_CHECKING:
    from rich.console import Console

    from vidgen_bench.experiments.doctor.finding import Finding

_STYLES = {"ok": "green", "note": "yellow", "fault": "bold red"}


def doctor(
    runs: Annotated[Path, typer.Option(help="Folder of runs to check.")] = Path("runs"),
    as_json: AsJson = False,
) -> None:
    """Check what runs need: Python, torch, device, decoders, plugins, weights, folders, disk. Exit with 1 if something is broken."""
    from vidgen_bench.experiments.doctor.examine import examine
    from vidgen_bench.host.host import Host

    console, found = output(), []
    for finding in examine(Host.of_environment(), runs):
        found.append(finding)
        if not as_json:
            _print(console, finding)
    faults = [finding for finding in found if finding.state == "fault"]
    if as_json:
        print_json({"healthy": not faults, "findings": [finding.values() for finding in found]})
    elif not faults:
        console.print("Nothing is broken.")
    if faults:
        raise VidgenBenchError(
            f"Broken: {', '.join(dict.fromkeys(finding.name for finding in faults))}. Each has its fix beside it."
        )


def _print(console: Console, finding: Finding) -> None:
    """Print a finding on one line or a few, its fix below."""
    from rich.table import Table
    from rich.text import Text

    from vidgen_bench.escaping import lines

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=5)
    grid.add_column(width=11)
    grid.add_column(overflow="fold")
    grid.add_row(Text(finding.state, _STYLES[finding.state]), Text(finding.name, "bold"), Text(lines(finding.text)))
    if finding.fix:
        grid.add_row(
            "", "", Text(f"fix: {lines(finding.fix)}" if finding.state == "fault" else lines(finding.fix), "dim")
        )
    console.print(grid)
