"""``vidgen-bench reference``: compute and verify reference statistics of a track's real clips, and list those in the cache."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidgen_bench.cli.console import AsJson, output, print_json
from vidgen_bench.cli.group import QuickGroup
from vidgen_bench.cli.reference_verify import verify
from vidgen_bench.cli.run_options import AllowMissing, Data, Device, Protocols, RealTrack, Splits, Workers
from vidgen_bench.config.defaults import DEFAULT_TRACK, MOST_THREADS
from vidgen_bench.errors import RecordError, RequestError, UnreadableError

if TYPE_CHECKING:
    import torch
    from rich.console import Console

    from vidgen_bench.measure.reference.clips import RealClips
    from vidgen_bench.measure.reference.manifest import Manifest
    from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
    from vidgen_bench.measure.resolved_track import ResolvedTrack
    from vidgen_bench.system.observer import Observer

app = typer.Typer(
    cls=QuickGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Compute in advance (build), list (show) or check (verify) the statistics of real clips that scores are computed against.",
)

_AGAIN = "To recompute statistics, delete their folder; they are computed again when next needed."


app.command("verify", epilog=_AGAIN)(verify)


@app.command(epilog=_AGAIN)
def build(
    track: RealTrack = DEFAULT_TRACK,
    protocol: Protocols = None,
    data: Data = None,
    splits: Splits = None,
    device: Device = "auto",
    threads: Annotated[int | None, typer.Option(min=1, max=MOST_THREADS, help="Number of CPU threads.")] = None,
    allow_missing: AllowMissing = 0,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Prepare what the runs of a track share: decoded videos, the statistics of real clips, and the scores of the anchors.

    It does so for every protocol whose instrument has its weights installed. A run does this too, when it needs them.
    """
    import torch

    from vidgen_bench.cli.literal_console import LiteralConsole
    from vidgen_bench.cli.progress import TerminalObserver
    from vidgen_bench.config.track import load_track
    from vidgen_bench.experiments.evaluate.scores import prepare_real_clips
    from vidgen_bench.host.host import Host
    from vidgen_bench.measure.resolved_track import VideoLocation, resolve_track
    from vidgen_bench.system.device import choose_device

    resolved_track = resolve_track(
        load_track(track), Host.of_environment(), protocols=tuple(dict.fromkeys(protocol or ()))
    )
    console, where = LiteralConsole(stderr=True, soft_wrap=True), choose_device(device)
    if threads is not None:
        torch.set_num_threads(threads)
    with TerminalObserver(console) as observer:
        real = prepare_real_clips(resolved_track, VideoLocation(data, splits, allow_missing, workers), observer)
        tables = [
            _built(resolved, real, where, observer)
            | {"anchors": _anchors(resolved_track, resolved, real, where, observer)}
            for resolved in resolved_track.protocols
        ]
    if as_json:
        print_json(tables)
    else:
        for table in tables:
            _print_built(table)
    for name, reason in resolved_track.skipped.items():
        console.print(f"skipped {name}: {reason}", highlight=False, markup=False)


def _built(resolved: ResolvedProtocol, real: RealClips, device: torch.device, observer: Observer) -> dict[str, Any]:
    """Return a summary of the statistics for one protocol, after computing those that are missing."""
    from vidgen_bench.measure.feature_extractor import FeatureExtractor
    from vidgen_bench.measure.reference.folder import ReferenceFolder
    from vidgen_bench.measure.reference.statistics import reference_statistics
    from vidgen_bench.system.places import cache_folder

    folder = ReferenceFolder(cache_folder(), resolved, real, device)
    needed = folder.statistics
    paths = {s.file: folder.path / s.file for s in needed}
    before = {name: path.stat().st_mtime_ns for name, path in paths.items() if path.exists()}
    found = {}
    if needed:
        observer.stage(f"reference statistics of {resolved.protocol.name}")
        found = reference_statistics(FeatureExtractor(resolved, real.clip, device), real, cache_folder(), observer)
    rows = []
    for one in needed:
        row: dict[str, Any] = {"layer": one.layer, "kind": one.kind, "clips": one.clips}
        moments, clips = found[one.layer].moments, found[one.layer].clips
        if one.kind == "moments" and moments is not None:
            norm, trace = float(moments.mean.norm()), float(moments.covariance.trace())
            row |= {"features": len(moments.mean), "mean_norm": norm, "covariance_trace": trace}
        elif clips is not None:
            row |= {"features": clips.features.shape[1]}
        rows.append(row | {"file": one.file, "was_there": before.get(one.file) == paths[one.file].stat().st_mtime_ns})
    return {
        "protocol": resolved.protocol.name,
        "id": resolved.stamp(real.contents_hash(resolved)).id,
        "real": real.contents_hash(resolved),
        "folder": str(folder.path),
        "statistics": rows,
    }


