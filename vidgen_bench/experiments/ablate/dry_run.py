"""The output of ``ablate --dry-run``: every distinct run, its state, and the total cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from vidgen_bench.config.cell import Cell
from vidgen_bench.config.spec import spelt
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.escaping import one_line
from vidgen_bench.experiments.ablate.members import Ablation, Job, Key, Member
from vidgen_bench.experiments.estimate.amounts import duration
from vidgen_bench.experiments.estimate.earlier_runs import Expected, expected, machine_for
from vidgen_bench.experiments.run.changed_code import changed
from vidgen_bench.experiments.run.plan import Plan
from vidgen_bench.leaderboard.render.grid import simple_table
from vidgen_bench.system.regular_files import is_there

_CHANGED = "changed: the code has changed since; --again starts over, --accept-changed-code goes on."

_SHOWN = ("variant", "pairing")
"""The origins of the options that each run lists; its spec already shows the given ones, and the head names the tracks."""


Plans = Mapping[Key, Plan]
"""The plans of the distinct models; empty if they cannot be made."""


def state(job: Job, plans: Plans) -> str:
    """Return ``done``, ``begun``, ``to do``, or ``changed`` for a run whose code has changed since it began."""
    folder = job.folder
    plan = plans.get(job.member.key)
    with suppress(VidgenBenchError):  # a folder that is damaged or another run's says so when its turn comes
        if plan is not None and plan.request.where_changed != "accept" and changed(plan, job.seed):
            return "to do" if plan.request.where_changed == "start over" else "changed"
    if folder.is_finished():
        return "done"
    return "begun" if is_there(folder.path / "request.json") else "to do"


def totals(jobs: Sequence[Job]) -> dict[str, float]:
    """Return the sums of the runs' budgets: ``{"iterations": 800000}``."""
    sums: dict[str, float] = {}
    for job in jobs:
        for kind, amount in job.member.track.budget.limits.items():
            sums[kind] = sums.get(kind, 0) + amount
    return sums


def expectations(ablation: Ablation) -> dict[Key, Expected]:
    """Return the cost of one run of each distinct model that earlier runs on this hardware know."""
    found: dict[Key, Expected] = {}
    for member in {job.member.key: job.member for job in ablation.jobs}.values():
        machine = machine_for(member.request)
        if machine is not None and member.composition is not None:
            cost = expected(member.composition.resolved, member.track, member.request.runs, machine)
            found |= {} if cost is None else {member.key: cost}
    return found


def json_values(ablation: Ablation, plans: Plans) -> dict[str, Any]:
    """Return the plan as plain values for JSON; ``estimate`` is None for runs that no earlier run is like."""
    left = [job for job in ablation.jobs if state(job, plans) != "done"]
    costs = expectations(ablation)
    return {
        "suite": ablation.suite.name,
        "metric": ablation.metric,
        "runs": [
            {
                "spec": job.member.spec,
                "options": {k: s.model_dump(mode="json") for k, s in _settings(job.member).items()},
                "track": {"name": job.member.track.name, "fingerprint": job.member.track.fingerprint},
                "seed": job.seed,
                "budget": job.member.track.budget.limits,
                "state": state(job, plans),
                "estimate": dataclasses.asdict(costs[job.member.key]) if job.member.key in costs else None,
                "folder": str(job.folder.path),
                "cells": [list(place) for place in job.cells],
            }
            for job in ablation.jobs
        ],
        "does_not_fit": [
            {"spec": m.spec, "cell": [m.cell.row, m.cell.column], "reason": m.misfit}
            for m in ablation.members
            if m.misfit
        ],
        "records": [
            {"record": str(r.path), "spec": r.spec, "cell": [r.cell.row, r.cell.column]} for r in ablation.recorded
        ],
        "published_alone": [[cell.row, cell.column] for cell in _published_alone(ablation)],
        "total": totals(ablation.jobs),
        "left": totals(left),
        "left_estimate": _left(left, costs),
    }


