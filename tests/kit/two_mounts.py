"""One folder behind two mounts that do not share locks, as two machines have it on a shared file system without common locks."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

REQUIRED = "VIDGEN_BENCH_REQUIRE_BINDFS"


def require_bindfs() -> None:
    """Skip the test where bindfs cannot mount, or fail where it has to be there."""
    missing = _missing()
    if missing is None:
        return
    if os.environ.get(REQUIRED):
        pytest.fail(f"{missing}, and {REQUIRED} is set")
    pytest.skip(missing)


def _missing() -> str | None:
    if shutil.which("bindfs") is None:
        return "bindfs is not installed (apt-get install bindfs)"
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "mounting with bindfs needs root and /dev/fuse"
    return None


@contextmanager
def two_mounts(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Mount a folder twice for the length of the block; return both places."""
    folder.mkdir(parents=True, exist_ok=True)
    places = (folder.with_name(f"{folder.name}-on-a"), folder.with_name(f"{folder.name}-on-b"))
    with ExitStack() as stack:
        for place in places:
            place.mkdir()
            subprocess.run(["bindfs", str(folder), str(place)], check=True, timeout=60)
            stack.callback(subprocess.run, ["umount", "--lazy", str(place)], check=True, timeout=60)
        yield places
