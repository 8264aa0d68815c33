"""From a run folder back to its composition: what the run wrote down, and the plugins that are installed now."""

from __future__ import annotations

import dataclasses
import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, Field, ValidationError

from vidgen_bench.compose.composition import Composition
from vidgen_bench.compose.pair import fit
from vidgen_bench.config.spec import parse
from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.config.track import Track
from vidgen_bench.errors import PluginError, RecordError, RequestError
from vidgen_bench.experiments.run.folder import RunFolder
from vidgen_bench.host.host import KIND_WORDS, Host, Kind
from vidgen_bench.records.entries import PluginEntry
from vidgen_bench.records.record import Record

_SEARCHED, _NAMED = 5_000, 6
"""Folders that are looked into for runs, and runs that a message names."""


@dataclass(frozen=True)
class RunManifest:
    """What a run wrote down of itself: enough to compose it again, whatever the defaults of today are."""

    folder: RunFolder
    status: Literal["finished", "diverged", "unfinished"]
    spec: str
    seed: int
    options: Mapping[str, Any]
    """Every option's value, ``{"backbone.width": 1.0}``."""
    declared: Mapping[str, Any]
    """The track without names and defaults."""
    own_temporal: int | None
    """Parameters of the backbone's own G_t, the target of ``:equal``."""
    plugins: tuple[PluginEntry, ...]
    best: int | None
    """Iteration of the best checkpoint, where there is a record of it."""


class _Environment(BaseModel):
    """Of a request's environment, the plugins: ``{"temporal ode1": "vidgen-bench 0.1.0"}``."""

    plugins: dict[str, str]


class _Begun(Strict):
    """What of ``request.json`` composes a run again."""

    spec: str = Field(pattern=r"\S")
    seed: int = Field(strict=True, ge=0, lt=2**31)
    options: dict[str, Any]
    declared: dict[str, Any]
    own_temporal: int | None = Field(strict=True, ge=0)
    environment: _Environment


def read_run(run: Path) -> RunManifest:
    """Return what a run wrote down, finished or not.

    Args:
        run: its folder, or the ``record.json`` in it.
    Raises:
        RequestError: no such folder, no run in it (those nearby are named), or one that did not write its track down.
        RecordError: what it wrote is damaged.
    """
    folder = RunFolder(run.parent if run.name in ("record.json", "request.json") else run)
    if not folder.path.is_dir():
        what = "is a file, and a run is a folder" if run.is_file() else "is not there"
        raise RequestError(f"{run} {what}.{_nearby(run)}")
    if (record := folder.record()) is not None:
        return _of_record(folder, record)
    if (request := folder.request()) is None:
        raise RequestError(f"{run} is no run folder: it holds neither record.json nor request.json.{_nearby(run)}")
    if "declared" not in request:
        raise RequestError(
            f"The run {run} is not finished, and an earlier version began it, which did not write the track down. "
            "Let `vidgen-bench run` finish it first."
        )
    return _of_request(folder, request)


def _of_record(folder: RunFolder, record: Record) -> RunManifest:
    if record.status == "external":
        raise RequestError(
            f"{folder.path} holds the scores of clips from elsewhere ({record.spec}); there is no model to load."
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
    )


def _of_request(folder: RunFolder, request: Mapping[str, Any]) -> RunManifest:
    try:
        begun = _Begun.model_validate({key: request[key] for key in _Begun.model_fields if key in request})
        spec = begun.spec.split()[0]  # what follows is what was given, and stands in the options
        parse(spec)
    except (ValidationError, RequestError) as error:
        why = f"\n{explain(error, _Begun)}\n" if isinstance(error, ValidationError) else f" ({error}) "
        raise RecordError(
            f"{folder.path / 'request.json'} is damaged:{why}Delete the folder {folder.path} to start afresh."
        ) from None
    plugins = []
    for key, text in begun.environment.plugins.items():
        (kind, _, name), (distribution, _, version) = key.rpartition(" "), text.rpartition(" ")
        plugins.append(PluginEntry(kind=kind, name=name, distribution=distribution, version=version))
    whole = (spec, begun.seed, begun.options, begun.declared, begun.own_temporal)
    return RunManifest(folder, "unfinished", *whole, tuple(plugins), None)


def recompose(written: RunManifest, host: Host) -> Composition:
    """Return the composition of a run as it was: every option has the value it had then.

    Raises:
        RequestError: a plugin is no longer installed, or no longer accepts what the run was made with; the text names its
            distribution and version then and now.
        RecordError: the track that was written down is not valid.
    """
    track = _track(written)
    _check_installed(written, host)
    spec = parse(written.spec)
    try:
        pair = fit(spec, track, written.options, host, counted=False)
    except PluginError:
        raise
    except RequestError as error:
        raise RequestError(
            f"The plugins of today do not build the run {written.folder.path}: {error}{versions(written, host)}"
        ) from None
    latent = pair.latent and dataclasses.replace(pair.latent, parameters=written.own_temporal)
    resolved = dataclasses.replace(pair.resolved, spec=spec)
    return Composition(**{**vars(pair), "latent": latent, "resolved": resolved})


def versions(written: RunManifest, host: Host) -> str:
    """Return a sentence on each side's version then and now."""
    lines = []
    for entry in _sides(written):
        now = next((f.origin.version for f in host.of(cast(Kind, entry.kind)) if f.name == entry.name), "not installed")
        same = " still" if now == entry.version else ""
        lines.append(
            f"{entry.name} came from {entry.distribution} {entry.version}, and now it is{same} {now}"
            if now != "not installed"
            else f"{entry.name} came from {entry.distribution} {entry.version}, and is not installed"
        )
    return f" When the run was made, {'; '.join(lines)}."


def _sides(written: RunManifest) -> list[PluginEntry]:
    return [p for p in written.plugins if p.kind in ("backbone", "temporal")]


def _check_installed(written: RunManifest, host: Host) -> None:
    for entry in _sides(written):
        kind = cast(Kind, entry.kind)
        try:
            host.find(kind, entry.name)
        except PluginError:
            raise
        except RequestError as error:
            raise RequestError(
                f"The run {written.folder.path} was made with the {KIND_WORDS.get(kind, kind)} {entry.name!r} of "
                f"{entry.distribution} {entry.version}, which is not installed: install {entry.distribution}. ({error})"
            ) from None


def _track(written: RunManifest) -> Track:
    try:
        return Track.model_validate({**written.declared, "name": "as-recorded"})
    except ValidationError as error:
        raise RecordError(
            f"The track that the run {written.folder.path} was made on is not valid here:\n{explain(error, Track)}"
        ) from None


def _nearby(run: Path) -> str:
    """Return a sentence that names runs below a path, or below the nearest folder above it that exists."""
    base = next((p for p in (run, *run.parents) if p.is_dir()), Path())
    if base.resolve() == Path(base.resolve().anchor):
        return ""
    found = {str(Path(folder)) for folder, _, files in islice(_folders(base), _SEARCHED) if "request.json" in files}
    if not found:
        return " `vidgen-bench run SPEC` makes one, and says where it is."
    near = difflib.get_close_matches(str(run), sorted(found), n=_NAMED, cutoff=0.0)
    more = f" and {len(found) - len(near)} more" if len(found) > len(near) else ""
    return f" Runs nearby: {', '.join(near)}{more}."


def _folders(base: Path) -> Any:
    for folder, inner, files in os.walk(base):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield folder, inner, files
