"""The output of ``estimate``: a table of the stages of a run, and JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vidgen_bench.escaping import one_line
from vidgen_bench.experiments.estimate.amounts import duration, size
from vidgen_bench.experiments.estimate.probe import Probed
from vidgen_bench.experiments.run.plan import Plan


def render(plan: Plan, probed: Probed) -> Group:
    """Return the estimate for a terminal."""
    found = probed.estimate
    head = Text.assemble(
        (one_line(f"{plan.composition.resolved}, on {plan.track.name}"), "bold"),
        f"\none run on {one_line(probed.hardware)} ({probed.device}), budget {plan.track.budget}",
    )
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    for part in found.parts:
        if part.seconds:
            table.add_row(part.name, part.amount, duration(part.seconds))
    table.add_row(Text("total", "bold"), "", Text(duration(found.seconds), "bold"))
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(no_wrap=True)
    facts.add_column()
    facts.add_row("each further seed", duration(found.further_seconds))
    facts.add_row("device-hours of training", f"{found.device_hours:.3g}")
    facts.add_row("peak memory", size(found.memory_bytes) if found.memory_bytes else "unknown on this system")
    facts.add_row("disk", f"{size(found.run_bytes)} in the run folder, {size(found.cache_bytes)} more in the cache")
    beneath = Text(
        "Not included: the start of the process and the time to write files. Other programs on the machine make it slower.",
        "dim",
    )
    return Group(head, Padding(table, (1, 0, 1, 0), expand=False), facts, Padding(beneath, (1, 0, 0, 0), expand=False))


def json_values(plan: Plan, probed: Probed) -> dict[str, Any]:
    """Return the estimate as plain values for JSON; times are in seconds."""
    found = probed.estimate
    return {
        "spec": str(plan.composition.resolved),
        "track": {"name": plan.track.name, "fingerprint": plan.track.fingerprint},
        "budget": plan.track.budget.limits,
        "machine": {"hardware": probed.hardware, "device": probed.device, "threads": probed.threads},
        "seconds": found.seconds,
        "further_seconds": found.further_seconds,
        "iterations": found.iterations,
        "device_hours": found.device_hours,
        "memory_bytes": found.memory_bytes or None,
        "disk_bytes": {"run": found.run_bytes, "cache": found.cache_bytes},
        "parts": [dataclasses.asdict(part) for part in found.parts],
        "measured": dataclasses.asdict(probed.costs),
    }
