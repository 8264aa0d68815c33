"""Checks option values that no name shows: those with another origin than ``given`` are equal wherever the same plugin set them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

from vidgen_bench.leaderboard.submissions.conflicts import at_fault
from vidgen_bench.leaderboard.submissions.findings import Finding, look
from vidgen_bench.records.entries import Setting
from vidgen_bench.records.record import Record


def of_origins(records: Mapping[str, Record], earlier: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the folders whose records have another value than others by the same plugin, version and origin.

    Whether a value is the plugin's own cannot be checked without importing the plugin; one that differs may hide another model.

    Args:
        records: by path.
        earlier: the paths of records that were there before the change that is checked; their values are right.
    """
    yield from _of_names(records, earlier)
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for path, record in records.items():
        plugins = {p.kind: (p.name, p.normalised_distribution, p.version) for p in record.plugins}
        for option, setting in record.options.items():
            plugin = plugins.get(option.partition(".")[0])
            if plugin is not None and setting.origin != "given":
                key = (*plugin, option, setting.origin, _setter(record, setting))
                found.setdefault(key, {}).setdefault(json.dumps(setting.value, sort_keys=True), []).append(path)
    for (name, _, version, option, origin, _), values in found.items():
        of = {path: value for value, paths in values.items() for path in paths}
        folders: dict[str, str] = {}
        for path, other in at_fault(values.values(), earlier):
            theirs = other.rpartition("/")[0]
            folders.setdefault(
                path.rpartition("/")[0],
                f"{option} = {of[path]} with the origin {origin}, but {theirs} has {of[other]} by {name} {version} too. "
                "Was a given option hidden?",
            )
        yield from (look(folder, reason) for folder, reason in folders.items())


def _of_names(records: Mapping[str, Record], earlier: Collection[str]) -> Iterator[Finding]:
    """Yield the folders whose records lack an option, or have a further one: a plugin of one version always has the same ones."""
    found: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for path, record in records.items():
        for p in record.plugins:
            if p.kind in ("backbone", "temporal"):
                names = ", ".join(sorted(name for name in record.options if name.startswith(f"{p.kind}."))) or "none"
                found.setdefault((p.kind, p.name, p.normalised_distribution, p.version), {}).setdefault(
                    names, []
                ).append(path)
    for (_, name, _, version), parties in found.items():
        names_of = {path: names for names, paths in parties.items() for path in paths}
        folders = {path.rpartition("/")[0]: (path, other) for path, other in at_fault(parties.values(), earlier)}
        for folder, (path, other) in folders.items():
            reason = f"has the options {names_of[path]} of {name} {version}; {other.rpartition('/')[0]} has {names_of[other]}"
            yield look(folder, f"{reason}. Was an option hidden?")


def _setter(record: Record, setting: Setting) -> str:
    """Return what a value of an origin depends on beside the plugin: nothing, the track, or the exact spec."""
    if setting.origin == "default":
        return ""
    return record.track.name if setting.origin == "track" else record.spec
