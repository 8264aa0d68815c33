"""Rebuild the composition of a run from its folder and the installed plugins."""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from vidgen_bench.compose.composition import Composition
from vidgen_bench.compose.pair import fit
from vidgen_bench.config.spec import parse
from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.config.track import Track
from vidgen_bench.errors import DamagedError, PluginError, RecordError, RequestError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.host.host import KIND_WORDS, Host, Kind
from vidgen_bench.records.entries import PluginEntry
from vidgen_bench.records.folder_name import is_put_aside
from vidgen_bench.records.record import Record

_SEARCHED, _NAMED = 5_000, 6
"""How many folders are searched for runs, and how many runs a message names."""


@dataclass(frozen=True)
class RunManifest:
    """The contents of a run folder that rebuild its composition, even after defaults have changed."""

    folder: RunFolder
    status: Literal["finished", "diverged", "unfinished"]
    spec: str
    seed: int
    options: Mapping[str, Any]
    """The value of every option: ``{"backbone.width": 1.0}``."""
    declared: Mapping[str, Any]
    """The track's declaration, without its name and its default values."""
    own_temporal: int | None
    """Parameter count of the backbone's own G_t, the target of ``:equal``."""
    plugins: tuple[PluginEntry, ...]
    best: int | None
    """Iteration of the best checkpoint, if the run has a record."""
    best_hash: str | None = None
    """Hash of its networks, if the record has it; see :func:`vidgen_bench.experiments.run.hashes.checkpoint_hash`."""


_PLUGIN = re.compile(r"(?P<kind>.+) (?P<name>\S+)\n(?P<distribution>.+) (?P<version>\S+)")


def _plugin_fields(stored: Any) -> Any:
    """Split ``{"temporal ode1": "vidgen-bench 0.1.0"}``, as in ``request.json``, into the fields of plugin entries."""
    if not isinstance(stored, dict):
        return stored
    found = [isinstance(text, str) and _PLUGIN.fullmatch(f"{key}\n{text}") for key, text in stored.items()]
    if not all(found):
        raise ValueError("expected plugins such as {'temporal ode1': 'vidgen-bench 0.1.0'}")
    return tuple(match.groupdict() for match in found if match)


class _Environment(BaseModel):
    """The part of a request's environment that rebuilds a run."""

    plugins: Annotated[tuple[PluginEntry, ...], BeforeValidator(_plugin_fields)]


class _Request(Strict):
    """The keys of ``request.json`` that rebuild a run."""

    spec: str = Field(pattern=r"\S")
    seed: int = Field(strict=True, ge=0, lt=2**31)
    options: dict[str, Any]
    declared: dict[str, Any]
    own_temporal: int | None = Field(strict=True, ge=0)
    environment: _Environment


def read_run(run: Path) -> RunManifest:
    """Return the manifest of a finished or unfinished run.

    Args:
        run: its folder, or the ``record.json`` in it.
    Raises:
        RequestError: no such folder, no run in it (the text names runs nearby), or a run without a stored track.
        RecordError: a damaged record or request.
    """
    folder = RunFolder(run.parent if run.name in ("record.json", "request.json") else run)
    if not folder.path.is_dir():
        what = "is a file; a run is a folder" if run.is_file() else "does not exist"
        raise RequestError(f"{run} {what}.{_nearby(run)}")
    if (record := folder.record()) is not None:
        return _manifest_of_record(folder, record)
    if (request := folder.request()) is None:
        raise RequestError(
            f"{run} is not a run folder: it contains neither record.json nor request.json.{_nearby(run)}"
        )
    if "declared" not in request:
        raise RequestError(
            f"The run {run} is not finished, and the earlier version that started it did not store its track. "
            "Finish it with `vidgen-bench run` first."
        )
    return _manifest_of_request(folder, request)


def _manifest_of_record(folder: RunFolder, record: Record) -> RunManifest:
    if record.status == "external":
        raise RequestError(
            f"{folder.path} contains the scores of external clips ({record.spec}); there is no model to load."
        )
    return RunManifest(
        folder,
        record.status,
        record.spec,
        record.seed,
        {key: setting.value for key, setting in record.options.items()},
        record.track.declared,
        record.parameters.own_temporal,
        record.plugins,
        record.best.iteration if record.best else None,
        record.hashes.checkpoint if record.hashes else None,
    )


