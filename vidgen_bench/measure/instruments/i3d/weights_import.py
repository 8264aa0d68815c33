"""Imports I3D from your own copy: a state dict (.pt, .pth, .safetensors) or a TorchScript archive."""

from __future__ import annotations

import hashlib
import io
import pickle
import warnings
from pathlib import Path

import torch
from torch import Tensor

from vidgen_bench.api import ImportedWeights
from vidgen_bench.errors import RecordError
from vidgen_bench.measure.instruments.i3d.network import Layout
from vidgen_bench.measure.instruments.i3d.preprocessing import Preprocessing
from vidgen_bench.measure.instruments.i3d.torchscript import ArchivedI3D, check_archive, is_archive, read_archive
from vidgen_bench.measure.instruments.i3d.trust import record_trust, trust, trust_file
from vidgen_bench.measure.instruments.i3d.weights import EXPECTED, check, write_weights
from vidgen_bench.measure.instruments.safetensors_file import tensors_of
from vidgen_bench.measure.instruments.safetensors_header import header
from vidgen_bench.measure.instruments.weights_file import contents
from vidgen_bench.system.files import write_whole
from vidgen_bench.system.library_errors import reason
from vidgen_bench.system.torch_zip import compressed_member

AGREES = 1e-4
"""Largest difference of logits, relative to the largest logit, that counts as rounding."""


def import_i3d(source: Path, target: Path, layout: Layout | None = None, *, trusted: bool = False) -> ImportedWeights:
    """Write the weights file ``target`` and return the lines that the command prints; the form of ``source`` is recognised by its content.

    A state dict is checked against the layout and written as safetensors in float32. A TorchScript archive is a program: if it is
    trusted, it is run on a clip of zeros and copied byte for byte. Only plain tensors are unpickled.

    Args:
        source: your copy of the weights.
        target: the weights file to write.
        layout: the layout of the state dict; the Kinetics-400 network by default.
        trusted: whether the user trusts the program in an archive; one with a known sha256 is trusted without it.
    Raises:
        RequestError: the file is an archive that is neither known nor trusted; nothing in it was run.
        RecordError: the file has neither form, or a tensor is missing, extra, of another shape, not floating point, or not finite.
        VidgenBenchError: the disk is full or the folder cannot be written.
    """
    content = contents(source)
    sha256 = hashlib.sha256(content).hexdigest()
    if is_archive(content):
        decision = trust(source, sha256, trusted)
        network = read_archive(source, content)
        check_archive(source, network)
        note = own_resize(network)
        record_trust(target, decision)
        write_whole(target, lambda stream: stream.write(content))
        first = f"I3D from a TorchScript archive, kept as it is, {target}"
        return ImportedWeights((first, f"sha256 {sha256}", decision.sentence, note))
    layout = layout or Layout()
    tensors = _state_dict(source, content)
    check(source, tensors, layout, EXPECTED)
    written = write_weights(target, tensors, layout, sha256)
    trust_file(target).unlink(missing_ok=True)  # of an archive that this file replaces
    return ImportedWeights((f"I3D from a state dict, {target}", f"sha256 {written}"))


def _state_dict(source: Path, content: bytes) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file, or of a PyTorch file that holds only tensors."""
    found = tensors_of(source, content, EXPECTED) if header(content) else _plain_tensors(source, content)
    if not isinstance(found, dict):
        raise RecordError(f"{source}: expected a state dict, tensors by name; found {type(found).__name__}. {EXPECTED}")
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise RecordError(
                f"{source}: expected a tensor as {name!r}; found {type(value).__name__}. If the state dict is inside, save it "
                f"alone: torch.save(content[{name!r}], FILE). {EXPECTED}"
            )
    return found


def _plain_tensors(source: Path, content: bytes) -> object:
    """Read a PyTorch file without running anything in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the errors below report unreadable files
            if compressed := compressed_member(content):
                raise ValueError(f"its member {compressed} is compressed, which torch never does")
            return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise RecordError(
            f"{source} is not safetensors, a TorchScript archive, or a PyTorch file of plain tensors. Pickles with other objects "
            "could run code when opened and are refused; if you trust the file, save its state dict alone: "
            f"torch.save(model.state_dict(), FILE). {EXPECTED}"
        ) from None
    except Exception as error:  # PyTorch's reader raises many kinds of errors for damaged files
        raise RecordError(f"{source} is damaged: {reason(error)}. {EXPECTED}") from None


@torch.inference_mode()
def own_resize(network: ArchivedI3D) -> str:
    """Return a sentence that compares the archive's own rescale and resize, which are never used, with preprocessing "stylegan-v"."""
    i = torch.arange(3 * 16 * 64 * 64, dtype=torch.float64)
    pixels = (127.5 + 80 * torch.sin(0.13 * i) + 40 * torch.sin(0.00037 * i)).to(torch.uint8).view(1, 3, 16, 64, 64)
    ours = network(Preprocessing("stylegan-v")((pixels.float() - 128) / 128))["logits"]
    try:
        own = network.module(pixels, rescale=True, resize=True, return_features=True)
        difference = ((own - ours).abs().max() / own.abs().max()).item()
    except RuntimeError:
        return "Its own rescale and resize, which are not used, fail on 64 x 64 pixels in 0..255."
    verdict = "agree with" if difference < AGREES else "differ from"
    return f"Its own rescale and resize, which are not used, {verdict} preprocessing 'stylegan-v': {difference:.1e} of the largest logit."
