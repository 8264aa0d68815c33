"""What determined a run, and what came of it: from its record, or from its request while it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidgen_bench.errors import RequestError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.records.entries import Score
from vidgen_bench.records.record import Record
from vidgen_bench.system.regular_files import is_there

CODE = "code"
"""The key of the hashes of code in a request and in a record, which those of earlier versions lack."""


@dataclass(frozen=True)
class RunFacts:
    """What determined a run, by name; what nobody wrote down is missing."""

    run: Mapping[str, Any]
    """Spec, seed, data, protocol."""
    track: Mapping[str, Any]
    """The declaration of the track, ``evaluation.every`` and the like."""
    options: Mapping[str, Any]
    plugins: Mapping[str, str]
    """``backbone tgan`` and the like, with distribution and version."""
    environment: Mapping[str, Any]
    code: Mapping[str, Any]
    """Hashes of the code that took part."""
    scores: Mapping[str, Score] = field(default_factory=dict)
    protocols: Mapping[str, str] = field(default_factory=dict)
    """The id of the protocol of each score."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """The heading of each score."""


def facts_of(folder: Path) -> RunFacts:
    """Return the facts of a run folder.

    Args:
        folder: the run folder.
    Raises:
        RequestError: the run has not begun, so that nothing is known.
        RecordError: a file is damaged.
        UnreadableError: a file may not be read.
    """
    within = RunFolder(folder)
    within.check()
    record = within.record()
    request = within.request() if is_there(folder / "request.json") or record is None else None  # clips have none
    if record is not None:
        return _of_record(record, request or {})
    if request is None:
        raise RequestError(f"The run in {folder} has not begun: there is no request.json yet.")
    return _of_request(request)


def _of_record(record: Record, request: Mapping[str, Any]) -> RunFacts:
    measured = record.measured
    # the request names the protocol as it is before the real clips are known, and a run without a record has that alone
    protocol = request.get("protocol") or next((entry.protocol for entry in record.metrics.values()), "")
    return RunFacts(
        run={"spec": record.spec, "seed": record.seed, "data": record.data.fingerprint, "protocol": protocol},
        track={"name": record.track.name} | flat(record.track.declared),
        options={name: setting.value for name, setting in record.options.items()},
        plugins={f"{p.kind} {p.name}": f"{p.distribution} {p.version}" for p in record.plugins},
        environment={
            "vidgen-bench": record.version,
            "revision": measured.revision,
            **flat(record.environment.model_dump(mode="json", exclude={"libraries"})),
            **record.environment.libraries,
            "python": measured.python,
            "platform": measured.platform,
            "hardware": measured.hardware,
        },
        code=_code(record.values()),
        scores=record.scores,
        protocols={name: entry.protocol for name, entry in record.metrics.items()},
        titles={name: entry.title for name, entry in record.metrics.items()},
    )


def _of_request(request: Mapping[str, Any]) -> RunFacts:
    environment = dict(_table(request, "environment"))
    plugins = environment.pop("plugins", {})
    return RunFacts(
        run={key: request[key] for key in ("spec", "seed", "data", "protocol") if key in request},
        track=flat(_table(request, "declared")),
        options=_table(request, "options"),
        plugins=flat(plugins) if isinstance(plugins, dict) else {},
        environment=flat(environment),
        code=_code(request),
    )


def _code(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hash of each package, from a request or from a record, which has the changes that were accepted, too."""
    code = _table(table, CODE)
    packages, accepted = code.get("packages", code), code.get("accepted")
    found = flat(packages) if isinstance(packages, dict) else {}
    return found | ({"accepted changes": len(accepted)} if isinstance(accepted, list) and accepted else {})


def _table(table: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    return found if isinstance(found, dict) else {}


def flat(table: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return a table whose inner tables are spelt in its keys: ``{"a": {"b": 1}}`` becomes ``{"a.b": 1}``."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found
