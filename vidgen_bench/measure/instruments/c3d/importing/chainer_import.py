"""Reads C3D weights as chainer keeps them: ``conv3d_deepnetA_ucf.npz`` of TGAN's and TGANv2's releases."""

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
"""From the shapes of all arrays, the names of those to read; RecordError where a shape is wrong."""


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Return every array of an npz file of C3D weights, by name.

    Raises:
        RecordError: as of :func:`read_arrays`, or an array is missing, extra or of another shape.
    """

    def choose(shapes: Mapping[str, Shape]) -> Iterable[str]:
        layout_of(path, shapes, EXPECTED)
        return shapes

    return read_arrays(path, EXPECTED, choose)


def read_arrays(path: Path, expected: str, choose: Choose) -> dict[str, np.ndarray]:
    """Return arrays of an npz file, by name; pickles inside are refused, not opened.

    A few kilobytes can inflate to gigabytes: values are read only after all headers, and after ``choose`` took their shapes.

    Args:
        path: the npz file.
        expected: what was hoped for, for errors.
        choose: says what to read.
    Raises:
        RecordError: it cannot be read, is no npz file, or a member is no array of floating-point numbers.
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
            f"{path} is damaged, or no npz file of plain arrays (pickles are never opened). Expected {expected}."
        ) from None


def _shape(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, expected: str) -> Shape:
    """Return the shape of a member that is an array of floating-point numbers, by its header."""
    name = member.filename.removesuffix(".npy")
    if name == member.filename:
        raise RecordError(
            f"{path}: its member {name!r} is no array, so it is no npz file of weights. Expected {expected}."
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
        array: np.ndarray = np.lib.format.read_array(stream, allow_pickle=False)
        return array
