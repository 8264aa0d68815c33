"""The weights file of a state dict: safetensors, every name and shape compared with the layout.

All that is not a tensor is one JSON text under one metadata key. It names no file, so that equal weights from an equal source
give equal bytes, and an equal hash, on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import torch
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors import torch as safetensors
from torch import Tensor

from vidgen_bench.config.toml import Strict, explain
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.i3d.network import COUNTER, I3D, Layout, with_weights
from vidgen_bench.system.files import write_whole

KEY = "vidgen_bench_instrument"
EXPECTED = (
    "Expected the state dict of pytorch-i3d's InceptionI3d for RGB and Kinetics-400 (rgb_imagenet.pt: Conv3d_1a_7x7.conv3d.weight, "
    "... logits.conv3d.bias), or StyleGAN-V's i3d_torchscript.pt."
)
FIX = "Make the file again with `vidgen-bench instrument import FILE --kind i3d`."


class Card(Strict):
    """What a weights file says of itself."""

    format: Literal[1] = 1
    layout: Literal["i3d"] = "i3d"
    eighths: Annotated[int, Field(ge=1, le=64)]
    classes: Annotated[int, Field(ge=2, le=100_000)]
    source: str = ""
    """The sha256 of the file that it was made from."""

    @property
    def sizes(self) -> Layout:
        """The layout that the tensors must have."""
        return Layout(self.eighths, self.classes)


def write_weights(path: Path, weights: Mapping[str, Tensor], layout: Layout, source: str) -> None:
    """Write checked weights whole, in float32; ``source`` is the sha256 of the file they came from."""
    tensors = {name: weights[name].detach().cpu().float().contiguous() for name in layout.shapes}
    card = Card(eighths=layout.eighths, classes=layout.classes, source=source)
    content = safetensors.save(tensors, metadata={KEY: json.dumps(card.model_dump(mode="json"), sort_keys=True)})
    write_whole(path, lambda stream: stream.write(content))


def read_weights(path: Path, content: bytes) -> I3D:
    """Return the network that the bytes of a weights file hold, checked against their layout.

    Raises:
        RecordError: no weights file of ours, damaged, or a tensor is missing, extra, of another shape, or not finite.
    """
    metadata = header(content).get("__metadata__") or {}
    if KEY not in metadata:
        raise RecordError(f"{path}: expected I3D weights that vidgen-bench imported; found something else. {FIX}")
    try:
        card = Card.model_validate_json(metadata[KEY])
        tensors = tensors_of(content)
    except ValidationError as error:
        raise RecordError(f"{path}: its metadata {KEY!r} is not valid:\n{explain(error, Card)}\n{FIX}") from None
    except ValueError as error:
        raise RecordError(f"{path} is damaged: {error}. {FIX}") from None
    check(path, tensors, card.sizes, FIX)
    return with_weights(card.sizes, {name: tensor.float() for name, tensor in tensors.items()})


def header(content: bytes) -> dict[str, dict[str, str]]:
    """Return the JSON that opens a safetensors file (8 bytes of length, then the text), or {} where there is none."""
    length = int.from_bytes(content[:8], "little")
    try:
        found = json.loads(content[8 : 8 + length]) if 0 < length <= len(content) - 8 else None
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def tensors_of(content: bytes) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file.

    Raises:
        ValueError: damaged.
    """
    try:
        return safetensors.load(content)
    except (SafetensorError, KeyError) as error:
        raise ValueError(str(error)) from None


def check(path: Path, tensors: Mapping[str, Tensor], layout: Layout, fix: str) -> None:
    """Compare names, shapes and values with the layout; counters of batch norm may be there or not.

    Raises:
        RecordError: the first fault, with the name of the tensor, what was expected and what was found.
    """
    shapes = layout.shapes
    for name, shape in shapes.items():
        if name not in tensors:
            found = ", ".join(list(tensors)[:6]) or "none"
            raise RecordError(
                f"{path}: expected {len(shapes)} tensors, among them {name!r} of shape {list(shape)}; it is missing. "
                f"Found {len(tensors)}: {found}{', ...' if len(tensors) > 6 else ''}. {fix}"
            )
        _check_tensor(path, name, tensors[name], shape, fix)
    if extra := sorted(name for name in tensors if name not in shapes and not name.endswith(COUNTER)):
        raise RecordError(f"{path}: the tensor {extra[0]!r} is no part of I3D. {fix}")


def _check_tensor(path: Path, name: str, tensor: Tensor, shape: tuple[int, ...], fix: str) -> None:
    if tuple(tensor.shape) != shape:
        raise RecordError(f"{path}: expected {name!r} of shape {list(shape)}; found {list(tensor.shape)}. {fix}")
    if not tensor.is_floating_point():
        raise RecordError(f"{path}: expected {name!r} in floating point; found {tensor.dtype}. {fix}")
    if not torch.isfinite(tensor).all():
        raise RecordError(f"{path}: {name!r} holds values that are not finite (NaN or infinity). {fix}")
    if name.endswith(".running_var") and tensor.min() < 0:
        raise RecordError(
            f"{path}: expected variances in {name!r}, from 0; found {tensor.min().item():.4g}. Was it swapped with the mean? {fix}"
        )
