"""A cache folder as commands leave it, made in a moment."""

from __future__ import annotations

import os
from pathlib import Path

KEY = "6eda4e59c7e2447c37546ffc"
STATISTICS = "fa847bdc-cpu-torch2"


def filled_cache(cache: Path) -> Path:
    """Write an entry of every kind, each file with ten bytes, and return the cache folder."""
    for name in (
        *("shapes-1/videos/Disc/v.avi", "shapes-1/complete.json", "data-sets/vidgen-mine-clips/video.avi"),
        *(f"stores/{KEY}/index.json", f"stores/{KEY}/frames.u8", f"stores/{KEY}.verified"),
        *(f"reference/{STATISTICS}/fc7.npz", f"reference/{STATISTICS}/fc7.npz.sha256"),
        *("anchors/f4.json", "anchors/f4.json.sha256", "leaderboard.sqlite", "leaderboard.sqlite-wal"),
        *(".shapes-1.abc.part/v.avi", "stores/0123.partial/parts/1.u8", "stores/0123.faults.json"),
        "notes/mine.txt",
    ):
        (cache / name).parent.mkdir(parents=True, exist_ok=True)
        (cache / name).write_bytes(b"0123456789")
    for name in ("shapes-1.lock", f"stores/{KEY}.lock", "stores/0123.lock", f"reference/{STATISTICS}.lock"):
        (cache / name).write_bytes(b"")
    (cache / "linked").symlink_to(cache.parent)
    return cache


def aged(cache: Path, name: str, seconds: float, now: float) -> None:
    """Set the times of all files of a name to some seconds ago."""
    for path in (cache / name).rglob("*") if (cache / name).is_dir() else [cache / name]:
        os.utime(path, (now - seconds, now - seconds))
