"""Where a row comes from: its options with their origins, its plugins, its runs, and what can change its last digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vidgen_bench.host.options import option_text
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.leaderboard.different_code import different_code
from vidgen_bench.leaderboard.ranking import Ranked
from vidgen_bench.leaderboard.render import numbers
from vidgen_bench.records.record import Record


@dataclass(frozen=True)
class RunFacts:
    """One run."""

    seed: int
    status: str
    iterations: str
    chosen: str
    """The iteration of the scored checkpoint."""
    hours: str
    file: str
    samples: str
    checkpoint: str
    """SHA-256, or a dash for records of an earlier schema."""


@dataclass(frozen=True)
class Provenance:
    """Everything about a row that is not a score."""

    options: tuple[tuple[str, str, str], ...]
    """Name, value and origin."""
    facts: tuple[tuple[str, str], ...]
    """What all runs share, or every value if they differ."""
    runs: tuple[RunFacts, ...]


def provenance(ranked: Ranked) -> Provenance:
    """Return the provenance of a row."""
    record = ranked.row.records[0]
    options = tuple((name, option_text(s.value), s.origin) for name, s in sorted(record.options.items()))
    return Provenance(options, tuple(_facts(ranked)), tuple(_run(entry) for entry in ranked.row.entries))


def _facts(ranked: Ranked) -> list[tuple[str, str]]:
    records = ranked.row.records
    plugins = dict.fromkeys(
        f"{p.kind} {p.name} ({p.distribution} {p.version})"
        for p in records[0].plugins
        if p.kind in ("backbone", "temporal")
    )
    measuring = dict.fromkeys(
        f"{p.distribution} {p.version}" for p in records[0].plugins if p.kind not in ("backbone", "temporal")
    )
    found = {
        "plugins": ", ".join(plugins),
        "measured and prepared with": ", ".join(measuring),
        "vidgen-bench": _all(records, lambda r: r.version),
        "revision": _all(records, lambda r: r.measured.revision),
        "hardware": _all(records, lambda r: f"{r.environment.world} x {r.measured.hardware}"),
        "environment": _all(records, _environment),
        "parameters": _parameters(records[0]),
    }
    if external := records[0].external:
        found["clips"] = (
            f"{external.source} ({external.kind}), {external.used:,} of {external.clips:,}; SHA-256 {external.sha256}"
        )
    found |= {
        f"code of {name}": "; ".join(f"{sha256} (seed {numbers.seeds(seeds)})" for sha256, seeds in hashes.items())
        for name, hashes in different_code(ranked.row.records).items()
    }
    found |= {f"known error in {metric}": reason for metric, reason in ranked.errata.items()}
    found |= {f"seed {seed} withdrawn": reason for seed, reason in ranked.withdrawn.items()}
    found |= {f"no {metric}": entry.refused for metric, entry in records[0].metrics.items() if entry.refused}
    return [(name, text) for name, text in found.items() if text]


def _all(records: Sequence[Record], of: Callable[[Record], str]) -> str:
    return "; ".join(dict.fromkeys(map(of, records)))


def _environment(record: Record) -> str:
    made = record.environment
    libraries = ", ".join(f"{name} {version}" for name, version in made.libraries.items())
    threads = f"{made.threads} thread{'s' if made.threads > 1 else ''}"
    return ", ".join(filter(None, (f"torch {made.torch}", made.device, threads, libraries)))


def _parameters(record: Record) -> str:
    parts = {"G_t": record.parameters.temporal, **record.parameters.parts}
    return ", ".join(f"{name} {count:,}" for name, count in parts.items() if count is not None)


def _run(entry: Entry) -> RunFacts:
    record = entry.record
    hashes = record.hashes
    return RunFacts(
        record.seed,
        record.status,
        numbers.amount(record.spent.iterations, 0),
        numbers.amount(record.best.iteration, 0) if record.best else numbers.DASH,
        numbers.DASH if record.external else numbers.hours([record.measured.device_hours]),
        entry.path.as_posix(),
        hashes.samples if hashes else numbers.DASH,
        hashes.checkpoint if hashes else numbers.DASH,
    )