def _anchors(
    resolved_track: ResolvedTrack, resolved: ResolvedProtocol, real: RealClips, device: torch.device, observer: Observer
) -> dict[str, Any]:
    """Return a summary of the anchors that a run compares with, after scoring those that are missing.

    A protocol that you name may need more samples than the track has; its statistics are of use all the same.
    """
    from vidgen_bench.measure.anchors import anchors_file, score_anchors
    from vidgen_bench.measure.evaluator import Evaluator
    from vidgen_bench.system.places import cache_folder

    cache, batches = cache_folder(), resolved_track.batches(resolved)
    file = anchors_file(resolved, real, device, batches, cache)
    before = file.stat().st_mtime_ns if file.exists() else None
    observer.stage(f"anchors of {resolved.protocol.name}")
    try:
        scores = score_anchors(Evaluator(resolved, real, device, cache, observer), batches, cache, observer)
    except RequestError as error:
        if resolved.protocol.name in (resolved_track.track.evaluation.protocol, *resolved_track.track.evaluation.also):
            raise
        return {"refused": str(error)}
    means = {name: {metric: score.mean for metric, score in table.items()} for name, table in scores.items()}
    return {"file": str(file), "batches": batches, "scores": means, "was_there": before == file.stat().st_mtime_ns}


def _print_built(table: dict[str, Any]) -> None:
    from rich.padding import Padding
    from rich.table import Table

    console = output()
    console.print(f"{table['protocol']}  real {table['real']}", style="bold", soft_wrap=True)
    console.print(f"  id      {table['id']}", soft_wrap=True)
    if table["statistics"]:
        console.print(f"  folder  {table['folder']}", soft_wrap=True)
        grid = Table("layer", "of", "clips", "features", "|mean|", "tr cov", "", "file", box=None, padding=(0, 2, 0, 0))
        for row in table["statistics"]:
            numbers = [f"{row[k]:.6g}" if k in row else "" for k in ("mean_norm", "covariance_trace")]
            grid.add_row(
                row["layer"],
                row["kind"],
                f"{row['clips']:,}",
                f"{row['features']:,}",
                *numbers,
                _origin(row),
                row["file"],
            )
        console.print(Padding(grid, (0, 0, 0, 2)))
    else:
        console.print("  none of its metrics compares with real clips")
    anchors = table["anchors"]
    found = f"none: {anchors['refused']}" if "refused" in anchors else f"{_origin(anchors)}  {anchors['file']}"
    console.print(f"  anchors  {found}", soft_wrap=True)


def _origin(row: dict[str, Any]) -> str:
    return "from cache" if row["was_there"] else "computed"


@app.command(epilog=_AGAIN)
def show(
    prefix: Annotated[
        str, typer.Argument(metavar="[HASH]", help="The first digits of a hash; by default all are listed.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the statistics in the cache: data, instrument, number of clips, date and software."""
    from vidgen_bench.measure.reference.manifest import FOLDER, kept_folders, read_manifest
    from vidgen_bench.system.places import cache_folder

    every = list(kept_folders(cache_folder()))
    folders = [f for f in every if f.name.startswith(prefix)]
    if prefix and not folders:
        hashes = ", ".join(sorted({f.name.partition("-")[0] for f in every}))
        raise RequestError(
            f"There are no reference statistics with a hash that starts with {prefix!r}. "
            + (f"Valid: {hashes}." if hashes else "The cache is empty.")
        )
    tables: list[dict[str, Any]] = []
    for folder in folders:
        table: dict[str, Any] = {"hash": folder.name.partition("-")[0], "folder": str(folder), "bytes": _size(folder)}
        try:
            tables.append(table | {"manifest": read_manifest(folder).model_dump(mode="json"), "fault": None})
        except (RecordError, UnreadableError) as error:
            tables.append(table | {"manifest": None, "fault": str(error)})
    if as_json:
        print_json(tables)
        return
    console = output()
    if not tables:
        console.print(
            f"There are no reference statistics in {cache_folder() / FOLDER}. `vidgen-bench reference build` or a run computes them.",
            soft_wrap=True,
        )
    for table in tables:
        _print_kept(console, table)


def _size(folder: Path) -> int:
    """Return the total size in bytes of the files in a folder; a file that is deleted meanwhile counts as 0."""
    total = 0
    for path in folder.iterdir():
        with suppress(OSError):
            total += path.stat().st_size
    return total


def _print_kept(console: Console, table: dict[str, Any]) -> None:
    from vidgen_bench.measure.reference.manifest import Manifest

    console.print(f"{table['hash']}  {table['bytes'] / 1e6:,.1f} MB", style="bold")
    if table["manifest"] is None:
        reason = table["fault"].splitlines()[0].rstrip(":")
        kept = "Its complete files remain in use; the next run that reads them writes the manifest again."
        rows = {"fault": f"{reason} {kept}"}
    else:
        rows = _rows(Manifest.model_validate(table["manifest"]))
    for word, text in (rows | {"folder": table["folder"]}).items():
        console.print(f"  {word:<14}{text}", soft_wrap=True)


def _rows(manifest: Manifest) -> dict[str, str]:
    of = manifest.contents
    rule = f"{of.passes} passes over {manifest.train_videos:,} videos" if of.passes else f"{of.clips:,} clips"
    wide = f", with every column {of.wide}" if of.wide else ""
    rows = {
        "data": f"{of.data}{wide}",
        "instrument": f"{manifest.instrument}, sha256 {of.sha256}, by {manifest.by}",
        "preprocessing": of.preprocessing,
        "moments of": f"{rule}, {of.frames} frames each, fresh offsets, seed {of.seed}",
        "augment": ", ".join(of.augment) or "nothing",
        "precision": of.precision,
        "made": f"{manifest.made}, torch {manifest.torch} on {manifest.device}",
        "made for": ", ".join(manifest.protocols),
    }
    for one in manifest.statistics:
        rows[f"{one.layer} {one.kind}"] = f"{one.clips:,} clips, {one.file}"
    return rows
