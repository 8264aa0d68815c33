"""Passing faults of decoding: a decoder that died or took too long, which says nothing about the video.

They are kept in ``<key>.faults.json`` beside the store until the videos are decoded; every start tries them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError

from vidgen_bench.config.toml import Strict
from vidgen_bench.errors import DecoderError
from vidgen_bench.system.files import disk_errors, write_bytes
from vidgen_bench.system.regular_files import read_file


class Fault(Strict):
    """What happened to one video, and how many starts in a row it happened."""

    fault: str
    starts: int = Field(ge=1)


_FAULTS = TypeAdapter(dict[str, Fault])


def faults_file(folder: Path) -> Path:
    """Return the path of the passing faults of a store."""
    return folder.with_suffix(".faults.json")


def keep_faults(folder: Path, found: Mapping[str, str]) -> dict[str, Fault]:
    """Write the passing faults of this start in place of those before, and return them; without any, delete the file.

    Raises:
        VidgenBenchError: the cache cannot be written.
    """
    path = faults_file(folder)
    try:
        before = _FAULTS.validate_json(read_file(path))
    except (FileNotFoundError, ValidationError):
        before = {}
    faults = {
        video: Fault(fault=fault, starts=before[video].starts + 1 if video in before else 1)
        for video, fault in found.items()
    }
    with disk_errors(path):
        if faults:
            write_bytes(path, _FAULTS.dump_json(faults, indent=1) + b"\n")
        else:
            path.unlink(missing_ok=True)
    return faults


def undecoded(faults: Mapping[str, Fault], partial: Path) -> DecoderError:
    """Return the error for videos whose decoding failed for a passing reason; ``partial`` is the folder of the others."""
    lines = [f"{f.fault}{f' ({f.starts} starts in a row)' if f.starts > 1 else ''}" for f in faults.values()]
    more = f"\n  and {len(lines) - 10} more" if len(lines) > 10 else ""
    return DecoderError(
        f"The decoder died or took too long on {len(lines)} video(s), which says nothing about the videos:\n  "
        + "\n  ".join(lines[:10])
        + f"{more}\nThe others are kept in {partial}, and the same command tries these again. If the system ended the decoder, free "
        "memory or pass --workers 1; if it was slow, run `vidgen-bench data prepare` with a longer --timeout first. --allow-missing "
        "does not cover such faults: delete a video that never decodes, or leave it out of the lists."
    )
