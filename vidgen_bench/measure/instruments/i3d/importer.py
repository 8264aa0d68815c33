"""Imports I3D for ``vidgen-bench instrument import``, to the one path of its weights file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidgen_bench.api import ImportedWeights, ImportRequest
from vidgen_bench.errors import RequestError
from vidgen_bench.measure.instruments.file_content import content_of
from vidgen_bench.system import places

KINETICS = "i3d-kinetics400"
_FILE = Path("i3d") / f"{KINETICS}.weights"


def weights_path() -> Path:
    """Return the path of the weights file, in either form, whether the file exists or not."""
    return places.or_nowhere(places.instrument_folder) / _FILE


@dataclass(frozen=True)
class I3DImporter:
    """Reads a state dict or a TorchScript archive."""

    kind: str = "i3d"
    files: str = "rgb_imagenet.pt or i3d_torchscript.pt"

    def recognises(self, request: ImportRequest) -> bool:
        """Return whether the file has one of PyTorch's formats and the request has no mean."""
        return request.mean is None and content_of(request.file, self.files) in ("pytorch", "pickle", "safetensors")

    def target(self, request: ImportRequest) -> Path:
        """Return the path of the weights file.

        Raises:
            RequestError: the request has a mean, or a name other than the only one that I3D has, or there is no instrument folder.
        """
        if request.mean is not None:
            raise RequestError("I3D subtracts no mean. Leave --mean out.")
        if request.name not in (None, KINETICS):
            raise RequestError(f"--name {request.name}: I3D has one instrument, {KINETICS!r}. Leave --name out.")
        return places.instrument_folder() / _FILE

    def write(self, request: ImportRequest, target: Path) -> ImportedWeights:
        """Import the file into ``target``; raises ``RecordError`` if it is wrong, ``RequestError`` if it is a program without trust."""
        from vidgen_bench.measure.instruments.i3d.weights_import import import_i3d

        return import_i3d(request.file, target, trusted=request.trust_program)
