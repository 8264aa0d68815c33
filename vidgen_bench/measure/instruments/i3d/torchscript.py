"""I3D as a TorchScript archive, StyleGAN-V's ``i3d_torchscript.pt``: recognised, checked, and run unchanged.

An archive is a program; :mod:`vidgen_bench.measure.instruments.i3d.trust` decides whether it may run. It is called with
``rescale=False, resize=False``: the protocol decides the preprocessing, which is the same for both forms of weights.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.i3d.network import SIZE, Layout
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.npy_header import DAMAGES

KEYWORDS = ("rescale", "resize", "return_features")
RULE = (
    "Expected an archive like StyleGAN-V's i3d_torchscript.pt: forward(x [N, 3, T, H, W], rescale, resize, return_features) "
    "-> logits [N, 400]."
)


def is_archive(content: bytes) -> bool:
    """Return whether these bytes are a TorchScript archive: a zip with ``constants.pkl`` and a folder ``code``."""
    try:
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    except DAMAGES:
        return False
    parts = [name.split("/")[1:] for name in names]
    return ["constants.pkl"] in parts and any(len(p) > 1 and p[0] == "code" for p in parts)


class ArchivedI3D(nn.Module):
    """The network in an archive, with the interface of :class:`I3D`."""

    def __init__(self, module: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, clips: Tensor) -> dict[str, Tensor]:
        """Return ``{"logits": [N, 400]}`` for preprocessed clips [N, 3 RGB, T, 224, 224] in [-1, 1]."""
        return {"logits": self.module(clips, rescale=False, resize=False, return_features=True)}


def read_archive(path: Path, content: bytes) -> ArchivedI3D:
    """Return the network of an archive, on the CPU.

    Raises:
        RecordError: the archive is damaged, or its ``forward`` does not take the three keywords.
    """
    try:
        with warnings.catch_warnings():
            # PyTorch deprecates TorchScript for new work, but the published numbers were computed with this file
            warnings.simplefilter("ignore", DeprecationWarning)
            module = torch.jit.load(io.BytesIO(content), map_location="cpu")
        taken = [argument.name for argument in module.forward.schema.arguments]
    except (RuntimeError, AttributeError, ValueError) as error:
        raise RecordError(
            f"{path} is a TorchScript archive that cannot be loaded: {_last_line(error)}. {RULE}"
        ) from None
    if missing := [word for word in KEYWORDS if word not in taken]:
        raise RecordError(
            f"{path}: the forward of this TorchScript archive takes ({', '.join(taken[1:])}), without {missing[0]!r}. {RULE}"
        )
    return ArchivedI3D(module.eval())


@torch.inference_mode()
def check_archive(path: Path, network: ArchivedI3D) -> None:
    """Run the archive on a clip of zeros.

    Raises:
        RecordError: the archive fails, or does not return [1, 400] finite numbers.
    """
    try:
        logits = network(torch.zeros(1, 3, 16, SIZE, SIZE))["logits"]
    except RuntimeError as error:
        raise RecordError(
            f"{path}: the archive fails on a clip [1, 3, 16, {SIZE}, {SIZE}] of zeros: {_last_line(error)}. {RULE}"
        ) from None
    expected = (1, Layout().classes)
    if not isinstance(logits, Tensor) or tuple(logits.shape) != expected:
        found = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise RecordError(f"{path}: expected logits {list(expected)} for a clip of zeros; found {found}. {RULE}")
    if not torch.isfinite(logits).all():
        raise RecordError(f"{path}: the logits for a clip of zeros are not finite (NaN or infinity). {RULE}")


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return reason(lines[-1]) if lines else type(error).__name__