def render_terminal(ablation: Ablation, plans: Plans) -> RenderableType:
    """Return the list of runs for a terminal."""
    table = simple_table()
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("run", overflow="fold", min_width=18)
    table.add_column("seed", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("cells", overflow="fold")
    tracks = list({(t := job.member.track).fingerprint: t for job in ablation.jobs}.values())
    for number, job in enumerate(ablation.jobs, start=1):
        lines = [*_chosen(job.member), *([f"track {job.member.track.name}"] if len(tracks) > 1 else [])]
        run = Text.assemble((job.member.spec, "bold"), *((f"\n{one_line(line)}", "dim") for line in lines))
        places = Text("\n".join(one_line(", ".join(place)) for place in job.cells))
        table.add_row(str(number), run, str(job.seed), state(job, plans), places)
    for member in (m for m in ablation.members if m.misfit):
        run = Text.assemble((member.spec, "bold"), (f"\n{one_line(member.misfit or '')}", "dim"))
        table.add_row("", run, "", "does not fit", Text(one_line(f"{member.cell.row}, {member.cell.column}")))
    for recorded in ablation.recorded:
        run = Text.assemble((one_line(recorded.spec), "bold"), (f"\n{one_line(str(recorded.path))}", "dim"))
        table.add_row("", run, "", "record", Text(one_line(f"{recorded.cell.row}, {recorded.cell.column}")))
    for cell in _published_alone(ablation):
        table.add_row("", "", "", "published", Text(one_line(f"{cell.row}, {cell.column}")))
    left = [job for job in ablation.jobs if state(job, plans) != "done"]
    beneath = Text(
        f"{_sum(ablation.jobs)}; {f'still to do: {_sum(left)}' if left else 'all done'}.{_outlook(left, ablation)}"
        if ablation.jobs
        else "Nothing to run: every cell has a record or a published number."
    )
    if any(state(job, plans) == "changed" for job in ablation.jobs):
        beneath.append(f"\n{_CHANGED}")
    head = Text.assemble(
        (one_line(ablation.suite.title or ablation.suite.name), "bold cyan"),
        *((f"\ntrack {t.name} {t.fingerprint}, budget {t.budget}", "dim") for t in tracks or [ablation.track]),
    )
    return Group(Padding(head, (0, 0, 1, 0)), table, Padding(beneath, (1, 0, 0, 0)))


def _published_alone(ablation: Ablation) -> list[Cell]:
    """Return the cells that show a published number and nothing of ours."""
    return [cell for cell in ablation.suite.cells if not cell.models]


def _left(left: Sequence[Job], costs: Mapping[Key, Expected]) -> dict[str, float]:
    """Return the sums over the runs still to do whose cost is known, and how many these are."""
    known = [costs[job.member.key] for job in left if job.member.key in costs]
    return {
        "runs": len(known),
        "of": len(left),
        "seconds": sum(cost.seconds for cost in known),
        "device_hours": sum(cost.device_hours for cost in known),
    }


def _outlook(left: Sequence[Job], ablation: Ablation) -> str:
    """Return a line on the time of the runs still to do, from earlier runs on this hardware."""
    if not left:
        return ""
    sums = _left(left, expectations(ablation))
    if not sums["runs"]:
        return "\nTime: no earlier run on this hardware; `vidgen-bench estimate SPEC` measures a few iterations."
    several = f"{sums['runs']} of these {sums['of']} runs" if sums["runs"] < sums["of"] else "them"
    return (
        f"\nTime for {several}, by earlier runs on this hardware: {duration(sums['seconds'])}, "
        f"{sums['device_hours']:.3g} device-hours."
    )


def _settings(member: Member) -> dict[str, Any]:
    return member.composition.resolved.settings if member.composition else {}


def _chosen(member: Member) -> list[str]:
    """Return the options that the variant and the pairing set, one line per origin."""
    lines = []
    for origin in _SHOWN:
        found = {k: s.value for k, s in _settings(member).items() if s.origin == origin}
        if found:
            lines.append(f"{origin}: {' '.join(f'{name}={spelt(value)}' for name, value in found.items())}")
    return lines


def _sum(jobs: Sequence[Job]) -> str:
    """Return ``8 runs, 800,000 iterations``."""
    limits = [
        f"{f'{n:,.0f}' if n % 1 == 0 else f'{n:,.4g}'} {kind.replace('_', '-')}" for kind, n in totals(jobs).items()
    ]
    return ", ".join([f"{len(jobs)} run{'' if len(jobs) == 1 else 's'}", *limits])
