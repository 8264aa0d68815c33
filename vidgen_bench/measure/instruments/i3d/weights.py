"""The weights file of a state dict: safetensors, with every name and shape checked against the layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor

from vidgen_bench.config.toml import Strict
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.i3d.network import COUNTER, I3D, Layout, with_weights
from vidgen_bench.measure.instruments.safetensors_file import card_of, require_finite, tensors_of, write_tensors

EXPECTED = (
    "Expected the state dict of pytorch-i3d's InceptionI3d for RGB and Kinetics-400 (rgb_imagenet.pt: Conv3d_1a_7x7.conv3d.weight, "
    "... logits.conv3d.bias), or StyleGAN-V's i3d_torchscript.pt."
)
FIX = "Make the file again with `vidgen-bench instrument import FILE --kind i3d`."


class Card(Strict):
    """The metadata of a weights file."""

    format: Literal[1] = 1
    layout: Literal["i3d"] = "i3d"
    eighths: Annotated[int, Field(ge=1, le=64)]
    classes: Annotated[int, Field(ge=2, le=100_000)]
    source: str = ""
    """The sha256 of the imported file."""

    @property
    def sizes(self) -> Layout:
        """The layout that the tensors must have."""
        return Layout(self.eighths, self.classes)


def write_weights(path: Path, weights: Mapping[str, Tensor], layout: Layout, source: str) -> str:
    """Write checked weights in float32 and return the file's sha256; ``source`` is the sha256 of the imported file."""
    tensors = {name: weights[name].detach().cpu().float().contiguous() for name in layout.shapes}
    card = Card(eighths=layout.eighths, classes=layout.classes, source=source)
    return write_tensors(path, tensors, card.model_dump(mode="json"))


def read_weights(path: Path, content: bytes) -> I3D:
    """Return the network in the bytes of a weights file, checked against its layout.

    Raises:
        RecordError: the file was not written by vidgen-bench or is damaged, or a tensor is missing, extra, of another shape, or
            not finite.
    """
    card = card_of(path, content, Card, "imported I3D weights", FIX)
    tensors = tensors_of(path, content, FIX)
    check(path, tensors, card.sizes, FIX)
    return with_weights(card.sizes, {name: tensor.float() for name, tensor in tensors.items()})


def check(path: Path, tensors: Mapping[str, Tensor], layout: Layout, fix: str) -> None:
    """Check names, shapes and values against the layout; counters of batch norm are optional.

    Raises:
        RecordError: the first fault, with the tensor's name, the expected and the found value.
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
        raise RecordError(f"{path}: the tensor {extra[0]!r} is not part of I3D. {fix}")


def _check_tensor(path: Path, name: str, tensor: Tensor, shape: tuple[int, ...], fix: str) -> None:
    if tuple(tensor.shape) != shape:
        raise RecordError(f"{path}: expected {name!r} of shape {list(shape)}; found {list(tensor.shape)}. {fix}")
    if not tensor.is_floating_point():
        raise RecordError(f"{path}: expected {name!r} in floating point; found {tensor.dtype}. {fix}")
    require_finite(path, name, tensor, fix)
    if name.endswith(".running_var") and tensor.min() < 0:
        raise RecordError(
            f"{path}: expected variances of at least 0 in {name!r}; found {tensor.min().item():.4g}. Was it swapped with the mean? {fix}"
        )
