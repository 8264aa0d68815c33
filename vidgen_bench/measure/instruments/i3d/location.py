"""The path of I3D's weights file."""

from __future__ import annotations

from pathlib import Path

from vidgen_bench.system import places

KINETICS = "i3d-kinetics400"


def weights_path() -> Path:
    """Return the path of the weights file, in either form, whether the file exists or not."""
    return places.instrument_folder() / "i3d" / f"{KINETICS}.weights"
