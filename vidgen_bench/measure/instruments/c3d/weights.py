"""The instrument file: safetensors with the weights of a C3D, its mean, and the provenance of both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from vidgen_bench.config.toml import Strict
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.network import SIZE, Layout, with_weights
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE, C3DInstrument
from vidgen_bench.measure.instruments.safetensors_file import card_of, require_finite, tensors_of, write_tensors
from vidgen_bench.measure.instruments.weights_file import contents

FIX = "Make the file again with `vidgen-bench instrument import`, or get a fresh copy."
_STORED = (torch.float16, torch.float32)


class Card(Strict):
    """The metadata of an instrument file."""

    format: Literal[1] = 1
    layout: Literal["c3d"] = "c3d"
    width: Annotated[int, Field(ge=1, le=1024)]
    hidden: Annotated[int, Field(ge=1, le=65536)]
    classes: Annotated[int, Field(ge=2, le=100_000)]
    size: Annotated[int, Field(ge=32, le=1024)] | None = None
    """Rows and columns of the clips, if the network reads them without a resize; None for the 112 pixels of the published one."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Name and sha256 of each source file."""
    class_names: tuple[str, ...] = ()
    added: Annotated[int, Field(ge=0, le=2)] = 0
    """How many of the classes, the last ones, are not the data set's: ``shuffled`` and ``frozen``."""
    note: str = ""
    training: dict[str, Any] = Field(default_factory=dict)
    """Command, seed, clips and accuracy of an instrument trained on this machine."""

    @property
    def data_classes(self) -> int:
        """The number of classes of the data set."""
        return self.classes - self.added

    @property
    def sizes(self) -> Layout:
        """The layout that the tensors must have."""
        return Layout(self.width, self.hidden, self.classes, self.size or SIZE)


@dataclass(frozen=True)
class InstrumentFile:
    """An instrument file, checked: weights by name and the mean (cube [3, 16, 128, 171] or [3], BGR, 0..255), all float32."""

    card: Card
    weights: Mapping[str, Tensor]
    mean: Tensor
    sha256: str

    def build(self, preprocessing: str) -> C3DInstrument:
        """Return the instrument with this preprocessing, on the CPU.

        Raises:
            RequestError: there is no preprocessing with this name.
        """
        return C3DInstrument(with_weights(self.card.sizes, self.weights), self.mean, preprocessing)


def write_instrument(
    path: Path, card: Card, weights: Mapping[str, Tensor], mean: Tensor, dtype: torch.dtype = torch.float32
) -> str:
    """Write an instrument file atomically and return its sha256.

    Args:
        path: the file to write.
        card: its metadata.
        weights: tensors by name, in any floating-point type.
        mean: cube [3, 16, 128, 171] or [3], BGR, 0..255; stored as float32.
        dtype: the type in which the weights are stored.
    Raises:
        RecordError: a tensor is not in the layout, has another shape, or is not finite.
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    tensors = {name: tensor.detach().cpu().to(dtype).contiguous() for name, tensor in weights.items()}
    tensors["mean"] = mean.detach().cpu().float().contiguous()
    _check(path, card, tensors)
    described = card.model_dump(mode="json", exclude_defaults=True) | {"format": 1, "layout": "c3d"}
    return write_tensors(path, tensors, described)


def read_instrument(path: Path) -> InstrumentFile:
    """Return an instrument file, checked against its layout; the hash is that of the loaded bytes.

    Raises:
        RecordError: the file is missing or not an instrument, or a tensor is missing, extra, of another shape, or not finite.
    """
    content = contents(path)
    card = card_of(path, content, Card, "an instrument", FIX)
    tensors = tensors_of(path, content, FIX)
    _check(path, card, tensors)
    floats = {name: tensor.float() for name, tensor in tensors.items()}
    mean = floats.pop("mean")
    return InstrumentFile(card, floats, mean, hashlib.sha256(content).hexdigest())


def read_card(path: Path) -> Card:
    """Return the metadata of an instrument file, without its tensors.

    Raises:
        RecordError: the file is missing, or not an instrument.
    """
    return card_of(path, contents(path), Card, "an instrument", FIX)


def _check(path: Path, card: Card, tensors: Mapping[str, Tensor]) -> None:
    """Compare names, shapes, types and values with the layout."""
    layout, means = card.sizes, (CUBE, (3,)) if card.size is None else ((3,),)
    shapes = layout.shapes
    if missing := [n for n in (*shapes, "mean") if n not in tensors]:
        raise RecordError(
            f"{path}: expected a tensor {missing[0]!r}; found {', '.join(sorted(tensors)) or 'none'}. {FIX}"
        )
    if extra := sorted(set(tensors) - set(shapes) - {"mean"}):
        raise RecordError(f"{path}: the tensor {extra[0]!r} is not part of {layout}. {FIX}")
    for name, tensor in tensors.items():
        found = tuple(tensor.shape)
        expected = (shapes[name],) if name in shapes else means
        if found not in expected:
            wanted = " or ".join(str(list(e)) for e in expected)
            raise RecordError(f"{path}: expected {name!r} of shape {wanted} for {layout}; found {list(found)}. {FIX}")
        if tensor.dtype not in _STORED:
            raise RecordError(f"{path}: expected {name!r} in float16 or float32; found {tensor.dtype}. {FIX}")
        require_finite(path, name, tensor, FIX)
    mean = tensors["mean"]
    if mean.min() < 0 or mean.max() > 255:
        low, high = mean.min().item(), mean.max().item()
        raise RecordError(f"{path}: expected 'mean' in pixel values, 0 to 255; found {low:.4g} to {high:.4g}. {FIX}")
