"""Rows: runs of one spec with equal options; and the mean and spread that the paper prints."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from vidgen_bench.host.options import option_text
from vidgen_bench.leaderboard.collect import Entry
from vidgen_bench.records.record import Record


@dataclass(frozen=True)
class Summary:
    """Mean and spread of one metric in one row.

    For one seed, the spread is the population standard deviation over the final batches of all its runs (the paper's ±).
    For several seeds, mean and spread are the mean and the sample standard deviation (divisor n - 1) of the seeds' means.
    A single value has no spread.
    """

    mean: float
    std: float | None
    over: Literal["batches", "seeds"]
    count: int
    """The number of final batches or seeds behind the mean and spread."""


def over_batches(runs: Sequence[Sequence[float]]) -> Summary:
    """Return the summary of runs of one seed, from the values of each run's final batches.

    If every run has a single batch there is no spread: repeats of a seed differ only by rounding.
    """
    batches = [value for run in runs for value in run]
    mean = math.fsum(batches) / len(batches)
    variance = math.fsum((v - mean) ** 2 for v in batches) / len(batches)
    return Summary(mean, math.sqrt(variance) if max(map(len, runs)) > 1 else None, "batches", len(batches))


def over_seeds(runs: Sequence[tuple[int, Sequence[float]]]) -> Summary:
    """Return the summary of runs, from each run's seed and values; several runs of a seed count as one seed."""
    by_seed: dict[int, list[Sequence[float]]] = {}
    for seed, values in runs:
        by_seed.setdefault(seed, []).append(values)
    seeds = [over_batches(group) for group in by_seed.values()]
    if len(seeds) == 1:
        return seeds[0]
    mean = math.fsum(s.mean for s in seeds) / len(seeds)
    variance = math.fsum((s.mean - mean) ** 2 for s in seeds) / (len(seeds) - 1)
    return Summary(mean, math.sqrt(variance), "seeds", len(seeds))


@dataclass(frozen=True)
class Row:
    """Runs of one spec with the same options."""

    entries: tuple[Entry, ...]
    """The runs in the order of their seeds; never empty."""

    @cached_property
    def records(self) -> list[Record]:
        """The records of the row."""
        return [e.record for e in self.entries]

    @property
    def spec(self) -> str:
        """The canonical spec."""
        return self.entries[0].record.spec

    @property
    def options(self) -> dict[str, Any]:
        """The value of every option."""
        return {name: setting.value for name, setting in self.entries[0].record.options.items()}

    @property
    def given(self) -> dict[str, Any]:
        """The options that the user set in any of the runs."""
        names = {n for r in self.records for n, s in r.options.items() if s.origin == "given"}
        return {name: value for name, value in self.options.items() if name in names}

    @cached_property
    def seeds(self) -> list[int]:
        """The seeds, one per run."""
        return [r.seed for r in self.records]

    @property
    def external(self) -> bool:
        """Whether these are external clips."""
        return self.entries[0].record.external is not None

    @property
    def reconstruction(self) -> bool:
        """Whether no published code of the backbone exists, so that its plugin chose the constants."""
        return any(r.model.reconstruction for r in self.records)

    @property
    def null(self) -> bool:
        """Whether the latents of the model carry no motion by construction."""
        return any(r.model.null for r in self.records)

    @property
    def diverged(self) -> int:
        """The number of diverged runs, which do not enter the scores."""
        return sum(r.status == "diverged" for r in self.records)

    @property
    def distributions(self) -> dict[str, set[str]]:
        """The distributions of the plugins that the runs used, with their versions."""
        found: dict[str, set[str]] = {}
        for plugin in (p for shared in {id(r.plugins): r.plugins for r in self.records}.values() for p in shared):
            found.setdefault(plugin.distribution, set()).add(plugin.version)
        return found


def rows_of(entries: Sequence[Entry]) -> list[Row]:
    """Return the rows of one ranking's records; copies of a run count once."""
    groups: dict[str, list[Entry]] = {}
    seen: dict[tuple[str, int], list[Entry]] = {}
    for entry in entries:
        shared = entry.record.spec, id(entry.shared)
        if (group := seen.get(shared)) is None:
            group = seen[shared] = groups.setdefault(_key(entry.record), [])
        group.append(entry)
    return [Row(tuple(_in_order(_without_copies(group)))) for group in groups.values()]


def _in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries in the order of their seeds; runs of one seed in that of their paths."""
    once = len({e.record.seed for e in entries}) == len(entries)
    return sorted(entries, key=lambda e: (e.record.seed, "" if once else str(e.path)))


def _key(record: Record) -> str:
    """Return the key that runs of a row share: spec, option values, and plugin distributions; for external clips their hash."""
    options = {name: setting.value for name, setting in record.options.items()}
    chosen = (p for p in record.plugins if p.kind in ("backbone", "temporal"))
    players = sorted((p.kind, p.name, p.normalised_distribution) for p in chosen)
    clips = record.external.sha256 if record.external else None
    return json.dumps([record.spec, options, players, clips], sort_keys=True)


def _without_copies(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries without records that differ from another only in ``measured``, as in a copied folder.

    Hashes are not compared either: a record of an earlier schema has none.
    """
    kept: dict[str, Entry] = {}
    for entry in entries:
        kept.setdefault(entry.digest, entry)
    return list(kept.values())


def labels_of(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return each row's spec and options as texts: the given options, and any others that distinguish equal labels."""
    labels = [(row.spec, _as_text(row.given)) for row in rows]
    for label in {x for x in labels if labels.count(x) > 1}:
        same = [i for i, other in enumerate(labels) if other == label]
        names = _differing([rows[i].options for i in same])
        for i in same:
            options = rows[i].options
            apart = _as_text(rows[i].given | {n: options[n] for n in names if n in options})
            origin = "" if names else f"(plugins of {', '.join(sorted(rows[i].distributions))})"
            labels[i] = (label[0], f"{apart} {origin}".strip())
        for number, i in enumerate(same, 1):
            if [labels[k] for k in same].count(labels[i]) > 1:  # such as two sets of clips with one name
                labels[i] = (label[0], f"{labels[i][1]} #{number}".strip())
    return labels


def _differing(tables: Sequence[dict[str, Any]]) -> list[str]:
    names = {n for table in tables for n in table}
    return sorted(n for n in names if len({option_text(table.get(n)) for table in tables}) > 1)


def _as_text(options: dict[str, Any]) -> str:
    return " ".join(f"{name}={option_text(value)}" for name, value in sorted(options.items()))
