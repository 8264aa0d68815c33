"""``vidgen-bench instrument test``: whether an instrument reads real clips, and the likely fault if it does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidgen_bench.cli.console import AsJson, complain, output, print_json
from vidgen_bench.cli.instrument.clips import Lines, store_with_held_out
from vidgen_bench.cli.run_options import Device
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.errors import RequestError, did_you_mean

if TYPE_CHECKING:
    from vidgen_bench.api import Instrument, SelfTestReport

_ROWS = 16


def check_instrument(
    name: Annotated[str, typer.Argument(help="Name of an instrument.")],
    track: Annotated[
        str, typer.Option(help="Track whose held-out clips are read: a name, or a .toml file.")
    ] = DEFAULT_TRACK,
    data: Annotated[Path | None, typer.Option(help="Folder of the videos, in the UCF101 layout.")] = None,
    splits: Annotated[Path | None, typer.Option(help="Folder of classInd.txt and the lists.")] = None,
    clips: Annotated[int, typer.Option(min=1, help="Held-out clips to read, at most one per video.")] = 96,
    device: Device = "auto",
    as_json: AsJson = False,
) -> None:
    """Test an instrument's weights on held-out clips; exit code 1 if the weights are faulty."""
    instrument = _instrument(name)
    from vidgen_bench.system.device import choose_device

    where = choose_device(device)
    progress = Lines()
    chosen, store = store_with_held_out(track, data, splits, instrument, progress)
    import torch

    from vidgen_bench.api import HeldOutClips
    from vidgen_bench.data.sampler import ClipSampler

    sampler = ClipSampler(store, "test", 0, where)
    rows = torch.arange(min(clips, sampler.videos)).split(_ROWS)
    frames = chosen.clip.frames
    held_out = HeldOutClips(store.classes, lambda: (sampler.evaluation("self-test", part, frames) for part in rows))
    assert instrument.self_test is not None
    result = instrument.self_test(held_out, progress)
    if as_json:
        head = {"instrument": name, "sha256": instrument.sha256()}
        print_json(head | dict(result.details) | {"passed": not result.faults})
    else:
        _print(name, result)
    for fault in result.faults:
        complain(fault, prefix="fault:")
    if result.faults:
        raise typer.Exit(1)


def _instrument(name: str) -> Instrument:
    """Return an instrument that has a self-test; its weights are read first, to report damage before any video is decoded.

    Raises:
        RequestError: there is no such instrument, it has no self-test, or its weights are missing.
        RecordError: its weights are damaged.
    """
    from vidgen_bench.host.host import Host

    host = Host.of_environment()
    instrument: Instrument = host.find("instrument", name).declaration
    if instrument.self_test is None:
        names = [plugin.name for plugin in host.of("instrument") if plugin.declaration.self_test is not None]
        raise RequestError(f"The instrument {name!r} declares no self-test.{did_you_mean(name, names)}")
    instrument.sha256()
    instrument.build(instrument.preprocessings[0])
    return instrument


def _print(name: str, result: SelfTestReport) -> None:
    from rich.table import Table

    console = output()
    first, *others = result.columns
    table = Table(first, box=None, pad_edge=False, header_style="bold")
    for column in others:
        table.add_column(column, justify="right")
    for row in result.rows:
        table.add_row(*row)
    console.print(f"{name} on {result.clips} held-out clips, each from a different video")
    console.print(table)
    for note in result.notes:
        console.print(note, soft_wrap=True)
