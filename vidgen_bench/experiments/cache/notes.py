"""What is in an entry of the cache, in a few words, for people; an entry that cannot be read has no note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vidgen_bench.errors import VidgenBenchError
from vidgen_bench.experiments.cache.contents import CacheEntry
from vidgen_bench.measure.reference.manifest import read_manifest
from vidgen_bench.system.parsing import parse_json_text
from vidgen_bench.system.regular_files import read_file

_MOST = 2**28
"""The largest index of decoded videos that is read for a note, in bytes."""


def note_of(entry: CacheEntry) -> str:
    """Return what an entry holds: the number and shape of videos, or the instrument of statistics; "" if nothing tells."""
    path = entry.paths[-1]
    try:
        if entry.kind == "decoded":
            return _of_index(parse_json_text(read_file(path / "index.json", most=_MOST)))
        if entry.kind == "reference":
            return _of_manifest(path)
        if entry.kind == "anchors":
            metrics = next(iter(parse_json_text(read_file(path)).values()))
            return f"scores of {', '.join(metrics)}"
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StopIteration, VidgenBenchError):
        pass
    return ""


def _of_index(index: dict[str, Any]) -> str:
    height, width = index["geometry"]["crop"][2:]
    return f"{len(index['videos']):,} videos of {len(index['classes'])} classes, {height} x {width} pixels, split {index['split']}"


def _of_manifest(folder: Path) -> str:
    manifest = read_manifest(folder)
    return (
        f"{manifest.instrument} on {manifest.train_videos:,} videos, for {', '.join(manifest.protocols)}; "
        f"torch {manifest.torch}, {manifest.device}"
    )
