"""Prepares a tiny tree of videos with the settings that tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.kit.data_files import SMALL
from vidgen_bench.api import VideoSource
from vidgen_bench.data.prepare import prepare
from vidgen_bench.data.store import Store


def prepared(source: VideoSource, cache: Path, **options: Any) -> Store:
    settings: dict[str, Any] = {"split": 1, "geometry": SMALL, "clip_frames": 4, "workers": 1, **options}
    return prepare(source, cache=cache, **settings)
