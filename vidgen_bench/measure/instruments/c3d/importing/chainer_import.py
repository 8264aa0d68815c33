"""Reads C3D weights in chainer's format: ``conv3d_deepnetA_ucf.npz`` of TGAN's and TGANv2's releases."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.importing.layout_check import Shape, layout_of
from vidgen_bench.system.npy_header import DAMAGES, read_header

EXPECTED = "conv3d_deepnetA_ucf.npz of TGAN's and TGANv2's releases: arrays <layer>/W and <layer>/b for conv1a .. conv5b, fc6, fc7, fc8"

Choose = Callable[[Mapping[str, Shape]], Iterable[str]]
"""Returns, given the shapes of all arrays, the names of the arrays to read; raises RecordError if a shape is wrong."""


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Return all arrays of an npz file of C3D weights, by name.

    Raises:
        RecordError: as for :func:`read_arrays`, or an array is missing, extra or of another shape.
    """

    def choose(shapes: Mapping[str, Shape]) -> Iterable[str]:
        layout_of(path, shapes, EXPECTED)
        return shapes

    return read_arrays(path, EXPECTED, choose)


def read_arrays(path: Path, expected: str, choose: Choose) -> dict[str, np.ndarray]:
    """Return arrays of an npz file, by name; pickled objects are refused, never opened.

    A few kilobytes can inflate to gigabytes, so values are read only after all headers are, and ``choose`` accepted their shapes.

    Args:
        path: the npz file.
        expected: the valid files, for errors.
        choose: returns the names of the arrays to read.
    Raises:
        RecordError: the file cannot be read or is not an npz file, or a member is not an array of floating-point numbers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {m.filename.removesuffix(".npy"): m for m in archive.infolist()}
            shapes = {name: _shape(path, archive, member, expected) for name, member in members.items()}
            return {name: _values(archive, members[name]) for name in choose(shapes)}
    except MemoryError:
        raise RecordError(f"{path} holds more than fits into memory. Expected {expected}.") from None
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}. Expected {expected}.") from None
    except DAMAGES:
        raise RecordError(
            f"{path} is damaged, or not an npz file of plain arrays (pickles are never opened). Expected {expected}."
        ) from None


def _shape(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, expected: str) -> Shape:
    """Return the shape of an array of floating-point numbers from its header."""
    name = member.filename.removesuffix(".npy")
    if name == member.filename:
        raise RecordError(
            f"{path}: its member {name!r} is not an array, so it is not an npz file of weights. Expected {expected}."
        )
    with archive.open(member) as stream:
        header = read_header(stream, member.file_size)
    if header.dtype.hasobject:
        raise RecordError(
            f"{path}: the array {name!r} holds Python objects (a pickle), which could run code when opened and is refused. "
            "Save it again as plain numbers."
        )
    if header.dtype.kind != "f":
        raise RecordError(f"{path}: expected the array {name!r} in floating point; found {header.dtype}.")
    return header.shape


def _values(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)
