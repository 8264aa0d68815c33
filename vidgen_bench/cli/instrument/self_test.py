"""``vidgen-bench instrument test``: whether a C3D's file reads real clips, and what is likely wrong where it does not."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vidgen_bench.cli.instrument.clips import Lines, store_with_held_out
from vidgen_bench.cli.run_options import Device
from vidgen_bench.config.defaults import DEFAULT_TRACK
from vidgen_bench.errors import RequestError, did_you_mean

if TYPE_CHECKING:
    from vidgen_bench.data.store import Store
    from vidgen_bench.measure.instruments.c3d.self_test import SelfTest
    from vidgen_bench.measure.instruments.c3d.weights import InstrumentFile

_ROWS = 16


def check_instrument(
    name: Annotated[str, typer.Argument(help="Name of a C3D.")],
    track: Annotated[
        str, typer.Option(help="Track whose held-out clips are read: a name, or a .toml file.")
    ] = DEFAULT_TRACK,
    data: Annotated[Path | None, typer.Option(help="Folder of the videos, in the UCF101 layout.")] = None,
    splits: Annotated[Path | None, typer.Option(help="Folder of classInd.txt and the lists.")] = None,
    clips: Annotated[int, typer.Option(min=1, help="Held-out clips to read, at most one of each video.")] = 96,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Read held-out clips as the file stands and as it might have been meant (an RGB mean, say); exit code 1 where it is at fault."""
    file = _file(name)
    from vidgen_bench.system.device import choose_device

    where = choose_device(device)
    report = Lines()
    _, store = store_with_held_out(track, data, splits, report)
    import torch

    from vidgen_bench.cli.console import complain, print_json
    from vidgen_bench.data.sampler import ClipSampler
    from vidgen_bench.measure.instruments.c3d.self_test import self_test

    sampler, stranger = ClipSampler(store, "test", 0, where), _stranger(file, store)
    result = self_test(
        file,
        lambda: (
            sampler.evaluation("self-test", rows, 16) for rows in torch.arange(min(clips, sampler.videos)).split(_ROWS)
        ),
        not stranger,
        report,
    )
    if as_json:
        print_json({"instrument": name, "sha256": file.sha256, "note": stranger} | _as_json(result))
    else:
        _print(name, result, stranger)
    for fault in result.faults:
        complain(fault, prefix="fault:")
    if result.faults:
        raise typer.Exit(1)


def _file(name: str) -> InstrumentFile:
    """Return a C3D's file.

    Raises:
        RequestError: no such instrument, none with such a file, or its weights are not here.
    """
    from vidgen_bench.host.host import Host
    from vidgen_bench.measure.instruments.c3d import C3DDeclaration

    host = Host.of_environment()
    declaration = host.find("instrument", name).declaration
    if not isinstance(declaration, C3DDeclaration):
        names = [f.name for f in host.of("instrument") if isinstance(f.declaration, C3DDeclaration)]
        raise RequestError(f"The self-test reads C3Ds; {name!r} is none.{did_you_mean(name, names)}")
    declaration.sha256()
    from vidgen_bench.measure.instruments.c3d.weights import read_instrument

    return read_instrument(declaration.path)


def _stranger(file: InstrumentFile, store: Store) -> str:
    """Return why the clips' classes are not the instrument's, or ''."""
    card = file.card
    if card.classes != len(store.classes):
        return f"the instrument has {card.classes} classes, the data set {len(store.classes)}"
    if card.class_names and card.class_names != store.classes:
        first = next((a, b) for a, b in zip(card.class_names, store.classes, strict=True) if a != b)
        return f"the instrument's classes are others than the data set's ({first[0]!r} where it has {first[1]!r})"
    return ""


def _as_json(result: SelfTest) -> dict[str, Any]:
    rows = [dataclasses.asdict(o) | {"p_value": o.p_value} for o in result.outcomes]
    return dataclasses.asdict(result) | {"outcomes": rows, "passed": not result.faults}


def _print(name: str, result: SelfTest, stranger: str) -> None:
    from rich.table import Table

    from vidgen_bench.cli.console import output

    console = output()
    table = Table("reading", box=None, pad_edge=False, header_style="bold")
    for column in ("right", "accuracy", "confidence", "gained", "lost", "p"):
        table.add_column(column, justify="right")
    for k, o in enumerate(result.outcomes):
        named = ("-", "-") if o.right is None else (f"{o.right}", f"{o.right / result.clips:.1%}")
        compared = (f"{o.gained}", f"{o.lost}", f"{o.p_value:.2g}") if k else ("", "", "")
        table.add_row(o.reading, *named, f"{o.confidence:.3f}", *compared)
    console.print(f"{name} on {result.clips} held-out clips, each of another video")
    console.print(table)
    if stranger:
        console.print(f"Only its confidence is judged: {stranger}.", soft_wrap=True)
    else:
        tried = (
            ""
            if len(result.outcomes) > 1
            else " It is right too often for another reading to be clearly better: none was tried."
        )
        console.print(f"The commonest class has {result.chance:.1%} of the clips.{tried}", soft_wrap=True)
    if not result.faults and stranger:
        console.print(
            "It is in the expected range, where that of random weights may lie, too: test it on clips of its own classes."
        )
    elif not result.faults:
        console.print("Nothing is wrong by these clips.")
