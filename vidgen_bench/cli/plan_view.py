"""What ``run --dry-run`` prints: every choice and where it came from."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from vidgen_bench.plan import Plan
from vidgen_bench.resolve import spelt


def print_plan(console: Console, plan: Plan, seeds: list[int]) -> None:
    """Print the resolved plan."""
    track, composition = plan.track, plan.composition
    facts = Table.grid(padding=(0, 2))
    latent = composition.latent
    rows = {
        "spec": str(composition.resolved),
        "track": f"{track.name}  {track.fingerprint}" + ("" if track.ranked else "  (ranks nothing)"),
        "data": f"{track.data.name}, split {track.data.split}, {track.clip.frames} frames of {track.clip.size}x{track.clip.size}",
        "instrument": f"{plan.instrument.name}  sha256 {plan.instrument_sha256[:16]}",
        "metrics": f"{', '.join(m.title for m in plan.metrics)}; best checkpoint by {track.evaluation.select.upper()}",
        "evaluation": f"every {track.evaluation.every} iterations on {track.evaluation.samples} samples; "
        f"final {track.evaluation.final.batches} x {track.evaluation.final.samples}",
        "budget": str(track.budget),
        "G_t": _temporal(plan),
        "beyond the training frames": ", ".join(sorted(composition.can)) or "nothing",
        "seeds": ", ".join(map(str, seeds)),
        "folder": ", ".join(str(plan.folder(s).path) for s in seeds),
    }
    if latent is None:
        del rows["G_t"]
    for word, text in rows.items():
        facts.add_row(word, text)
    console.print(facts, highlight=False)
    options = Table("option", "value", "from", pad_edge=False)
    for key, setting in composition.resolved.settings.items():
        options.add_row(
            key, spelt(setting.value), setting.origin, style=None if setting.origin == "default" else "bold"
        )
    console.print(options)


def _temporal(plan: Plan) -> str:
    import torch

    from vidgen_bench.latent import count

    composition = plan.composition
    if composition.temporal is None or composition.latent is None:
        return "none"
    with torch.device("meta"):
        module = composition.temporal.build(composition.latent, composition.temporal_options)
    own = composition.latent.parameters
    beside = f" (the backbone's own {composition.backbone.own}: {own:,})" if own is not None else ""
    return f"{composition.temporal.name}, {count(module):,} parameters{beside}"
