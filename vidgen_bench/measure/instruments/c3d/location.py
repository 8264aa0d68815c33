"""The paths of C3D weights files: those that ship are in the package, all others are in the instrument folder."""

from __future__ import annotations

from pathlib import Path

from vidgen_bench.errors import RequestError
from vidgen_bench.system import places

SHAPES = "c3d-shapes"
SHAPES_64 = "c3d-shapes-64"
SHAPES_MOTION = "c3d-shapes-motion"
SHIPPED = (SHAPES, SHAPES_64, SHAPES_MOTION)
UCF101 = "c3d-ucf101"
SUFFIX = ".safetensors"


def path_of(name: str) -> Path:
    """Return the path of the weights file for an instrument name, whether the file exists or not."""
    if name in SHIPPED:
        return Path(__file__).parent / "weights" / f"{name}{SUFFIX}"
    return places.or_nowhere(places.instrument_folder) / f"{name}{SUFFIX}"


def target_of(name: str) -> Path:
    """Return the path for a new weights file.

    Raises:
        RequestError: the name is that of an instrument that ships, or there is no instrument folder.
    """
    if name in SHIPPED:
        raise RequestError(
            f"{name!r} ships with the package and cannot be replaced. Choose another --name, as in my-c3d."
        )
    return places.instrument_folder() / f"{name}{SUFFIX}"
