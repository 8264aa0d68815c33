"""Folders for files outside any run: a cache that can be rebuilt, and the instruments that the user imported."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the folder of decoded videos, generated data sets and reference statistics; it can be deleted and is rebuilt."""
    return Path(platformdirs.user_cache_dir("vidgen-bench", appauthor=False))


def instrument_folder() -> Path:
    """Return the folder of the instruments made by ``vidgen-bench instrument import``."""
    return Path(platformdirs.user_data_dir("vidgen-bench", appauthor=False)) / "instruments"
