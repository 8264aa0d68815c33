"""The output of ``run --dry-run``: every setting and its origin."""

from __future__ import annotations

from contextlib import suppress

from rich.console import Console
from rich.table import Table

from vidgen_bench.config.spec import spelt
from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.estimate.amounts import duration, size
from vidgen_bench.experiments.run.changed_code import changed
from vidgen_bench.experiments.run.plan import Plan


def print_plan(console: Console, plan: Plan, seeds: list[int]) -> None:
    """Print the resolved plan."""
    track, composition = plan.track, plan.composition
    facts = Table.grid(padding=(0, 2))
    facts.add_column()
    facts.add_column(overflow="fold")
    rows = {
        "spec": str(composition.resolved),
        "track": f"{track.name}  {track.fingerprint}" + ("" if track.ranked else "  (ranks nothing)"),
        "data": f"{track.data.name}, split {track.data.split}, {track.clip.frames} frames of {track.clip.size}x{track.clip.size}",
        **_protocols(plan),
        "selection": f"best checkpoint by {track.evaluation.select.upper()}",
        "evaluation": f"every {track.evaluation.every} iterations on {track.evaluation.samples} samples; "
        f"final {track.evaluation.final.batches} x {track.evaluation.final.samples}",
        "budget": str(track.budget),
        "precision of training": track.training.precision,
        **_temporal(plan),
        "beyond the training frames": ", ".join(sorted(composition.can)) or "nothing",
        "estimate": _estimate(plan),
        "seeds": ", ".join(map(str, seeds)),
        "folder": ", ".join(str(plan.folder(s).path) for s in seeds),
        **_changed_code(plan, seeds),
    }
    for word, text in rows.items():
        facts.add_row(word, text)
    console.print(facts, highlight=False)
    options = Table("option", "value", "from", pad_edge=False)
    for key, setting in composition.resolved.settings.items():
        options.add_row(
            key, spelt(setting.value), setting.origin, style=None if setting.origin == "default" else "bold"
        )
    console.print(options)


def _changed_code(plan: Plan, seeds: list[int]) -> dict[str, str]:
    """Return a row on the code that has changed since a run began, if any has."""
    found = []
    for seed in seeds:
        with suppress(VidgenBenchError):  # a folder that is damaged or another run's: the run says so
            if change := changed(plan, seed):
                found.append(f"seed {seed}: {', '.join(change.packages)}")
    text = f"changed since the run began: {'; '.join(found)}; --again starts over, --accept-changed-code goes on"
    return {"code": text} if found else {}


def _estimate(plan: Plan) -> str:
    """Return the cost of one run as earlier runs had it, or the command that measures it."""
    from vidgen_bench.experiments.estimate.earlier_runs import expected, machine_for

    machine = machine_for(plan.request)
    found = machine and expected(plan.composition.resolved, plan.track, plan.request.runs, machine)
    if not found:
        return "no earlier run of this model on this hardware; `vidgen-bench estimate` measures a few iterations"
    runs = f"{found.runs} earlier run{'' if found.runs == 1 else 's'} on this hardware"
    return f"{duration(found.seconds)} per seed, {found.device_hours:.3g} device-hours, {size(found.memory_bytes)} of memory (from {runs})"


def _protocols(plan: Plan) -> dict[str, str]:
    """Return one row per protocol: its instrument and metrics, or the reason why the run leaves it out."""
    rows = {}
    for resolved in plan.resolved_track.protocols:
        extra = [c.plugin.name for c in resolved.metrics if c.extra]
        watched = ", ".join(c.metric.title for c in resolved.watched)
        rows[f"protocol {resolved.protocol.name}"] = (
            f"{resolved.instrument_plugin.name} {resolved.sha256[:12]}, {resolved.protocol.precision}, "
            f"{plan.resolved_track.batches(resolved)} x {resolved.protocol.samples} samples: {watched}"
            + (f"; extra, on the final samples: {', '.join(extra)}" if extra else "")
        )
    rows |= {f"protocol {name}": f"left out: {reason}" for name, reason in plan.resolved_track.skipped.items()}
    return rows


def _temporal(plan: Plan) -> dict[str, str]:
    """Return the row of the temporal generator, or no row for a backbone without one."""
    import torch

    from vidgen_bench.latent import count

    composition = plan.composition
    if composition.temporal is None or composition.latent is None:
        return {}
    with torch.device("meta"):
        module = composition.unseeded_temporal()
    assert module is not None
    own = composition.latent.parameters
    beside = f" (the backbone's own {composition.backbone.own}: {own:,})" if own is not None else ""
    return {"G_t": f"{composition.temporal.name}, {count(module):,} parameters{beside}"}
