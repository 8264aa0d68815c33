"""``vidgen-bench reference verify``: compute statistics of real clips again, and compare those that ship and those in the cache."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import AsJson, output, print_json
from vidgen_bench.cli.run_options import AllowMissing, Data, Device, Protocols, RealTrack, Splits, Workers
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.errors import RequestError, VidgenBenchError

if TYPE_CHECKING:
    import torch

    from vidgen_bench.measure.reference.clips import RealClips
    from vidgen_bench.measure.resolved_protocol import ResolvedProtocol
    from vidgen_bench.measure.verification import Comparison
    from vidgen_bench.system.observer import Observer


def verify(
    track: RealTrack = DEFAULT_TRACK,
    protocol: Protocols = None,
    data: Data = None,
    splits: Splits = None,
    device: Device = "auto",
    allow_missing: AllowMissing = 0,
    workers: Workers = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", help="Folder to write what was computed to, in the form in which it ships."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the statistics and anchors of a track's real clips again, and compare those that ship and those in the cache.

    The exit code is 1 if one of them differs by more than rounding.
    """
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
    found: dict[str, list[Comparison]] = {}
    with TerminalObserver(console) as observer:
        real = prepare_real_clips(resolved_track, VideoLocation(data, splits, allow_missing, workers), observer)
        for resolved in resolved_track.protocols:
            batches = resolved_track.batches(resolved)
            found[resolved.protocol.name] = _verified(resolved, real, batches, where, out, observer)
    if as_json:
        print_json({name: [dataclasses.asdict(c) | {"agrees": c.agrees} for c in found[name]] for name in found})
    else:
        _print(found)
    if wrong := [c for made in found.values() for c in made if not c.agrees]:
        raise VidgenBenchError(
            f"{len(wrong)} of these differ from what is computed now. Delete the cache's folders `reference` and `anchors`, or install "
            "vidgen-bench again."
        )


def _verified(
    resolved: ResolvedProtocol,
    real: RealClips,
    batches: int,
    device: torch.device,
    out: Path | None,
    observer: Observer,
) -> list[Comparison]:
    from vidgen_bench.measure.verification import Verification
    from vidgen_bench.system.places import cache_folder

    with tempfile.TemporaryDirectory() as spare:
        verification = Verification(resolved, real, device, Path(spare) / "now", observer)
        if out is None and not verification.kept(cache_folder()):
            raise RequestError(
                f"Neither the package nor the cache has statistics of these clips under {resolved.protocol.name}. "
                f"`vidgen-bench reference build` or a run computes them."
            )
        observer.stage(f"statistics and anchors of {resolved.protocol.name}, computed again")
        verification.compute(batches)
        if out is not None:
            verification.write(out)
        return list(verification.comparisons(cache_folder(), Path(spare) / "package"))


def _print(found: dict[str, list[Comparison]]) -> None:
    from rich.table import Table

    console = output()
    for name, made in found.items():
        console.print(name, style="bold", soft_wrap=True)
        grid = Table("", "in the", "largest difference", "allowed", "", box=None, padding=(0, 2, 0, 2))
        for c in made:
            difference = "" if c.fault else f"{c.difference:.1e}"
            grid.add_row(c.what, c.place, difference, f"{c.allowed:.0e}", "agrees" if c.agrees else "DIFFERS")
        console.print(grid)
        for c in made:
            if c.fault:
                console.print(f"  {c.fault}", soft_wrap=True)
