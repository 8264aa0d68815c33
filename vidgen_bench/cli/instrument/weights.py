"""``vidgen-bench instrument import``: an instrument of one's own copy of published weights."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vidgen_bench.cli.instrument.target import Force, free, target_of
from vidgen_bench.errors import RequestError


class Kind(StrEnum):
    """What network the weights are of."""

    C3D = "c3d"
    I3D = "i3d"


def import_instrument(
    file: Annotated[
        Path, typer.Argument(help="C3D: chainer's npz or Caffe's model. I3D: a state dict or TorchScript archive.")
    ],
    mean: Annotated[
        Path | None,
        typer.Option(help="C3D's mean cube (3, 16, 128, 171), BGR: npz (array 'mean'), npy or binaryproto."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What tracks will call a C3D; c3d-ucf101 where not given.")] = None,
    kind: Annotated[
        Kind | None, typer.Option(help="What the weights are of; told by the file where not given.")
    ] = None,
    force: Force = False,
) -> None:
    """Make an instrument of your own copy of published weights; shapes and values are checked, hashes kept."""
    kind = kind or (Kind.C3D if mean is not None else _kind_of(file))
    if kind is Kind.I3D:
        _import_i3d(file, mean, name, force)
    elif mean is None:
        raise RequestError(
            "C3D subtracts a mean cube: give --mean mean2.npz, or --mean train01_16_128_171_mean.binaryproto. "
            "(Weights of I3D need none: --kind i3d.)"
        )
    else:
        _import_c3d(file, mean, name or "c3d-ucf101", force)


def _kind_of(file: Path) -> Kind:
    """Return what a file's content lets expect: PyTorch's own formats come from I3D, all others from C3D."""
    from vidgen_bench.measure.instruments.c3d.importing.file_content import content_of

    found = content_of(file, "weights of C3D (npz, Caffe's model) or of I3D (.pt, .pth, .safetensors)")
    return Kind.I3D if found in ("pytorch", "pickle", "safetensors") else Kind.C3D


def _import_c3d(file: Path, mean: Path, name: str, force: bool) -> None:
    from vidgen_bench.cli.console import complain

    target = target_of(name, None, force)
    from vidgen_bench.measure.instruments.c3d.importing.weights_import import import_c3d

    done = import_c3d(file, mean, target)
    if done.doubt:
        complain(done.doubt, prefix="warning:")
    print(f"{name}: C3D of width {done.card.width}, {done.card.classes} classes, from {done.source}, {target}")
    print(f"sha256 {done.sha256}")
    print("Shapes cannot tell whether the file reads real clips. Clips with known classes can:")
    print(f"  vidgen-bench instrument test {name} --track ucf101-64-paper --data UCF-101 --splits ucfTrainTestlist")


def _import_i3d(file: Path, mean: Path | None, name: str | None, force: bool) -> None:
    from vidgen_bench.measure.instruments.i3d import KINETICS, weights_path

    if mean is not None:
        raise RequestError("I3D subtracts no mean. Leave --mean out.")
    if name not in (None, KINETICS):
        raise RequestError(f"--name {name}: the instrument of I3D is called {KINETICS!r}. Leave --name out.")
    target = free(weights_path(), force)
    from vidgen_bench.measure.instruments.i3d.weights_import import import_i3d

    for line in import_i3d(file, target).lines:
        print(line)