def _manifest_of_request(folder: RunFolder, request: Mapping[str, Any]) -> RunManifest:
    try:
        stored = _Request.model_validate({key: request[key] for key in _Request.model_fields if key in request})
        spec = stored.spec.split()[0]  # the rest is given options, which `options` contains too
        parse(spec)
    except (ValidationError, RequestError) as error:
        why = f"\n{explain(error, _Request)}\n" if isinstance(error, ValidationError) else f" ({error}) "
        raise DamagedError(
            f"{folder.path / 'request.json'} is damaged:{why}Delete the folder {folder.path} to start afresh."
        ) from None
    values = (spec, stored.seed, stored.options, stored.declared, stored.own_temporal, stored.environment.plugins)
    return RunManifest(folder, "unfinished", *values, best=None)


def recompose(manifest: RunManifest, host: Host) -> Composition:
    """Return the composition of a run, with the option values it was trained with.

    Raises:
        RequestError: a plugin is no longer installed or refuses the run's options; the text names its distribution and
            both versions, the run's and the installed one.
        RecordError: the stored track is not valid.
    """
    track = _track(manifest)
    _check_installed(manifest, host)
    spec = parse(manifest.spec)
    try:
        pair = fit(spec, track, manifest.options, host, counted=False)
    except PluginError:
        raise
    except RequestError as error:
        raise RequestError(
            f"The installed plugins cannot rebuild the run {manifest.folder.path}: {error}{versions(manifest, host)}"
        ) from None
    latent = pair.latent and dataclasses.replace(pair.latent, parameters=manifest.own_temporal)
    resolved = dataclasses.replace(pair.resolved, spec=spec)
    return Composition(**{**vars(pair), "latent": latent, "resolved": resolved})


def versions(manifest: RunManifest, host: Host) -> str:
    """Return a sentence with the versions of the run's backbone and temporal generator, and the installed versions."""
    lines = []
    for entry in sides(manifest):
        now = next((f.origin.version for f in host.of(cast(Kind, entry.kind)) if f.name == entry.name), None)
        installed = "still installed" if now == entry.version else f"now {now}" if now else "not installed"
        lines.append(f"{entry.name} of {entry.distribution} {entry.version} ({installed})")
    return f" The run was made with {' and '.join(lines)}."


def sides(manifest: RunManifest) -> list[PluginEntry]:
    """Return the backbone and the temporal generator of a run."""
    return [p for p in manifest.plugins if p.kind in ("backbone", "temporal")]


def _check_installed(manifest: RunManifest, host: Host) -> None:
    for entry in sides(manifest):
        kind = cast(Kind, entry.kind)
        try:
            host.find(kind, entry.name)
        except PluginError:
            raise
        except RequestError as error:
            raise RequestError(
                f"The run {manifest.folder.path} was made with the {KIND_WORDS.get(kind, kind)} {entry.name!r} of "
                f"{entry.distribution} {entry.version}, which is not installed: install {entry.distribution}. ({error})"
            ) from None


def _track(manifest: RunManifest) -> Track:
    try:
        return Track.model_validate({**manifest.declared, "name": "as-recorded"})
    except ValidationError as error:
        raise RecordError(
            f"The track of the run {manifest.folder.path} is not valid in this version:\n{explain(error, Track)}"
        ) from None


def _nearby(run: Path) -> str:
    """Return a sentence that names the runs below a path, or below its nearest existing parent."""
    base = next((p for p in (run, *run.parents) if p.is_dir()), Path())
    if base.resolve() == Path(base.resolve().anchor):
        return ""
    found = {str(Path(folder)) for folder, _, files in islice(_folders(base), _SEARCHED) if "request.json" in files}
    if not found:
        return " `vidgen-bench run SPEC` creates one and prints its path."
    near = difflib.get_close_matches(str(run), sorted(found), n=_NAMED, cutoff=0.0)
    more = f" and {len(found) - len(near)} more" if len(found) > len(near) else ""
    return f" Runs nearby: {', '.join(near)}{more}."


def _folders(base: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield folders as ``os.walk`` does, without hidden ones and runs that were put aside."""
    for folder, inner, files in os.walk(base):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and not is_put_aside(name))
        yield folder, inner, files
