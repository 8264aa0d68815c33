"""The instrument file: safetensors with the weights of a C3D, its mean, and where both come from.

All that is not a tensor is one JSON text under one metadata key, so that equal content gives equal bytes, and an equal hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.c3d.network import Layout, with_weights
from vidgen_bench.measure.instruments.c3d.preprocessing import CUBE, C3DInstrument
from vidgen_bench.system.files import write_whole

KEY = "vidgen_bench_instrument"
FIX = "Make the file again with `vidgen-bench instrument import`, or get a fresh copy."
_STORED = (torch.float16, torch.float32)
_FOREIGN = {
    b"PK": "a zip archive (.npz, or a PyTorch file with a pickle inside)",
    b"\x80": "a pickle",
    b"\x89HDF": "an HDF5 file",
}


class Card(Strict):
    """What an instrument file says of itself."""

    format: Literal[1] = 1
    layout: Literal["c3d"] = "c3d"
    width: Annotated[int, Field(ge=1, le=1024)]
    hidden: Annotated[int, Field(ge=1, le=65536)]
    classes: Annotated[int, Field(ge=2, le=100_000)]
    sources: dict[str, str] = Field(default_factory=dict)
    """Name and sha256 of each file that it was made from."""
    class_names: tuple[str, ...] = ()
    note: str = ""
    training: dict[str, Any] = Field(default_factory=dict)
    """Command, seed, clips and accuracy of an instrument that was trained here."""

    @property
    def sizes(self) -> Layout:
        """The layout that the tensors must have."""
        return Layout(self.width, self.hidden, self.classes)


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
            RequestError: no such preprocessing.
        """
        return C3DInstrument(with_weights(self.card.sizes, self.weights), self.mean, preprocessing)


def write_instrument(
    path: Path, card: Card, weights: Mapping[str, Tensor], mean: Tensor, dtype: torch.dtype = torch.float32
) -> str:
    """Write an instrument file whole and return its sha256; ``dtype`` is how weights are stored (the mean stays float32).

    Raises:
        RecordError: a tensor that the layout does not have, of another shape, or not finite.
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    tensors = {name: tensor.detach().cpu().to(dtype).contiguous() for name, tensor in weights.items()}
    tensors["mean"] = mean.detach().cpu().float().contiguous()
    _check(str(path), card.sizes, tensors)
    text = json.dumps(
        card.model_dump(mode="json", exclude_defaults=True) | {"format": 1, "layout": "c3d"}, sort_keys=True
    )
    content = safetensors.save(tensors, metadata={KEY: text})
    write_whole(path, lambda stream: stream.write(content))
    return hashlib.sha256(content).hexdigest()


def read_instrument(path: Path) -> InstrumentFile:
    """Return an instrument file, checked against its layout; what is hashed is what is loaded.

    Raises:
        RecordError: not there, not safetensors, not an instrument, or a tensor is missing, extra, of another shape, or not finite.
    """
    content = _bytes(path)
    card = _card(path, content)
    try:
        tensors = safetensors.load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise RecordError(f"{path} is damaged: {error}. {FIX}") from None
    _check(str(path), card.sizes, tensors)
    mean = tensors.pop("mean")
    return InstrumentFile(
        card, {n: t.float() for n, t in tensors.items()}, mean.float(), hashlib.sha256(content).hexdigest()
    )


def read_card(path: Path) -> Card:
    """Return what an instrument file says of itself, without its tensors.

    Raises:
        RecordError: not there, or no instrument file.
    """
    return _card(path, _bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"The instrument file {path} cannot be read: {error.strerror or error}.") from None


def _card(path: Path, content: bytes) -> Card:
    """Parse the JSON header that opens a safetensors file: 8 bytes of length, then the text."""
    length = int.from_bytes(content[:8], "little")
    try:
        header = json.loads(content[8 : 8 + length]) if len(content) > 8 and length <= len(content) - 8 else None
    except ValueError:
        header = None
    if not isinstance(header, dict):
        found = next((what for magic, what in _FOREIGN.items() if content.startswith(magic)), "something else")
        raise RecordError(
            f"{path}: expected an instrument in safetensors; found {found}. Pickles are never opened. {FIX}"
        )
    text = (header.get("__metadata__") or {}).get(KEY)
    if text is None:
        raise RecordError(f"{path} is safetensors but no instrument: its metadata has no {KEY!r}. {FIX}")
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        raise RecordError(f"{path}: its metadata {KEY!r} is not valid:\n{explain(error, Card)}\n{FIX}") from None


def _check(path: str, layout: Layout, tensors: Mapping[str, Tensor]) -> None:
    """Compare names, shapes, types and values with the layout."""
    shapes = layout.shapes
    if missing := [n for n in (*shapes, "mean") if n not in tensors]:
        raise RecordError(
            f"{path}: expected a tensor {missing[0]!r}; found {', '.join(sorted(tensors)) or 'none'}. {FIX}"
        )
    if extra := sorted(set(tensors) - set(shapes) - {"mean"}):
        raise RecordError(f"{path}: the tensor {extra[0]!r} is no part of {layout}. {FIX}")
    for name, tensor in tensors.items():
        found = tuple(tensor.shape)
        expected = (shapes[name],) if name in shapes else (CUBE, (3,))
        if found not in expected:
            wanted = " or ".join(str(list(e)) for e in expected)
            raise RecordError(f"{path}: expected {name!r} of shape {wanted} for {layout}; found {list(found)}. {FIX}")
        if tensor.dtype not in _STORED:
            raise RecordError(f"{path}: expected {name!r} in float16 or float32; found {tensor.dtype}. {FIX}")
        if not torch.isfinite(tensor).all():
            raise RecordError(f"{path}: {name!r} holds values that are not finite (NaN or infinity). {FIX}")
    mean = tensors["mean"]
    if mean.min() < 0 or mean.max() > 255:
        low, high = mean.min().item(), mean.max().item()
        raise RecordError(f"{path}: expected 'mean' in pixel values, 0 to 255; found {low:.4g} to {high:.4g}. {FIX}")
